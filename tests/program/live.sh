#!/bin/bash
# The filter on what has no end: ports, sockets, files that grow, commands.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/device.sh"

# --- ports ----------------------------------------------------------------------------

a_port_is_annotated_until_ctrl_c() {
	plug_in dut
	start -b 115200 dut
	wait_until grep -q open dut.log
	say dut 'TLS status = 0x107\r\nhalf'
	expect_soon "TLS status = 0x107 [$_tls" started.out
	expect_soon half started.out
	stop INT
	expect_status 130
	expect_equal "$(tail -n 1 started.out)" half
	expect_equal "$(cat started.err)" ''
}

a_port_goes_on_when_it_is_plugged_again() {
	plug_in dut
	start -s name -b 115200 dut
	say dut 'one\n'
	expect_soon one started.out
	unplug dut
	expect_soon 'the device is gone; waiting for it' started.err
	plug_in dut
	say dut 'status = 0x107\n'
	expect_soon "0x107 [$_tls]" started.out
	stop
	expect_status 143
	expect_equal "$(times 'gone' started.err) $(times 'is there' started.err)" '1 1'
}

a_port_that_is_not_there_is_awaited_and_said_once() {
	mkdir dev
	start -b 9600 dev/dut
	expect_soon 'dev/dut: No such file or directory; waiting for it' started.err
	plug_in dev/dut
	say dev/dut 'hello\n'
	expect_soon hello started.out
	expect_equal "$(times waiting started.err)" 1
	stop
}

without_reconnecting_a_lost_port_ends_with_3() {
	plug_in dut
	start --no-reconnect -b 115200 dut
	say dut 'TLS status = 0x107\nhalf'
	expect_soon half started.out
	unplug dut
	finish
	expect_status 3
	expect_equal "$(tail -n 1 started.out)" half
	expect_soon 'dut: the device is gone' started.err
	run --no-reconnect -b 115200 missing
	expect_status 3
	expect_err 'missing: No such file or directory'
}

# _look_on [OPTIONS]: a terminal on which the port is read; what it shows is in `shown`.
_look_on() {
	annotty=$annotty script -qec "\"\$annotty\" ${1-} -b 115200 dut" /dev/null \
		</dev/null >shown 2>&1 &
	pid=$!
	_started+=("$pid")
}

a_message_does_not_stand_behind_half_a_line_on_the_terminal() {
	local option

	for option in '' --no-reconnect; do
		plug_in dut
		_look_on "$option"
		say dut 'one\r\nhalf'
		expect_soon half shown
		unplug dut
		expect_soon 'the device is gone' shown
		expect "the message has a line of its own" grep -q $'^annotty: dut: the' shown
		expect "the half line as well" grep -q $'^half\r*$' shown
		[ -n "$option" ] || stop # it waits for the port
	done
	finish
	expect_status 3
}

# _shown COMMAND: what the terminal shows of it, but for the end of input that script(1)
# types.
_shown() {
	run_on_terminal "$1"
	tr -d '\r' <"$out" | sed 's/\^@//'
}

what_is_told_at_the_end_does_not_stand_behind_half_a_line_on_the_terminal() {
	expect_equal "$(_shown '"$annotty" --summary -- printf half')" 'half
0 status values of 0 codes on 0 of 1 line'
	expect_equal "$(_shown '"$annotty" --quit-on=x --timeout=0.4 -- sh -c "printf half; sleep 30"')" 'half
annotty: --timeout came before --quit-on "x"'
	expect_equal "$(_shown '"$annotty" -- printf half; printf behind')" halfbehind
}

a_line_that_ends_with_cr_alone_is_annotated_on_the_terminal_when_it_is_the_last() {
	plug_in dut
	_look_on '--no-reconnect --color=never -s name'
	say dut '10%\rstatus = 0x107\r'
	expect_soon 'status = 0x107' shown
	unplug dut
	expect_soon "status = 0x107 [$_tls]" shown
	finish
}

