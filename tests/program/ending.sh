#!/bin/bash
# How a run ends: by itself, by --fail-on, --quit-on, --timeout or a signal.
. "$(dirname "$0")/lib.sh"

_tls=NX_SECURE_TLS_HANDSHAKE_FAILURE

# --- outputs that do not take it all ---------------------------------------------------

a_collector_that_never_comes_makes_it_fail() {
	printf 'a\nTLS status = 0x107\n' >in
	run -s name -F raw -o unix:nobody in
	expect_status 3
	expect_err 'unix:nobody: closed with 21 bytes not written'
	run -o unix-dgram:nobody -o - -F raw in
	expect_status 3
	expect_same "$out" in
	expect_err 'unix-dgram:nobody: closed with 21 bytes not written'
}

# --- --fail-on ------------------------------------------------------------------------

# _fails STATUS WHAT: --fail-on WHAT of `in` ends so, with the whole output.
_fails() {
	run --fail-on "$2" in
	expect_status "$1"
	expect_err
	expect_same "$out" <("$annotty" in)
}

fail_on_any_is_met_by_any_code() {
	printf 'a\nTLS status = 0x107\nb\n' >in
	_fails 1 any
	printf 'a\nb\n' >in
	_fails 0 any
	printf 'nx_ip_create status = 0x00\n' >in
	_fails 0 any
}

fail_on_a_severity_is_met_by_that_and_worse() {
	printf 'TLS status = 0x107\n' >in # error
	_fails 1 error
	_fails 1 warning
	_fails 1 info
	printf 'TLS status = 0x113\n' >in # warning
	_fails 0 error
	_fails 1 warning
	_fails 1 info
	printf 'TLS status = 0x152\n' >in # info
	_fails 0 error
	_fails 0 warning
	_fails 1 info
	_fails 1 ok
}

fail_on_a_name_is_met_by_that_code_only() {
	printf 'TLS status = 0x107\n' >in
	_fails 1 "$_tls"
	_fails 0 NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND
	printf 'TLS status = 0x11B\n' >in
	_fails 0 "$_tls"
	_fails 1 NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND
}

fail_on_can_be_given_again_and_one_that_is_met_is_enough() {
	local other=NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND

	printf 'TLS status = 0x107\n' >in # error
	run --fail-on "$_tls" --fail-on "$other" in
	expect_status 1
	run --fail-on "$other" --fail-on "$_tls" in
	expect_status 1
	run --fail-on "$other" --fail-on NX_NOT_CONNECTED in
	expect_status 0
	run --fail-on any --fail-on "$other" in
	expect_status 1
	printf 'TLS status = 0x113\n' >in # warning
	run --fail-on warning --fail-on error in
	expect_status 1
	run --fail-on error --fail-on warning in
	expect_status 1
	run --fail-on error --fail-on "$other" in
	expect_status 0
}

fail_on_knows_names_of_ones_own_tables() {
	printf '0x107\tMY_REASON\tmine\n' >nx_secure_tls.tsv
	printf 'TLS status = 0x107\n' >in
	run -T nx_secure_tls.tsv --fail-on MY_REASON in
	expect_status 1
}

fail_on_works_without_an_output_to_look_at() {
	make_log 200 >in
	run --fail-on error -F raw in
	expect_status 1
	run --fail-on error -m -F json in
	expect_status 1
	run --fail-on error -o file:log -q in
	expect_status 1
	run_shell '"$annotty" --fail-on error in >/dev/null'
	expect_status 1
}

an_input_that_fails_counts_for_more_than_fail_on() {
	printf 'TLS status = 0x107\n' >in
	run --fail-on any in missing
	expect_status 3
}

# --- --quit-on ------------------------------------------------------------------------

quit_on_stops_behind_the_line_that_matches() {
	printf 'a\nTLS status = 0x107\ntests passed\nb\ntests passed\n' >in
	run -s name --quit-on 'tests? passed' in
	expect_status 0
	expect_out "a\nTLS status = 0x107 [$_tls]\ntests passed\n"
	run -s name --quit-on '0x107$' in
	expect_out "a\nTLS status = 0x107 [$_tls]\n"
	run --quit-on '^a$' -F json in in
	expect_equal "$(jq -c .line "$out")" '"a"'
	run --quit-on nothing --quit-on '^b$' --quit-on passed -m -s name in
	expect_out "TLS status = 0x107 [$_tls]\n"
	run --quit-on passed --quit-on nothing -F raw in
	expect_out 'a\nTLS status = 0x107\ntests passed\n'
	run --quit-on nothing in
	expect_status 0
	expect_same "$out" <("$annotty" in)
	run --quit-on 'passed' --fail-on any in
	expect_status 1
}

