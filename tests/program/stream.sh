#!/bin/bash
# However a stream comes and however many workers share it, the output is the same.
. "$(dirname "$0")/lib.sh"

# _drip FILE: one byte at a time, each written by itself.
_drip() {
	perl -e 'open $f, "<", $ARGV[0] or die; binmode $f; local $/; $_ = <$f>;
		for my $i (0 .. length($_) - 1) { syswrite STDOUT, $_, 1, $i or exit;
			select undef, undef, undef, 0.0003 if $i % 7 == 0 }' "$1"
}

# _crumbs FILE: in small pieces of odd lengths, as fast as it goes.
_crumbs() {
	perl -e 'open $f, "<", $ARGV[0] or die; binmode $f;
		while (sysread $f, $_, 100 + 1777 * (++$i % 3)) { syswrite STDOUT, $_ or exit }' "$1"
}

# Without the times, which differ from run to run.
_timeless() {
	sed 's/"ts":"[^"]*",//; s/"source":"[^"]*",//' "$@"
}

_mixed() {
	printf 'boot\r\nTLS status = 0x107\r\nprogress 1\rprogress 2\rerror code = 65541\n\r'
	printf '\0\377 status = 0x11B x\n\n\n\033[31mTLS error 0x10C\033[0m\nNX_NOT_CONNECTED'
}

bytes_that_drip_give_the_same_as_all_at_once() {
	local options

	_mixed >in
	for options in '' '-a suffix' '-a below' '-s name' '-m -C 1' '-F raw'; do
		# Word splitting is what is wanted.
		# shellcheck disable=SC2086
		"$annotty" $options in >whole
		# shellcheck disable=SC2086
		_drip in | "$annotty" $options >dripped
		expect_same dripped whole
	done
	"$annotty" -F json in | _timeless >whole
	_drip in | "$annotty" -F json | _timeless >dripped
	expect_same dripped whole
	expect_equal "$(jq -s length whole)" 11
}

a_summary_of_dripping_bytes_is_the_same() {
	_mixed >in
	"$annotty" --summary=json in 2>whole >"$out"
	_drip in | "$annotty" --summary=json 2>dripped >"$out"
	expect_same <(sed 's/"source":"[^"]*"//g' dripped) <(sed 's/"source":"[^"]*"//g' whole)
	expect_equal "$(jq .lines whole)" 11
}

a_line_appears_while_the_writer_stays_open() {
	local line to from

	coproc "$annotty" -s name
	# Closed by the shell when the program ends, so copies are kept.
	exec {to}>&"${COPROC[1]}" {from}<&"${COPROC[0]}"
	eval "exec ${COPROC[1]}>&-"
	printf 'TLS status = 0x107\n' >&"$to"
	read -r -t 2 -u "$from" line
	expect_equal "$line" "TLS status = 0x107 [NX_SECURE_TLS_HANDSHAKE_FAILURE]"
	printf 'half a ' >&"$to"
	read -r -t 2 -N 7 -u "$from" line
	expect_equal "$line" "half a "
	printf 'line\nnext\n' >&"$to"
	read -r -t 2 -u "$from" line
	expect_equal "$line" "line"
	read -r -t 2 -u "$from" line
	expect_equal "$line" "next"
	exec {to}>&-
	wait "$COPROC_PID"
	expect_equal "$?" 0
	exec {from}<&-
}

a_line_from_a_fifo_appears_at_once_in_every_format() {
	local to format

	mkfifo in
	for format in text json raw; do
		: >"$out"
		"$annotty" -F "$format" in >"$out" &
		exec {to}>in
		printf 'TLS status = 0x107\r\n' >&"$to"
		expect "the line is there as $format" wait_until grep -q 'status = 0x107' "$out"
		exec {to}>&-
		wait "$!"
		expect_equal "$?" 0
	done
}

a_fifo_is_read_to_its_end() {
	mkfifo in
	make_log 3000 >log
	"$annotty" -F raw in >"$out" &
	cat log >in
	wait "$!"
	expect_same "$out" log
}

# --- half lines -----------------------------------------------------------------------

# _follow OPTION...: the program behind a FIFO, to be written to with `>&"$to"`.
_follow() {
	mkfifo in
	: >"$out"
	"$annotty" "$@" in >"$out" 2>"$err" &
	exec {to}>in
}