# A pseudo-terminal keeps 8 bits without parity, whatever it is asked for.
options_of_ports_set_the_terminal_and_tell_what_it_does_not_have() {
	local mode

	plug_in dut
	start -b 9600 --databits=7 --parity=odd --stopbits=2 --flow=rtscts --rts=keep --dtr=on dut
	say dut 'x\n'
	expect_soon x started.out
	stty -aF dut >modes
	for mode in 'speed 9600' ' parodd' ' cstopb' ' crtscts' '-ixon'; do
		expect "$mode" grep -q -- "$mode" modes
	done
	expect_soon 'dut: has no DTR to switch on' started.err
	stop
	start --flow=xonxoff --rts=off dut
	say dut 'y\n'
	expect_soon y started.out
	stty -aF dut >modes
	expect "software flow control" grep -q ' ixon' modes
	expect "no hardware flow control" grep -q -- '-crtscts' modes
	expect_soon 'dut: has no RTS to switch off' started.err
	stop
}

keys_of_the_settings_stand_behind_the_path() {
	plug_in dut
	start "dut?baudrate=19200&dtr=keep"
	say dut 'x\n'
	expect_soon x started.out
	expect_equal "$(stty -F dut speed)" 19200
	stop
	run 'dut?baudrate=fast'
	expect_status 2
	expect_err '"dut?baudrate=fast": baudrate: "fast" does not fit; expected a number'
	run 'dut?boadrate=9600'
	expect_status 2
	expect_err 'unknown key "boadrate"; did you mean "baudrate"?'
	run --parity=odd --databits=9 dut
	expect_status 2
	expect_err '--databits: databits: "9" does not fit; expected a number from 5 to 8'
}

a_port_in_use_is_awaited_and_its_owner_named() {
	plug_in dut
	start -b 115200 dut
	say dut 'x\n'
	expect_soon x started.out
	run --no-reconnect -b 115200 dut
	expect_status 3
	expect_err 'dut: in use by annotty'
	stop
}

# _both_pause N: lines number N of two devices, with a pause in each that is five times as
# long as it takes for a prompt of a single device. Fails if the machine has made it so
# long that anything may be shown.
_both_pause() {
	local began=${EPOCHREALTIME/./}

	say a "up $1 "
	say b 'status '
	sleep 0.1
	say a "and running\n"
	say b "= 0x107, $1\n"
	expect_soon "0x107 [$_tls], $1" started.out
	[ $((${EPOCHREALTIME/./} - began)) -lt 400000 ]
}

several_devices_that_pause_in_their_lines_do_not_cut_each_other() {
	local tries=1

	plug_in a
	plug_in b
	start -s name -b 115200 a b
	until _both_pause "$tries"; do
		tries=$((tries + 1))
		[ "$tries" -lt 50 ] || break
	done
	expect_equal "$(grep "$tries\b" started.out | sort)" "[a] up $tries and running
[b] status = 0x107 [$_tls], $tries"
	say a 'login: '
	expect_soon '[a] login: ' started.out
	stop
}

several_inputs_are_read_at_once_with_labels() {
	plug_in a
	plug_in b
	start -s name -b 115200 a b
	say b 'from b\n'
	expect_soon '[b] from b' started.out
	say a 'status = 0x107\n'
	expect_soon "[a] status = 0x107 [$_tls]" started.out
	stop
}

# --- ends -----------------------------------------------------------------------------

quit_on_takes_a_prompt_without_a_line_end() {
	plug_in dut
	start -b 115200 --quit-on 'login: $' dut
	say dut 'booting\nstatus = 0x107\nlogin: '
	finish
	expect_status 0
	expect_equal "$(tail -n 1 started.out)" 'login: '
	expect_soon "[$_tls" started.out
	start -b 115200 --quit-on 'login: $' --fail-on=error dut
	say dut 'booting\nstatus = 0x107\nlogin: '
	finish
	expect_status 1
}

a_timeout_ends_a_port() {
	plug_in dut
	start -b 115200 --timeout 0.5 dut
	say dut 'x\n'
	finish
	expect_status 0
	start -b 115200 --timeout 0.5 --quit-on ready dut
	say dut 'not yet\n'
	finish
	expect_status 3
	expect_soon '--timeout came before --quit-on "ready"' started.err
}