quit_on_ends_an_endless_stream() {
	run_shell '{ echo start; yes "TLS status = 0x107"; } | "$annotty" -s name --quit-on start'
	expect_out 'start\n'
	run_shell 'perl -e "print qq(line \$_\n) for 1 .. 50000; print qq(now\n) while 1" |
		"$annotty" --quit-on "^line 49999\$" | tail -n 1'
	expect_out 'line 49999\n'
	expect_err
}

quit_on_ends_while_the_writer_stays_open() {
	local to

	mkfifo in
	"$annotty" --quit-on ready in >"$out" &
	exec {to}>in
	printf 'booting\nready\nlate\n' >&"$to"
	expect "it ends by itself" wait_until eval "! kill -0 $! 2>/dev/null"
	wait "$!"
	expect_equal "$?" 0
	expect_out 'booting\nready\n'
	exec {to}>&-
}

# _quits_at TEXT REGEX: a writer that then says no more and stays does not hold it up.
_quits_at() {
	rm -f in
	mkfifo in
	exec 7<>in # never an end
	printf '%b' "$1" >in
	run -s name --quit-on "$2" <in
	exec 7>&-
	expect_status 0
}

quit_on_takes_a_prompt_in_a_pipe() {
	_quits_at 'boot\nTLS status = 0x107\nlogin: ' 'login: $'
	expect_out "boot\nTLS status = 0x107 [$_tls]\nlogin: "
	_quits_at 'TLS status = 0x107 # ' '# $' # a value in front of it
	expect_out "TLS status = 0x107 [$_tls] # "
	_quits_at 'login: \r' 'login: $'
	expect_out 'login: \r'
}

quit_on_finds_its_line_in_a_large_file() {
	make_log 140000 >in
	echo 'the end is here' >>in
	make_log 1000 >>in
	run --quit-on 'the end is here' -F raw in
	expect_status 0
	expect_same "$out" <(head -n 140001 in)
	run --quit-on 'the end is here' -S in
	expect_err "of 140001 lines"
}

# --- --timeout ------------------------------------------------------------------------

a_timeout_ends_a_silent_stream() {
	local to

	mkfifo in
	exec {to}<>in
	printf 'TLS status = 0x107\nprompt> ' >in
	run --timeout 0.3 -s name in
	expect_status 0
	expect_out "TLS status = 0x107 [$_tls]\nprompt> "
	expect_err
	run --timeout=0.2 --summary --quit-on ready in
	expect_status 3
	expect_err "--timeout came before --quit-on \"ready\"" "0 status values"
	run --timeout=0.2 --quit-on ready --quit-on 'set up' in
	expect_err '--timeout came before --quit-on "ready" or "set up"'
	exec {to}>&-
}

a_timeout_ends_a_stream_that_never_pauses() {
	run_shell '"$annotty" --timeout 0.3 /dev/zero | head -c 1000 >/dev/null'
	expect_status 0
	run_shell 'yes | "$annotty" --timeout 0.3 >/dev/null'
	run_shell '"$annotty" --timeout 0.3 /dev/zero >/dev/null'
	expect_status 0
}

a_timeout_does_not_hold_up_the_end() {
	local before=$SECONDS

	run --timeout 15 --quit-on x <<<'x'
	expect_status 0
	run --timeout 15 <<<'y'
	expect_status 0
	expect "it took no time" test "$((SECONDS - before))" -lt 5
}

# --- signals --------------------------------------------------------------------------

# _signalled NAME STATUS: a run that waits for more gets the signal.
_signalled() {
	local to

	rm -f in
	mkfifo in
	: >"$out"
	# Standard error is complete when the program has ended.
	"$annotty" -s name --summary in >"$out" 2>"$err" &
	exec {to}>in
	printf 'TLS status = 0x107\nunfinished 0x1' >&"$to"
	# The shell may write the two lines one after the other.
	expect "the half line is there" wait_until grep -q 'unfinished 0x1' "$out"
	kill "-$1" "$!"
	wait "$!" 2>"$work/wait"
	expect_equal "$?" "$2"
	exec {to}>&-
	expect_out "TLS status = 0x107 [$_tls]\nunfinished 0x1"
	expect_err "1 status value of 1 code on 1 of 2 lines" "$_tls"
}

an_interrupt_ends_with_a_summary() {
	_signalled INT 130
}

a_termination_ends_with_a_summary() {
	_signalled TERM 143
}

an_interrupt_ends_an_endless_stream_with_whole_lines() {
	mkfifo in
	yes 'TLS status = 0x107' >in &
	"$annotty" -s name --summary in >"$out" 2>"$err" &
	expect "lines come" wait_until test -s "$out"
	kill -INT "$!"
	wait "$!" 2>"$work/wait"
	expect_equal "$?" 130
	expect "the last line is whole" grep -qx "TLS status = 0x107 \[$_tls\]" <(tail -n 1 "$out")
	expect_equal "$(awk 'NR == 1 { print $1 }' "$err")" "$(wc -l <"$out")"
}

run_all "$@"
