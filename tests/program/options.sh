#!/bin/bash
# What the options of the filter do.
. "$(dirname "$0")/lib.sh"

_tls=NX_SECURE_TLS_HANDSHAKE_FAILURE

# Twelve lines, values on 4, 5 and 11.
_console() {
	printf 'line 1\nline 2\nline 3\nTLS status = 0x107\nTLS status = 0x11B\nline 6\n'
	printf 'line 7\nline 8\nline 9\nline 10\nMQTT error code = 65541\nline 12\n'
}

# --- lines ----------------------------------------------------------------------------

# Asked in the way of grep, whose answers are taken for right.
lines_around_a_value_are_those_that_grep_would_show() {
	local options

	_console >in
	"$annotty" -s name in >all
	for options in '' '-A 1' '-B 2' '-C 1' '-C 2' '-C 3' '-A 1 -B 3' '-A 0 -B 1' '-C 100' \
		'-B 3 -C 1' '-C 1 -A 0' '-A 3 -C 1 -B 0'; do
		# Word splitting is what is wanted.
		# shellcheck disable=SC2086
		run -s name -m $options in
		expect_status 0
		# shellcheck disable=SC2086
		expect_same "$out" <(grep $options ' \[NX' all)
		# shellcheck disable=SC2086
		run -s name --only-matching $options <in
		# shellcheck disable=SC2086
		expect_same "$out" <(grep $options ' \[NX' all)
	done
}

lines_around_a_value_are_the_same_in_every_format() {
	_console >in
	run -m -C 1 -F raw in
	expect_same "$out" <(grep -C 1 = in)
	run -m -C 1 -F json in
	expect_equal "$(jq -c '.seq' "$out" | tr '\n' ' ')" "3 4 5 6 10 11 12 "
	run -m -F json in
	expect_equal "$(jq -c '[.seq, .offset, (.annotations | length)]' "$out" | tr '\n' ' ')" \
		"[4,21,1] [5,40,1] [11,95,1] "
}

lines_of_several_files_are_kept_apart() {
	_console >one
	printf 'x\nTLS status = 0x107\n' >two
	printf 'nothing\n' >three
	run -m -C 1 -F raw three one three two
	expect_same "$out" <(grep -h -C 1 = three one three two)
	run -m -F raw one two
	expect_same "$out" <(grep -h = one two)
}

no_line_without_a_value_gives_nothing() {
	printf 'a\nb\n' >in
	run -m -C 5 in
	expect_status 0
	expect_out ''
}

# --- summary --------------------------------------------------------------------------

a_summary_tells_counts_and_lines_as_text() {
	{ _console && _console; } >in
	run --summary in
	expect_status 0
	expect_equal "$(tr -s ' ' <"$err")" "6 status values of 3 codes on 6 of 24 lines
 count first last code
 2 4 16 0x107 $_tls
 2 5 17 0x11B NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND
 2 11 23 0x10005 NXD_MQTT_CONNECT_FAILURE"
	cp "$err" long
	run -S <in
	expect_same "$err" long
	run --summary=text <in
	expect_same "$err" long
	expect "the lines come as well" test "$(wc -l <"$out")" -eq 24
}

a_summary_counts_every_kind_of_line_end() {
	printf 'a\r\nb\rc\n\nTLS status = 0x107\r\nTLS status = 0x107' >in
	run --summary=json in
	expect_equal "$(jq -c '[.lines, .codes[0].first.line, .codes[0].last.line]' "$err")" '[6,5,6]'
	run -v in
	expect_equal "$(cat "$err")" "annotty: in:5: 0x107 $_tls by rule keyword-hex
annotty: in:6: 0x107 $_tls by rule keyword-hex"
	cp "$err" told
	run -v -f --from-start --timeout 0.3 in
	expect_same "$err" told
}

