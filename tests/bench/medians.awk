# awk -v columns='NAME|NAME…' -v scales='N|N…' -v medians=FILE -f medians.awk SAMPLES: a
# markdown table of the medians of each column.
#
# SAMPLES has lines of NAME<TAB>VALUE VALUE…, each value is multiplied by its scale. FILE
# gets NAME<TAB>MEDIAN MEDIAN… of the same.

function median(name, column,    i, j, n, v, x) {
	n = count[name]
	for (i = 1; i <= n; i++) {
		x = value[name, column, i]
		for (j = i - 1; j > 0 && v[j] > x; j--) {
			v[j + 1] = v[j]
		}
		v[j + 1] = x
	}
	return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2 * scale[column]
}

BEGIN {
	FS = "\t"
	width = split(columns, title, "|")
	split(scales, scale, "|")
}

{
	if (!count[$1]++) {
		names[++known] = $1
	}
	split($2, field, " ")
	for (c = 1; c <= width; c++) {
		value[$1, c, count[$1]] = field[c]
	}
}

END {
	head = "| |"
	rule = "|---|"
	for (c = 1; c <= width; c++) {
		head = head " " title[c] " |"
		rule = rule "--:|"
	}
	print head "\n" rule
	for (i = 1; i <= known; i++) {
		row = "| " names[i] " |"
		line = names[i] "\t"
		for (c = 1; c <= width; c++) {
			x = median(names[i], c)
			row = row sprintf(x == int(x) ? " %d |" : " %.2f |", x)
			line = line sprintf("%.4f ", x)
		}
		print row
		print line > medians
	}
}
