#!/bin/bash
# What is different when somebody looks on: a pseudo-terminal made by script(1).
. "$(dirname "$0")/lib.sh"

_tls=NX_SECURE_TLS_HANDSHAKE_FAILURE

# _shown OPTIONS TEXT: what a terminal gets for `in`; line ends of terminals are CR LF.
_shown() {
	run_on_terminal "NO_COLOR=1 \"\$annotty\" $1 in"
	expect_status 0
	printf '%b' "$2" >expected
	expect_same "$out" expected
}

control_characters_are_shown_and_not_obeyed() {
	printf 'a\033[2Jb\033]0;title\007c\n' >in
	_shown '' 'a^[[2Jb^[]0;title^Gc\r\n'
	printf '\001\b\v\f\016\177\000x\n' >in
	_shown '' '^A^H^K^L^N^?^@x\r\n'
	printf '\302\233 \233 \302\205\n' >in
	_shown '' '<U+009B> <9B> <U+0085>\r\n'
	printf '\033\033[31\n\033[31' >in
	_shown '' '^[^[[31\r\n^[[31'
}

colours_of_the_device_tabs_and_letters_go_through() {
	printf '\t\033[31mred\033[0m\033[1;32mgreen\033[m \303\244\342\202\254\360\237\230\200 \344\n' >in
	_shown '' '\t\0033[31mred\0033[0m\0033[1;32mgreen\0033[m \0303\0244\0342\0202\0254\0360\0237\0230\0200 \0344\r\n'
}

with_raw_control_all_goes_through() {
	printf 'a\033[2J\007\302\233\n' >in
	_shown --raw-control 'a\0033[2J\0007\0302\0233\r\n'
}

raw_format_on_a_terminal_is_masked_or_not_as_asked() {
	printf 'a\033[2J\n' >in
	_shown '-F raw --raw-control' 'a\0033[2J\r\n'
}

json_on_a_terminal_is_json() {
	printf 'a\033[2J\200\n' >in
	run_on_terminal '"$annotty" -F json in'
	expect "it is JSON" jq -e .seq "$out"
	expect_not "an escape stands in it" grep -q $'\033' "$out"
}

in_a_pipe_nothing_is_masked() {
	printf 'a\033[2J\007\n' >in
	run in
	expect_same "$out" in
	run_on_terminal '"$annotty" in | cat >copy'
	expect_same copy in
}

values_behind_control_characters_are_underlined_in_their_place() {
	printf '\007TLS status = 0x107\n' >in
	_shown '-a below -s name' "^GTLS status = 0x107\r\n               ^~~~~ [$_tls]\r\n"
}

a_terminal_gets_colours_unless_it_is_asked_not_to() {
	local esc=$'\033'

	printf 'TLS status = 0x107\n' >in
	run_on_terminal '"$annotty" in'
	expect_out_has "${esc}[31m[$_tls: "
	run_on_terminal '"$annotty" --color=never in'
	expect_not "colour with never" grep -q "$esc" "$out"
	run_on_terminal 'NO_COLOR=1 "$annotty" in'
	expect_not "colour with NO_COLOR" grep -q "$esc" "$out"
	run_on_terminal 'NO_COLOR= "$annotty" in'
	expect_out_has "${esc}[31m["
	run_on_terminal 'TERM=dumb "$annotty" in'
	expect_not "colour on a dumb terminal" grep -q "$esc" "$out"
	run_on_terminal '"$annotty" in | cat'
	expect_not "colour in a pipe" grep -q "$esc" "$out"
}

# --- ends ------------------------------------------------------------------------------

_ended() { [ -s ended ]; }

an_end_of_input_is_asked_for_once() {
	mkfifo keys
	annotty=$annotty timeout 20 script -qec '"$annotty"; echo yes >ended' /dev/null \
		<keys >"$out" 2>"$err" &
	exec 7>keys
	printf 'abc\004\004' >&7 # the first gives what there is of the line
	expect "it has ended" wait_until _ended
	exec 7>&-
	wait
}

a_summary_does_not_stand_behind_half_a_line() {
	printf 'TLS status = 0x107' >in
	run_on_terminal 'NO_COLOR=1 "$annotty" --summary in'
	expect "it begins a line" grep -q '^1 status value' "$out"
	run_on_terminal 'NO_COLOR=1 "$annotty" --summary in 2>summary'
	expect_equal "$(tail -c 1 "$out")" ']' # there is nothing to make way for
}

# --- progress -------------------------------------------------------------------------

# A reader that, from the first bytes on, lets the filter wait for longer than the bar
# does.
_slow='| { head -c 1 >/dev/null; sleep 0.65; cat >/dev/null; }'

a_bar_appears_when_it_is_not_in_the_way() {
	make_log 20000 >in
	run_on_terminal "\"\$annotty\" in $_slow"
	expect_out_has '%' 'MiB/s'
	expect "the bar is taken away" grep -qP '\r\e\[K$' <(tail -c 4 "$out")
	run_on_terminal "\"\$annotty\" <in $_slow"
	expect_out_has '%'
	run_on_terminal "\"\$annotty\" in in $_slow"
	expect_out_has '%'
}

a_bar_is_no_wider_than_the_terminal() {
	make_log 20000 >in
	run_on_terminal "stty cols 20 </dev/tty; \"\$annotty\" in $_slow"
	expect_out_has '[####'
	expect_not "a bar of more than 19 columns" grep -qP '\r[^\r\e]{20}' "$out"
}

a_bar_keeps_away_from_where_it_is_not_wanted() {
	make_log 20000 >in
	# The last is of unknown size.
	run_on_terminal "\"\$annotty\" --no-progress in $_slow &
		\"\$annotty\" -q in $_slow &
		cat in | \"\$annotty\" $_slow &
		wait"
	expect_out ''
	run_on_terminal '"$annotty" in' # standard output is the terminal
	expect_not "a bar among the lines" grep -q 'MiB/s' "$out"
	run_shell "\"\$annotty\" in $_slow" # standard error is none
	expect_err
}

a_bar_can_be_asked_for() {
	make_log 20000 >in
	run_shell "\"\$annotty\" --progress in $_slow"
	expect_err '%' 'MiB/s'
	run_shell "cat in | \"\$annotty\" --progress $_slow"
	expect_err 'MiB/s'
	expect_not "a share of an unknown size" grep -q '%' "$err"
}

a_short_run_has_no_bar() {
	echo x >in
	run_on_terminal '"$annotty" in >/dev/null'
	expect_out ''
}

run_all "$@"
