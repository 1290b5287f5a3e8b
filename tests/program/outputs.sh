#!/bin/bash
# Files as outputs: appended to, reopened, rotated; several at once.
. "$(dirname "$0")/lib.sh"

_tls=NX_SECURE_TLS_HANDSHAKE_FAILURE

a_file_is_appended_to() {
	echo before >log
	printf 'TLS status = 0x107\n' >in
	run -s name -o file:log in
	expect_status 0
	expect_out ''
	run -s name --output=file:log <in
	expect_same log <(printf '%b' "before\nTLS status = 0x107 [$_tls]\nTLS status = 0x107 [$_tls]\n")
}

an_output_can_have_a_format_of_its_own() {
	printf 'TLS status = 0x107\nb\n' >in
	run -s name -o - -o 'file:json?format=json' -o 'file:raw?format=raw' -o 'file:text' in
	expect_status 0
	expect_out "TLS status = 0x107 [$_tls]\nb\n"
	expect_same text "$out"
	expect_same raw in
	expect_equal "$(jq -c '[.seq, .annotations[0].name]' json | tr '\n' ' ')" "[1,\"$_tls\"] [2,null] "
	run -F json -o '-?format=text' -o 'file:json2' -s name in
	expect_out "TLS status = 0x107 [$_tls]\nb\n"
	expect_equal "$(jq -s length json2)" 2
}

a_file_has_no_colour_but_always() {
	printf 'TLS status = 0x107\n' >in
	FORCE_COLOR=1 run -o file:plain -o - in
	expect_not "colour in the file" grep -q $'\033' plain
	expect_out_has $'\033[31m'
	run --color=always -o file:coloured in
	expect "colour in the file" grep -q $'\033' coloured
}

a_file_shows_all_bytes_of_the_device() {
	printf '\033[2J\a\n' >in
	run_on_terminal '"$annotty" -o file:log -o - in'
	expect_same log in
	expect_out_has '^[[2J^G'
}

a_fifo_is_an_output() {
	mkfifo to
	make_log 5000 >in
	cat to >copy &
	run -F raw -o file:to in
	expect_status 0
	wait "$!"
	expect_same copy in
}

# --- SIGHUP ---------------------------------------------------------------------------

a_file_is_reopened_on_sighup() {
	local to

	mkfifo in
	"$annotty" -F raw -o file:log in 2>"$err" &
	exec {to}>in
	echo one >&"$to"
	expect "the first line is there" wait_until grep -q one log
	mv log log.old
	kill -HUP "$!"
	echo two >&"$to"
	expect "the second line is in a new file" wait_until grep -q two log
	echo three >&"$to"
	exec {to}>&-
	wait "$!"
	expect_equal "$?" 0
	expect_err
	expect_same log.old <(echo one)
	expect_same log <(printf 'two\nthree\n')
}

nothing_is_lost_while_files_are_moved_away() {
	local filter i

	perl -e '$| = 1; for (1 .. 60000) { print "line $_\n"; select undef, undef, undef, 0.001 if $_ % 100 == 0 }' |
		tee whole | { "$annotty" -F raw -o file:log & echo "$!" >pid; wait "$!"; echo "$?" >ended; } &
	expect "it runs" wait_until test -s log
	filter=$(cat pid)
	for i in 1 2 3 4 5; do
		mv log "log.$i"
		kill -HUP "$filter"
		expect "a new file is there" wait_until test -s log
	done
	wait
	expect_equal "$(cat ended)" 0
	expect_same <(cat log.1 log.2 log.3 log.4 log.5 log) whole
	expect_equal "$(wc -l <whole)" 60000
}

sighup_hurts_no_other_output() {
	local to

	mkfifo in
	"$annotty" -F raw -o - -o file:log in >"$out" 2>"$err" &
	exec {to}>in
	echo one >&"$to"
	expect "the first line is there" wait_until grep -q one log
	kill -HUP "$!"
	echo two >&"$to"
	exec {to}>&-
	wait "$!"
	expect_equal "$?" 0
	expect_out 'one\ntwo\n'
	expect_same log "$out"
}