a_summary_in_markdown_is_a_table() {
	_console >in
	run --summary=markdown in
	expect_equal "$(awk -F '|' 'NR > 1 { print NF }' "$err" | sort -u | tr '\n' ' ')" "0 8 "
	expect_err '| 1 | 0x107 | '"$_tls"' | Something in message processing' '| 4 | 4 |' '| 11 | 11 |'
}

a_summary_for_github_has_a_command_on_a_line_for_each_code() {
	_console >in
	run --summary=github in
	expect_equal "$(grep -c '^::error title=[A-Z_]*::0x.* at in:[0-9]*' "$err")" 3
	expect_err "::error title=$_tls::0x107 at in:4: Something in message processing"
}

a_summary_in_json_is_one_object() {
	_console >in
	run --summary=json in
	expect_equal "$(jq -c '[.lines, .lines_annotated, .values]' "$err")" '[12,3,3]'
	expect_equal "$(jq -c '.codes[0].first' "$err")" '{"source":"in","line":4}'
	expect_equal "$(jq -r '.codes[0].meaning | keys_unsorted | join(" ")' "$err")" \
		"value code name description family severity hint"
}

a_summary_of_several_files_names_them() {
	_console >one
	printf 'x\nTLS status = 0x107\n' >two
	run --summary one two
	expect_err "4 status values of 3 codes on 4 of 14 lines" "one:4 two:2  0x107 $_tls" \
		"one:11 one:11  0x10005"
	run --summary=markdown one two
	expect_err "| one:4 | two:2 |"
	run --summary=json one two
	expect_equal "$(jq -c '.codes[0] | [.count, .first, .last]' "$err")" \
		'[2,{"source":"one","line":4},{"source":"two","line":2}]'
	run -v -q one two
	expect_err "one:4: 0x107 $_tls by rule keyword-hex" "two:2: 0x107 $_tls by rule keyword-hex"
}

a_summary_comes_with_only_matching_too() {
	_console >in
	run -m --summary in
	expect_err "3 status values of 3 codes on 3 of 12 lines"
}

# --- which codes ----------------------------------------------------------------------

successes_are_annotated_only_if_asked_for() {
	printf 'nx_ip_create status = 0x00\n' >in
	run in
	expect_same "$out" in
	run --annotate-ok -s name in
	expect_out_has '0x00 [NX_SUCCESS'
}

only_families_that_are_asked_for_are_annotated() {
	_console >in
	run --families nxd_mqtt -s name in
	expect_same "$out" <(sed 's/65541/& [NXD_MQTT_CONNECT_FAILURE]/' in)
	run --families 'nx_dns nx_secure_tls' --summary in
	expect_err "2 status values of 2 codes"
	run --families nx_dns,nx_secure_tls --summary in
	expect_err "2 status values of 2 codes"
}

_mine() {
	printf '# family: nx_secure_tls\n# title: mine\n0x107\tMY_HANDSHAKE\tmine it is\twarning\tlook here\n'
}

a_table_replaces_the_family_of_its_name() {
	_mine >other-name.tsv
	_console >in
	run -T other-name.tsv in
	expect_out_has '0x107 [MY_HANDSHAKE: mine it is]' '65541 [NXD_MQTT_CONNECT_FAILURE: '
	expect_not "a code of the old table is there" grep -q ISSUER "$out"
	run codes -T other-name.tsv --family nx_secure_tls --json
	expect_equal "$(jq -c 'map([.name, .severity, .hint])' "$out")" '[["MY_HANDSHAKE","warning","look here"]]'
	run explain -T other-name.tsv 0x107
	expect_out_has MY_HANDSHAKE "Check: look here" "warning, family nx_secure_tls"
}

a_table_without_a_head_is_named_by_its_file() {
	_mine | grep -v '^#' >nx_secure_tls.mine.tsv
	_console >in
	run -T nx_secure_tls.mine.tsv in
	expect_out_has '[MY_HANDSHAKE: mine it is]'
}