# _finish: the writer ends, and so does the program.
_finish() {
	exec {to}>&-
	wait "$!"
	expect_equal "$?" 0
}

# _shows TEXT: standard output is this, after a while.
_shows() {
	printf '%b' "$1" >expected
	wait_until cmp -s "$out" expected
	expect_same "$out" expected
}

a_prompt_appears_before_its_line_ends() {
	_follow -s name
	printf 'boot\nlogin: ' >&"$to"
	_shows 'boot\nlogin: '
	printf 'root\r\nTLS status = 0x107, ' >&"$to"
	_shows 'boot\nlogin: root\r\nTLS status = 0x107 [NX_SECURE_TLS_HANDSHAKE_FAILURE], '
	printf 'told once\n$ ' >&"$to"
	_shows 'boot\nlogin: root\r\nTLS status = 0x107 [NX_SECURE_TLS_HANDSHAKE_FAILURE], told once\n$ '
	_finish
	_shows 'boot\nlogin: root\r\nTLS status = 0x107 [NX_SECURE_TLS_HANDSHAKE_FAILURE], told once\n$ '
}

a_prompt_appears_raw_and_with_a_timestamp() {
	_follow -F raw
	printf 'status 0x107' >&"$to"
	_shows 'status 0x107'
	_finish
	_shows 'status 0x107'
	rm in
	_follow -t
	printf 'login: ' >&"$to"
	expect "one stamp" wait_until grep -q '^2[0-9]*-[^ ]*Z login: ' "$out"
	printf 'root\n' >&"$to"
	_finish
	expect_equal "$(sed 's/^2[0-9]*-[^ ]*Z //' "$out")" "login: root"
}

half_lines_wait_where_lines_are_chosen_or_are_records() {
	local options

	for options in '-F json' '-m'; do
		# Word splitting is what is wanted.
		# shellcheck disable=SC2086
		_follow $options -o - -o 'file:raw?format=raw'
		printf 'TLS status = 0x107 ' >&"$to"
		# The other output shows that there was time enough, unless all lines wait.
		[ "$options" = -m ] || wait_until test -s raw
		expect_equal "$(cat "$out")" ""
		printf 'failed\n' >&"$to"
		wait_until test -s "$out"
		_finish
		expect_equal "$(grep -c NX_SECURE_TLS_HANDSHAKE_FAILURE "$out")" 1
		rm -f in raw
	done
}

# _slow_drip FILE: with silences long enough for half lines to be shown.
_slow_drip() {
	perl -e 'open $f, "<", $ARGV[0] or die; binmode $f; local $/; $_ = <$f>;
		for my $i (0 .. length($_) - 1) { syswrite STDOUT, $_, 1, $i or exit;
			select undef, undef, undef, 0.025 }' "$1"
}

values_that_drip_are_annotated_as_at_once() {
	printf 'ret=0x107 of TLS, ERRNO=144 in secure open\r\n\033[31mfirst 0x19f\033[0m ms: bad' >in
	"$annotty" in >whole
	_slow_drip in | "$annotty" >dripped
	expect_same dripped whole
	expect_equal "$(grep -o ' \[NX_SECURE_' whole | wc -l)" 2
}

a_summary_counts_what_was_shown_early_once() {
	_follow --summary=json -s name
	printf 'TLS status = 0x107 ' >&"$to"
	_shows 'TLS status = 0x107 [NX_SECURE_TLS_HANDSHAKE_FAILURE] '
	_finish
	expect_equal "$(jq -c '[.lines, .values]' "$err")" "[1,1]"
}

half_lines_keep_their_place_behind_a_large_input() {
	local large

	large=$(_large)
	_follow -s name
	cat "$large" >&"$to"
	printf 'login: ' >&"$to"
	wait_until test "$(tail -c 7 "$out")" = 'login: '
	printf 'root\n' >&"$to"
	cat "$large" >&"$to"
	_finish
	"$annotty" -s name "$large" >whole
	{ cat whole; printf 'login: root\n'; cat whole; } >expected
	expect_same "$out" expected
}