# --- rotation -------------------------------------------------------------------------

# _sizes_are_below BYTES FILE...
_sizes_are_below() {
	local most=$1 file

	shift
	for file in "$@"; do
		expect "$file is below $most bytes" test "$(wc -c <"$file")" -le "$most"
		expect "$file ends with a line" test -z "$(tail -c 1 "$file" | tr -d '\n')"
	done
}

# _all_of FILE: it and what has been rotated away, the oldest first.
_all_of() {
	local i

	for i in {99..1}; do
		[ ! -e "$1.$i" ] || cat "$1.$i"
	done
	cat "$1"
}

rotation_keeps_all_lines_in_order() {
	make_log 500 >in
	expect "the size is as wanted" test "$(wc -c <in)" -gt 32000 -a "$(wc -c <in)" -lt 40000
	run -F raw -o 'file:x?rotate=10K&keep=3' in
	expect_status 0
	expect_same <(cat x.3 x.2 x.1 x) in
	_sizes_are_below 10240 x.3 x.2 x.1 x
	expect "files are well filled" test "$(wc -c <x.3)" -gt 10000
	expect_equal "$(echo x*)" "x x.1 x.2 x.3"
}

rotation_by_small_writes_is_the_same() {
	make_log 500 >in
	run -F raw -o 'file:x?rotate=10K&keep=3' in
	perl -pe 'BEGIN { $| = 1 }' in | "$annotty" -F raw -o 'file:y?rotate=10K&keep=3'
	expect_same y.3 x.3
	expect_same y.2 x.2
	expect_same y.1 x.1
	expect_same y x
}

rotation_forgets_the_oldest() {
	make_log 2000 >in
	run -F raw -o 'file:x?rotate=10K&keep=2' in
	expect_equal "$(echo x*)" "x x.1 x.2"
	cat x.2 x.1 x >kept
	expect_same kept <(tail -n "$(wc -l <kept)" in)
	run -F raw -o 'file:z?keep=0&rotate=10K' in
	expect_equal "$(echo z*)" "z"
	expect_same z <(tail -n "$(wc -l <z)" in)
	run -F raw -o 'file:five?rotate=10K' in
	expect_equal "$(echo five*)" "five five.1 five.2 five.3 five.4 five.5"
}

rotation_counts_what_the_file_had_before() {
	make_log 100 >in
	head -c 10000 /dev/zero | tr '\0' '\n' >x
	cp x before
	run -F raw -o 'file:x?rotate=10K' in
	expect_same <(cat x.1 x) <(cat before in)
	_sizes_are_below 10240 x.1 x
}

rotation_counts_annotations() {
	make_log 1000 >in
	run -o 'file:x?rotate=20K&keep=9' in
	_sizes_are_below 20480 x x.?
	expect_same <(_all_of x) <("$annotty" in)
}

rotation_of_json_keeps_objects_whole() {
	make_log 1000 >in
	run -F json -o 'file:x?rotate=64K&keep=9' in
	_sizes_are_below 65536 x x.?
	expect "each file is JSON" jq -e .seq x x.?
	expect_equal "$(_all_of x | jq -n '[inputs.seq] | . == [range(.[0]; .[-1] + 1)]')" true
}

a_line_longer_than_a_file_stays_whole() {
	{ echo short; head -c 5000 /dev/zero | tr '\0' x; printf '\nshort\n'; } >in
	run -F raw -o 'file:x?rotate=1K&keep=9' in
	expect_same <(cat x.2 x.1 x) in
	expect_same x <(echo short)
	expect_same x.2 <(echo short)
}

rotation_leaves_alone_other_outputs() {
	make_log 20000 >in
	run -F raw -o - -o 'file:x?rotate=100K&keep=99' in
	expect_status 0
	expect_same "$out" in
	expect_same <(_all_of x) in
}

run_all "$@"