the_later_of_two_tables_wins() {
	_mine >a.tsv
	_mine | sed 's/MY_HANDSHAKE/MY_OTHER/' >b.tsv
	_console >in
	run -T a.tsv --table=b.tsv in
	expect_out_has '0x107 [MY_OTHER: '
	run -T b.tsv -T a.tsv in
	expect_out_has '0x107 [MY_HANDSHAKE: '
}

a_table_with_carriage_returns_and_a_mark_is_read() {
	{ printf '\357\273\277' && _mine | sed 's/$/\r/'; } >a.tsv
	_console >in
	run -T a.tsv in
	expect_out_has '0x107 [MY_HANDSHAKE: mine it is]'
}

a_header_is_a_table() {
	cat >nx_secure_tls.h <<'END'
#ifndef NX_SECURE_TLS_H
#define NX_SECURE_TLS_H
#define NX_SECURE_BASE 0x100
#define NX_SECURE_TLS_OTHER ((UINT) (NX_SECURE_BASE | 0x07)) /* The other reason. */
#endif
END
	_console >in
	run -T nx_secure_tls.h in
	expect_status 0
	expect_out_has '0x107 [NX_SECURE_TLS_OTHER: The other reason.]'
}

a_table_of_ones_own_works_with_a_rule_of_ones_own() {
	printf '0x7F01\tMY_REASON\tmine it is\n' >mine.tsv
	printf '[rule mine]\npattern = reason (?<code>0x[0-9A-F]+)\nfamilies = mine\n' >mine.rules
	printf 'reason 0x7F01\n' >in
	run -T mine.tsv -R mine.rules in
	expect_out 'reason 0x7F01 [MY_REASON: mine it is]\n'
}

# --- rules ----------------------------------------------------------------------------

a_rule_of_ones_own_comes_first() {
	printf '[rule mine]\npattern = TLS status = (?<code>0x[0-9A-F]+)\n' >mine.rules
	_console >in
	run -R mine.rules -v -q in
	expect_err "in:4: 0x107 $_tls by rule mine" "in:11: 0x10005 NXD_MQTT_CONNECT_FAILURE by rule keyword-dec"
}

a_rule_replaces_a_default_one_of_its_name() {
	printf '[rule keyword-hex]\npattern = TLS status = (?<code>0x107)\n' >mine.rules
	printf 'TLS status = 0x107\n' >in
	run -R mine.rules -v in
	expect_err "in:1: 0x107 $_tls by rule keyword-hex"
	printf 'result 0x107\n' >in
	run in
	expect_out_has "$_tls"
	run -R mine.rules in
	expect_same "$out" in
}

a_default_rule_can_be_turned_off() {
	printf '[rule keyword-dec]\nenabled = no\n' >off.rules
	printf 'TLS result 263\nTLS result 0x107\n' >in
	run -s name in
	expect_out "TLS result 263 [$_tls]\nTLS result 0x107 [$_tls]\n"
	run -s name -R off.rules in
	expect_out "TLS result 263\nTLS result 0x107 [$_tls]\n"
}

without_default_rules_only_ones_own_count() {
	printf '[rule mine]\npattern = reason (?<code>\\w+)\nbase = hex\n' >mine.rules
	printf 'TLS status = 0x107\nreason 107\n' >in
	run --no-default-rules in
	expect_same "$out" in
	run --no-default-rules -R mine.rules -s name in
	expect_out "TLS status = 0x107\nreason 107 [$_tls]\n"
}

a_later_definition_widens_a_default_rule() {
	printf '[define]\nstatus-word = verdict\n' >mine.rules
	printf 'verdict: 0x107\n' >in
	run in
	expect_same "$out" in
	run -R mine.rules -s name in
	expect_out "verdict: 0x107 [$_tls]\n"
}

# --- looks ----------------------------------------------------------------------------

a_style_leaves_descriptions_out() {
	printf 'TLS status = 0x107\n' >in
	run in
	expect_out "TLS status = 0x107 [$_tls: Something in message processing during the handshake has failed.]\n"
	cp "$out" full
	run -s full in
	expect_same "$out" full
	run --style=name in
	expect_out "TLS status = 0x107 [$_tls]\n"
	printf '%s\n' "$_tls" >in
	run -s name in
	expect_out "$_tls [0x107]\n"
}