fail_on_and_a_summary_work_on_a_port() {
	plug_in dut
	start -b 115200 --fail-on="$_tls" --summary --quit-on 'done' dut
	say dut 'status = 0x107\ndone\n'
	finish
	expect_status 1
	expect_soon "0x107 $_tls" started.err
	start -b 115200 --fail-on="$_tls" --quit-on 'done' dut
	say dut 'status = 0x11B\ndone\n'
	finish
	expect_status 0
}

lines_with_context_are_shown_as_they_come() {
	plug_in dut
	start -b 115200 -s name -m -C 1 dut
	say dut '1\n2\nstatus = 0x107\n4\n5\n6\nstatus = 0x107\n8\n'
	expect_soon 8 started.out
	expect_equal "$(cat started.out)" "2
status = 0x107 [$_tls]
4
--
6
status = 0x107 [$_tls]
8"
	stop
}

a_reader_that_goes_away_ends_it_quietly() {
	plug_in dut
	"$annotty" -b 115200 dut 2>started.err | head -n 1 >started.out &
	pid=$!
	_started+=("$pid")
	say dut 'one\n'
	expect_soon one started.out
	wait_until eval 'say dut "two\n"; ! kill -0 "$pid"'
	wait_until eval '! grep -q open <(tail -n 1 dut.log)' # nobody has the port
	expect_equal "$(cat started.err)" ''
}

# --- sockets --------------------------------------------------------------------------

_port() {
	port=$((20000 + RANDOM % 20000))
}

a_server_is_read_and_connected_to_again() {
	_port
	start -s name "tcp://127.0.0.1:$port?retry=20ms&retry-most=50ms"
	expect_soon "tcp://127.0.0.1:$port" started.err # not there yet
	printf 'status = 0x107\nhalf' | socat -u - "TCP-LISTEN:$port,reuseaddr"
	expect_soon "0x107 [$_tls]" started.out
	printf 'again\n' | socat -u - "TCP-LISTEN:$port,reuseaddr"
	expect_soon again started.out
	expect_equal "$(sed 1d started.out)" 'half
again'
	stop
	expect_status 143
}

without_reconnecting_the_end_of_a_connection_is_the_end() {
	printf 'status = 0x107\n' | socat -u - UNIX-LISTEN:dut &
	_started+=("$!")
	wait_until test -S dut
	run -s name --no-reconnect unix:dut
	expect_out "status = 0x107 [$_tls]\n"
	expect_status 0
	run --no-reconnect unix:dut
	expect_status 3
	expect_err dut
}

devices_connect_to_us() {
	_port
	start -s name "tcp-listen://$port" unix-listen:dut
	wait_until test -S dut
	wait_until eval "printf 'one\n' | socat -u - TCP:127.0.0.1:$port"
	expect_soon "[tcp-listen://$port] one" started.out
	printf 'status = 0x107\n' | socat -u - UNIX-CONNECT:dut
	expect_soon "[unix-listen:dut] status = 0x107 [$_tls]" started.out
	stop
	expect_not "the socket stays" test -e dut
}

outputs_of_the_command_line_serve_readers() {
	_port
	plug_in dut
	start -b 115200 -o - -o unix-listen:live -o "tcp-listen://127.0.0.1:$port?format=json" dut
	read_from UNIX-CONNECT:live one
	read_from "TCP:127.0.0.1:$port" two
	say dut 'status = 0x107\n'
	expect_soon "0x107 [$_tls" started.out
	expect_soon "0x107 [$_tls" one
	expect_soon '"value":263' two
	stop
}

a_collector_is_connected_to() {
	socat -u UNIX-LISTEN:collector CREATE:collected &
	_started+=("$!")
	wait_until test -S collector
	run_shell 'echo "status = 0x107" | "$annotty" -o "unix:collector?format=json"'
	expect_status 0
	expect_soon '"value":263' collected
}

# --- files ----------------------------------------------------------------------------

