# awk -v n=N -f rules.awk: N rules, each for the statuses of one module. genlog's modules
# mod0000 to mod0007 have some; mod0000 to mod0777 are named in lines without one.
BEGIN {
	for (i = 0; i < n; i++) {
		printf "[rule mod%04d]\n", i
		printf "pattern = (?i)\\bmod%04d: .{0,40}(?<code>0x[0-9a-f]{1,8})\\b\n", i
		print "families = nx_secure_tls nx_secure_x509\n"
	}
}