values_with_several_meanings_show_all() {
	printf 'DHCP request failed: 0xA5\n' >in
	run -s name in
	expect_out "DHCP request failed: 0xA5 [NX_DHCP_NO_INTERFACES_ENABLED | NX_DNS_SIZE_ERROR]\n"
	run -F json in
	expect_equal "$(jq -c '.annotations[0] | [.name, .alternatives[].name]' "$out")" \
		'["NX_DHCP_NO_INTERFACES_ENABLED","NX_DNS_SIZE_ERROR"]'
}

several_values_of_a_line_are_each_annotated() {
	printf 'first status = 0x107, second status = 0x11B\n' >in
	run -s name -a suffix in
	expect_out "first status = 0x107, second status = 0x11B [$_tls] [NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND]\n"
	run -s name -a below in
	expect_out "first status = 0x107, second status = 0x11B
               ^~~~~ [$_tls]
                                      ^~~~~ [NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND]\n"
}

# _stamped FORM REGEX: all lines begin so, and are as ever behind it.
_stamped() {
	_console >in
	run -s name "$1" in
	expect_status 0
	expect "each line has a time, $1" perl -ne "exit 1 if !/^$2/" "$out"
	expect_same <(sed -E "s/^ *[^ ]+ //" "$out") <("$annotty" -s name in)
}

timestamps_have_their_forms() {
	local day='\d{4}-\d\d-\d\d' clock='\d\d:\d\d:\d\d'

	_stamped -t "${day}T$clock\.\d{6}Z "
	_stamped -tiso8601 "${day}T$clock\.\d{6}Z "
	_stamped --timestamp "${day}T$clock\.\d{6}Z "
	_stamped --timestamp=time "$clock\.\d{3} "
	_stamped -tdelta ' *\d+\.\d{6} '
	_stamped -tepoch '\d{10}\.\d{6} '
	_stamped -tmonotonic ' *\d+\.\d{6} '
}

a_timestamp_is_the_time_of_now() {
	local before after stamp

	before=$(date +%s)
	stamp=$("$annotty" -tepoch <<<x | cut -d. -f1)
	after=$(date +%s)
	expect "$before <= $stamp <= $after" test "$before" -le "$stamp" -a "$stamp" -le "$after"
	stamp=$("$annotty" -F json <<<x | jq -r .ts)
	expect "a time of nine digits: $stamp" grep -qE '^20[0-9-]{8}T[0-9:]{8}\.[0-9]{9}Z$' <<<"$stamp"
}

a_delta_is_the_time_since_the_line_before() {
	local to

	mkfifo in
	"$annotty" -tdelta in >"$out" &
	exec {to}>in
	echo a >&"$to"
	expect "the first line is there" wait_until grep -q a "$out"
	sleep 0.3
	echo b >&"$to"
	exec {to}>&-
	wait "$!"
	expect "the first is 0" perl -ne 'exit !/^ *0\.000000 a$/ if $. == 1' "$out"
	expect "the second is 0.3 or more" perl -ne 'exit !($1 >= 0.29 && $1 < 5) if / *([\d.]+) b$/' "$out"
}

a_line_below_stands_under_the_value_behind_a_timestamp() {
	printf 'TLS status = 0x107\n' >in
	run -t -a below -s name in
	expect_equal "$(perl -ne 'print index($_, "0x107"), " " if /0x107/; print index($_, "^") if /\^/' "$out")" "41 41"
}