a_file_is_followed_over_rotation_truncation_and_creation() {
	printf 'old\n' >log
	start -s name -f log
	wait_until eval 'echo "first" >>log; grep -q first started.out'
	expect_not "what was there is shown" grep -q old started.out
	mv log log.1
	printf 'status = 0x107\n' >log
	expect_soon "0x107 [$_tls]" started.out
	: >log # what comes behind is shorter than what was there
	printf 'truncated\n' >>log
	expect_soon 'truncated' started.out
	rm log
	printf 'made again\n' >log
	expect_soon 'made again' started.out
	stop
	expect_status 143
}

a_file_that_is_not_there_yet_is_followed_from_its_start() {
	start -s name -f later
	expect_soon 'later: No such file or directory; waiting for it' started.err
	printf 'status = 0x107\n' >later
	expect_soon "0x107 [$_tls]" started.out
	stop
	start -s name -f --from-start --quit-on end later
	printf 'the end\n' >>later
	finish
	expect_status 0
	expect_equal "$(cat started.out)" "status = 0x107 [$_tls]
the end"
}

# --- commands -------------------------------------------------------------------------

a_command_is_annotated_and_its_exit_status_is_ours() {
	run -s name -- sh -c 'echo "status = 0x107"; exit 7'
	expect_status 7
	expect_equal "$(tr -d '\r' <"$out")" "status = 0x107 [$_tls]"
	run -- true
	expect_status 0
	run --fail-on=any -- sh -c 'echo "status = 0x107"'
	expect_status 1
	run -- sh -c 'kill -TERM $$'
	expect_status 143
	run -- sh -c 'test -t 1 && test -t 2'
	expect_status 0
	run_shell 'echo "status = 0x107" | "$annotty" -s name -- cat'
	expect_equal "$(tr -d '\r' <"$out")" "status = 0x107 [$_tls]"
}

a_command_that_cannot_be_run_is_told_as_shells_do() {
	run -- ./missing
	expect_status 127
	expect_err 'annotty: cannot run ./missing: No such file or directory'
	run -- no-such-command-anywhere
	expect_status 127
	echo text >text
	run -- ./text
	expect_status 126
	expect_err 'annotty: cannot run ./text: Permission denied'
	run -- .
	expect_status 126
	# What is not the command's fault is not told as if it were.
	run -o file:missing/out -- ./missing
	expect_status 3
	expect_err 'missing/out": No such file or directory'
}

a_command_that_is_left_behind_has_no_exit_status() {
	run --quit-on ready -- sh -c 'echo ready; sleep 60'
	expect_status 0
	run --timeout 0.3 -- sleep 60
	expect_status 0
}

# _shows WORD: the terminal of tmux does.
_shows() {
	tmux -S tmux capture-pane -p -J -t test | grep -qF -e "$1"
}

# _in_tmux COMMAND: on a terminal of 132 columns, with $annotty in it. The shell tells
# how it ended.
_in_tmux() {
	tmux -S tmux -f /dev/null new-session -d -s test -x 132 -y 24 \
		"annotty='$annotty' TERM=screen sh -c 'trap : INT; $1; echo ended with \$?; exec sleep 60'"
	_started+=("$(tmux -S tmux display-message -p '#{pid}')")
}

_type() {
	tmux -S tmux send-keys -t test "$@"
}

_expect_shown() {
	checks=$((checks + 1))
	wait_until _shows "$1" ||
		_fail "not shown: $1" "$(tmux -S tmux capture-pane -p -t test | head -n 20)"
}

ctrl_c_on_a_terminal_ends_it() {
	have tmux || return 0
	plug_in dut
	_in_tmux '"$annotty" -s name -b 115200 dut'
	wait_until grep -q open dut.log
	say dut 'status = 0x107\n'
	_expect_shown "status = 0x107 [$_tls]"
	_type C-c
	_expect_shown 'ended with 130'
}

a_command_has_the_terminal_its_keys_and_its_size() {
	have tmux || return 0
	_in_tmux '"$annotty" -s name -- sh -c "stty size; read -r line; echo \"status = \$line\"; read -r line"'
	_expect_shown '24 132'
	_type -l 0x107
	_type Enter
	_expect_shown "status = 0x107 [$_tls]"
	_type C-c
	_expect_shown 'ended with 130'
}

