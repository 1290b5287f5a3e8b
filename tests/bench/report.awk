# awk -v bytes=N -v medians=FILE -f report.awk SAMPLES: a markdown table of what was measured.
#
# SAMPLES has lines of NAME<TAB>WALL_NS USER_NS SYS_NS RSS_KIB. The first of each name was
# the warm-up. The first name is the base of the ratios. FILE gets NAME<TAB>MEDIAN_MS.

function sort(v, n,    i, j, x) {
	for (i = 2; i <= n; i++) {
		x = v[i]
		for (j = i - 1; j > 0 && v[j] > x; j--) {
			v[j + 1] = v[j]
		}
		v[j + 1] = x
	}
}

function median(samples, name,    i, v, n) {
	n = count[name]
	for (i = 1; i <= n; i++) {
		v[i] = samples[name, i]
	}
	sort(v, n)
	return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
}

BEGIN {
	FS = "\t"
}

!($1 in count) {
	names[++known] = $1
	count[$1] = 0
	next
}

{
	split($2, field, " ")
	i = ++count[$1]
	wall[$1, i] = field[1] / 1e6
	cpu[$1, i] = (field[2] + field[3]) / 1e6
	if (field[4] > rss[$1]) {
		rss[$1] = field[4]
	}
}

END {
	print "| | median ms | × base | MB/s | CPU ms | max RSS MiB |"
	print "|---|--:|--:|--:|--:|--:|"
	for (i = 1; i <= known; i++) {
		name = names[i]
		if (!count[name]) {
			continue # failed after its warm-up
		}
		ms = median(wall, name)
		base = base ? base : ms
		printf "| %s | %.2f | %.2f | %s | %.2f | %.1f |\n", name, ms, ms / base,
			bytes ? sprintf("%.0f", bytes / 1e3 / ms) : "", median(cpu, name),
			rss[name] / 1024
		printf "%s\t%.3f\n", name, ms > medians
	}
}