colours_come_always_never_or_by_the_environment() {
	local esc=$'\033'

	printf 'TLS status = 0x107\n' >in
	run in
	expect_not "colour by default in a pipe" grep -q "$esc" "$out"
	run --color=always in
	expect_out_has "${esc}[31m[$_tls: "
	run --color=always -s name -a below in
	expect_out_has "${esc}["
	run --color=never in
	expect_not "colour with never" grep -q "$esc" "$out"
	run_shell 'FORCE_COLOR=1 "$annotty" in'
	expect_out_has "${esc}[31m["
	run_shell 'NO_COLOR=1 FORCE_COLOR=1 "$annotty" in'
	expect_not "colour with NO_COLOR" grep -q "$esc" "$out"
	run_shell 'NO_COLOR=1 "$annotty" --color=always in'
	expect_out_has "${esc}[31m["
	run_shell 'FORCE_COLOR=1 "$annotty" --color=never in'
	expect_not "colour with never and FORCE_COLOR" grep -q "$esc" "$out"
	run_shell 'FORCE_COLOR= "$annotty" in'
	expect_not "colour with an empty FORCE_COLOR" grep -q "$esc" "$out"
	run_shell 'FORCE_COLOR=1 "$annotty" -F json in'
	expect "JSON has no colour" jq -e . "$out"
}

colours_tell_the_severity() {
	local esc=$'\033'

	printf 'TLS status = 0x107\nTLS status = 0x113\nTLS status = 0x152\n' >in
	run --color=always -s name in
	expect_equal "$(grep -o "$esc\[[0-9;]*m\[" "$out" | sort -u | wc -l)" 3
}

colours_of_the_line_go_on_behind_an_annotation() {
	printf '\033[33mTLS status = 0x107 more\033[0m\n' >in
	run --color=always -s name in
	expect "yellow comes back" grep -qP '0x107 .*\]\e\[39m\e\[33m more\e\[0m$' "$out"
	run -s name in
	expect_out "\0033[33mTLS status = 0x107 [$_tls] more\0033[0m\n"
}

# --- saying more or less --------------------------------------------------------------

verbose_names_value_and_rule_of_each_line() {
	_console >in
	run -v in
	expect_status 0
	expect_equal "$(cat "$err")" "annotty: in:4: 0x107 $_tls by rule keyword-hex
annotty: in:5: 0x11B NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND by rule keyword-hex
annotty: in:11: 0x10005 NXD_MQTT_CONNECT_FAILURE by rule keyword-dec"
	run --verbose <in
	expect_err "stdin:4: 0x107"
}

quiet_keeps_notes_back_but_not_errors() {
	printf '#define A_ODD sizeof(int)\n#define A_ONE 1\n' >a.h
	run -T a.h </dev/null
	expect_err "a.h:1: A_ODD"
	run -q -T a.h </dev/null
	expect_err
	run -q missing
	expect_status 3
	expect_err "missing: No such file"
}

help_and_version_go_to_standard_output() {
	local command

	for command in '' explain codes check import; do
		# shellcheck disable=SC2086
		run $command --help
		expect_status 0
		expect_out_has "Usage: annotty"
		expect_err
	done
	run -h
	expect_out_has "--only-matching" "Exit"
	run --version
	expect_status 0
	expect "a name and a number" grep -qxE 'annotty [0-9]+\.[0-9.]+.*' "$out"
	cp "$out" long
	run -V
	expect_same "$out" long
}

help_fits_a_terminal_and_names_every_long_option() {
	local option

	run --help
	expect "no line is above 80 columns" awk 'length($0) > 80 { exit 1 }' "$out"
	expect "a prompt fits below it" test "$(wc -l <"$out")" -le 23
	for option in output format annotate style timestamp color raw-control table rules \
		no-default-rules families annotate-ok only-matching fail-on quit-on timeout \
		summary progress no-progress json quiet verbose help version; do
		expect_out_has "--$option"
	done
}

options_may_follow_inputs() {
	printf 'TLS status = 0x107\n' >in
	cp in ./-m
	run in -s name
	expect_out "TLS status = 0x107 [$_tls]\n"
	run -s name ./-m
	expect_out "TLS status = 0x107 [$_tls]\n"
}

run_all "$@"