messages_begin_their_lines_on_a_raw_terminal_too() {
	have tmux || return 0
	_in_tmux '"$annotty" -v -s name -- sh -c "echo one; echo status = 0x107; echo two; read -r line"'
	_expect_shown two
	# On raw terminals a LF alone would leave what comes next far from the left.
	_expect_shown 'by rule'
	expect_equal "$(tmux -S tmux capture-pane -p -t test | grep -cE '^(one|status = 0x107 .*|annotty: .* by rule .*)$')" 3
	_type C-c
}

# _row WORDS: the row of the screen that begins with them.
_row() {
	tmux -S tmux capture-pane -p -t test | grep -m 1 -e "^$1"
}

a_progress_bar_stays_on_its_row_and_is_annotated_when_it_is_done() {
	have tmux || return 0
	_in_tmux '"$annotty" -- sh -c "echo begin; for i in 1 2 3; do printf \"status = 0x107 \$i\\\\r\"; sleep 0.1; done; read -r x; echo; echo end; read -r x"'
	_expect_shown 'status = 0x107 3'
	expect_equal "$(_row status)" 'status = 0x107 3'
	_type Enter
	# With the Enter the row is over.
	_expect_shown "status = 0x107 3 [$_tls"
	expect_equal "$(tmux -S tmux capture-pane -p -t test | grep -c status)" 1
	_type C-c
}

the_alternate_screen_is_left_alone() {
	have tmux less || return 0
	printf 'status = 0x107\n' >text
	_in_tmux '"$annotty" -s name -- sh -c "echo status = 0x107; less text; echo back; echo status = 0x107"'
	_expect_shown text
	expect_equal "$(_row status)" 'status = 0x107'
	_type q
	_expect_shown 'ended with 0'
	expect_equal "$(tmux -S tmux capture-pane -p -t test | grep -cF "status = 0x107 [$_tls]")" 2
}

an_editor_shows_what_is_typed() {
	have tmux vim || return 0
	_in_tmux '"$annotty" -s name -- vim -u NONE -n text'
	_expect_shown '"text"'
	_type -l 'istatus = 0x107 and more'
	_expect_shown 'and more'
	expect_equal "$(_row status)" 'status = 0x107 and more'
	_type Escape
	_type -l '0Rrc' # over what stands there
	_expect_shown 'rcatus'
	_type Escape
	_type -l ':wq'
	_type Enter
	_expect_shown 'ended with 0'
	expect_equal "$(cat text)" 'rcatus = 0x107 and more'
}

a_line_that_is_edited_while_it_is_typed_stays_as_it_is() {
	have tmux || return 0
	_in_tmux '"$annotty" -s name -- bash --norc --noediting -c "read -e -r -p \"> \" x; echo \"\$x\""'
	_expect_shown '>'
	_type -l 'status = 0x107 ad'
	_expect_shown '> status = 0x107 ad'
	sleep 0.7 # after that a half line is annotated elsewhere
	_type BSpace BSpace
	_type -l end
	_expect_shown '> status = 0x107 end'
	_type Enter
	_expect_shown 'ended with 0'
	expect_equal "$(_row '>')" '> status = 0x107 end'
	expect_equal "$(_row status)" "status = 0x107 [$_tls] end"
}

# _terminal_program COMMAND QUIT...: a terminal program on a device stays what it is.
_terminal_program() {
	plug_in dut
	_in_tmux "\"\$annotty\" -s name -- $1"
	wait_until grep -q open dut.log
	# It may flush what came before it was ready.
	wait_until eval 'say dut "status = 0x107\r\n"; _shows "0x107"'
	_expect_shown "status = 0x107 [$_tls]"
	_type -l hello
	expect "keys go to the device" \
		wait_until eval "sed -n 's/^keys //p' dut.log | tr -d '\n' | grep -q hello"
	shift
	_type "$@"
	_expect_shown 'ended with 0'
}

tio_works_inside() {
	have tmux tio || return 0
	_terminal_program 'tio ./dut' C-t q
}

picocom_works_inside() {
	have tmux picocom || return 0
	_terminal_program 'picocom -b 115200 ./dut' C-a C-x
}

run_all "$@"
