# awk -v n=N -f codes.awk: a table of N codes: first the 91 that genlog draws from, so that
# tables of every size have the same hits, then made-up ones.
BEGIN {
	print "# family: bench\n# title: codes made up for script/bench"
	print "# source: tests/bench/codes.awk\n# revision: 1"
	for (i = 0; i < n; i++) {
		value = i < 59 ? 257 + i : i < 91 ? 385 + i - 59 : 1048576 + 3 * i
		printf "0x%X\tNX_BENCH_%06d\tCode number %d of this table.\terror\n", value, i, i
	}
}