inputs_are_read_one_after_the_other() {
	printf 'a\nTLS status = 0x107' >one
	printf 'b\n' >two
	printf '\nin the middle\n' >middle
	run -s name one - two <middle
	expect_status 0
	expect_out 'a\nTLS status = 0x107 [NX_SECURE_TLS_HANDSHAKE_FAILURE]\nin the middle\nb\n'
}

# --- more than one worker -------------------------------------------------------------

# A log of more than 8 MiB, made once.
_large() {
	[ -e "$work/large" ] || make_log 140000 >"$work/large"
	printf '%s\n' "$work/large"
}

a_large_file_gives_the_same_as_small_writes() {
	local large place

	large=$(_large)
	expect "it is large" test "$(wc -c <"$large")" -gt 8388608
	for place in inline suffix below; do
		"$annotty" -a "$place" "$large" >whole
		_crumbs "$large" | "$annotty" -a "$place" >crumbs
		expect_same crumbs whole
		# shellcheck disable=SC2002
		cat "$large" | "$annotty" -a "$place" >piped
		expect_same piped whole
		strip whole >stripped
		expect_same stripped "$large"
	done
}

every_value_of_a_large_file_is_annotated() {
	local large

	large=$(_large)
	run -s name "$large"
	expect_equal "$(grep -c '107 \[NX_SECURE_TLS_HANDSHAKE_FAILURE\]$' "$out")" \
		"$(grep -c 'status = 0x107$' "$large")"
	expect_equal "$(grep -c '65541 \[NXD_MQTT_CONNECT_FAILURE\]$' "$out")" \
		"$(grep -c 'code = 65541$' "$large")"
	run -s name -m "$large"
	expect_same "$out" <(grep -E 'status = |code = ' "$large" |
		sed 's/0x107$/& [NX_SECURE_TLS_HANDSHAKE_FAILURE]/; s/65541$/& [NXD_MQTT_CONNECT_FAILURE]/')
}

json_of_a_large_file_counts_without_gaps() {
	local large

	large=$(_large)
	run -F json "$large"
	expect_status 0
	expect_equal "$(jq -n 'reduce inputs as $r ({seq: 0, offset: 0, bad: 0};
		(if $r.seq == .seq + 1 and $r.offset == .offset then . else .bad += 1 end)
		| .seq = $r.seq | .offset = $r.offset + ($r.line | length) + 1)' "$out" | tr -d ' \n')" \
		"{\"seq\":$(wc -l <"$large"),\"offset\":$(wc -c <"$large"),\"bad\":0}"
	expect_same <(jq -r .line "$out") "$large"
	_crumbs "$large" | "$annotty" -F json | _timeless >crumbs
	expect_same crumbs <(_timeless "$out")
}

a_summary_of_a_large_file_counts_all() {
	local large form

	large=$(_large)
	for form in text markdown json; do
		"$annotty" --summary="$form" "$large" 2>whole >"$out"
		_crumbs "$large" | "$annotty" --summary="$form" 2>crumbs >"$out"
		expect_same <(sed 's/"source":"[^"]*"//g' crumbs) <(sed 's/"source":"[^"]*"//g' whole)
	done
	expect_equal "$(jq -c '[.lines, .lines_annotated, .values, (.codes | map(.count) | add)]' whole)" \
		"[140000,2800,2800,2800]"
	expect_equal "$(jq -c '.codes | map([.meaning.name, .count, .first.line, .last.line])' whole)" \
		'[["NX_SECURE_TLS_HANDSHAKE_FAILURE",1400,50,139950],["NXD_MQTT_CONNECT_FAILURE",1400,100,140000]]'
}

several_large_inputs_keep_their_order() {
	local large

	large=$(_large)
	"$annotty" "$large" >one
	run "$large" - "$large" <"$large"
	expect_status 0
	expect_same "$out" <(cat one one one)
	run -S "$large" missing "$large"
	expect_status 3
	expect_err "5600 status values of 2 codes on 5600 of 280000 lines" "missing: No such"
}

several_outputs_of_a_large_file_are_each_whole() {
	local large

	large=$(_large)
	"$annotty" "$large" >text
	"$annotty" -F json "$large" | _timeless >json
	run -o - -o 'file:copy?format=json' -o 'file:raw?format=raw' "$large"
	expect_status 0
	expect_same "$out" text
	expect_same <(_timeless copy) json
	expect_same raw "$large"
}

run_all "$@"
