#!/bin/bash
# The daemon from outside: devices come, go and talk, readers listen, signals arrive.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/device.sh"

# _bench: a device at ./dut and a daemon that reads it, with text and JSON to files.
_bench() {
	plug_in dut
	configure <<-'END'
		[source dut]
		input = dut
		baudrate = 115200
		[output text]
		output = file:text
		style = name
		[output json]
		output = file:json
		format = json
	END
	start_daemon
	expect_soon '"event":"connected"' json
}

# --- ports ----------------------------------------------------------------------------

lines_come_with_label_and_name_and_in_json_with_place() {
	_bench
	say dut 'booting\nTLS status = 0x107\n'
	expect_soon "[dut] TLS status = 0x107 [$_tls]" text
	expect_soon "$_tls" json
	expect_equal "$(jq -c 'select(.line) | [.source, .seq, .offset, .line,
		(.annotations[] | .start, .end, .value)]' json)" \
		'["dut",1,0,"booting"]
["dut",2,8,"TLS status = 0x107",13,18,263]'
	stop
	expect_status 0
	expect_equal "$(cat text)" "[annotty] dut: connected
[dut] booting
[dut] TLS status = 0x107 [$_tls]"
}

a_device_that_is_unplugged_is_awaited_and_taken_again() {
	_bench
	say dut 'half a li'
	expect_soon 'half a li' text
	unplug dut
	expect_soon '"event":"disconnected"' json
	plug_in dut
	expect_soon '"away":' json
	say dut 'back again\n'
	expect_soon 'back again' json
	expect_equal "$(jq -r '.event // .line' json)" "connected
half a li
disconnected
connected
back again"
	jq -c 'select(.event)' json >events
	expect_equal "$(jq -r '.source' events | sort -u)" dut
	expect_equal "$(jq -r 'select(.event == "disconnected") | .reason' events)" unplugged
	expect "a time away" jq -se '.[2].away > 0 and .[2].away < 60' events
	expect_equal "$(sed 's/after [0-9.]* s/after N s/' text)" "[annotty] dut: connected
[dut] half a li
[annotty] dut: disconnected: unplugged
[annotty] dut: connected after N s
[dut] back again"
	run status "$PWD/control" --json
	expect_equal "$(jq -c '.sources[0] | [.connected, .connects, .lines]' "$out")" '[true,2,2]'
}

a_device_that_is_missing_at_the_start_is_said_once_and_awaited() {
	mkdir dev
	configure <<-'END'
		[source dut]
		input = dev/dut
		baudrate = 9600
		[output json]
		output = file:json
		format = json
	END
	start_daemon
	expect_soon dev/dut daemon.err
	plug_in dev/dut
	say dev/dut 'hello\n'
	expect_soon hello json
	unplug dev/dut
	expect_soon disconnected json
	plug_in dev/dut
	say dev/dut 'again\n'
	expect_soon again json
	expect_equal "$(times 'No such file' daemon.err)" 1
}

a_value_that_drips_is_never_cut() {
	local i text='TLS status = 0x107, alert sent'

	_bench
	for ((i = 0; i < ${#text}; i++)); do
		say dut "${text:i:1}"
		sleep 0.03
	done
	say dut '\n'
	expect_soon '"annotations":[{' json
	expect_equal "$(tail -n 1 text)" "[dut] TLS status = 0x107 [$_tls], alert sent"
}

a_prompt_is_shown_without_a_line_end() {
	_bench
	say dut 'login: '
	expect_soon '[dut] login: ' text
	say dut 'root\nok\n'
	expect_soon ok text
	expect_equal "$(sed 1d text)" "[dut] login: root
[dut] ok"
}

a_time_is_that_of_the_first_byte_of_a_line() {
	_bench
	say dut 'ready\n'
	expect_soon ready json
	local begin end

	begin=$(date +%s.%N)
	say dut 'T'
	sleep 0.4
	end=$(date +%s.%N)
	say dut 'LS status = 0x107\n'
	expect_soon "$_tls" json
	jq -r 'select(.line) | .ts' json | tail -n 1 >ts
	expect "between the first byte and the others" \
		perl -e 'exit !($ARGV[0] <= $ARGV[1] && $ARGV[1] < $ARGV[2])' \
		"$begin" "$(date -d "$(cat ts)" +%s.%N)" "$end"
}

a_flood_comes_whole() {
	_bench
	make_log 20000 >flood
	cat flood >&"${_device_fd[dut]}"
	expect_soon '"seq":20000,' json
	sed -e 1d -e 's/^\[dut\] //' text | strip >found
	expect_same found flood
	expect_equal "$(jq -n 'reduce (inputs | select(.seq)) as $l (0; if $l.seq == . + 1
		then $l.seq else error("seq") end)' json)" 20000
}

lines_of_several_sources_stay_whole_and_in_order_of_time() {
	local i

	plug_in a
	plug_in b
	configure <<-'END'
		[source a]
		input = a
		baudrate = 115200
		[source b]
		input = b
		baudrate = 115200
		[output text]
		output = file:text
		events = no
		[output json]
		output = file:json
		format = json
	END
	start_daemon
	wait_until eval '[ "$(times connected json)" -eq 2 ]'
	: >expected
	for i in 1 2 3 4 5; do
		say a "a$i\n"
		expect_soon "\"a$i\"" json
		say b "b$i\n"
		expect_soon "\"b$i\"" json
		printf '[a] a%d\n[b] b%d\n' "$i" "$i" >>expected
	done
	expect_same text expected
	# Both at once, in pieces: lines stay whole, and times ascend.
	for i in 1 2 3 4 5 6 7 8 9; do
		say a "one $i "
		say b "two $i "
		say a "and one $i\n"
		say b "and two $i\n"
	done
	expect_soon 'one 9 and one 9' json
	expect_soon 'two 9 and two 9' json
	tail -n +11 text | sort >found
	for i in 1 2 3 4 5 6 7 8 9; do
		printf '[a] one %d and one %d\n[b] two %d and two %d\n' "$i" "$i" "$i" "$i"
	done | sort >expected
	expect_same found expected
	jq -r 'select(.line) | .source + " " + .ts' json | sort -c -k 1,1 -s 2>/dev/null
	for i in a b; do
		expect "times ascend" sort -c <(jq -r "select(.source == \"$i\") | .ts" json)
	done
}

# --- reload ---------------------------------------------------------------------------

a_reload_leaves_alone_what_has_not_changed() {
	plug_in one
	plug_in two
	configure <<-'END'
		[source one]
		input = one
		baudrate = 115200
		[source two]
		input = two
		baudrate = 115200
		[output json]
		output = file:json
		format = json
		[output live]
		output = unix-listen:live
		label = no
		events = no
		sources = one
	END
	start_daemon
	wait_until eval '[ "$(times connected json)" -eq 2 ]'
	read_from UNIX-CONNECT:live read
	say one 'before\nin mid-'
	expect_soon 'in mid-' read
	# Another output, one source less, one that is new.
	plug_in three
	sed -i -e 's/^\[source two\]/[source three]/' -e 's/^input = two/input = three/' annotty.conf
	printf '[output text]\noutput = file:text\nstyle = name\n' >>annotty.conf
	reload
	say one 'line\nTLS status = 0x107\n'
	expect_soon "[one] TLS status = 0x107 [$_tls]" text
	expect_soon '0x107 [' read
	expect_equal "$(head -n 2 read)" 'before
in mid-line'
	expect_equal "$(times open one.log) $(times close one.log)" '1 0'
	expect_equal "$(jq -rs 'map(select(.source == "one" and .event)) | length' json)" 1
	wait_until grep -q close two.log
	expect_equal "$(times open two.log) $(times close two.log)" '1 1'
	say three 'hello\n'
	expect_soon '"hello"' json
	run status "$PWD/control" --json
	expect_equal "$(jq -c '[.sources[].name], [.outputs[].name]' "$out")" '["one","three"]
["json","live","text"]'
}

an_output_that_has_changed_is_made_anew_under_its_name() {
	plug_in dut
	configure <<-'END'
		[source dut]
		input = dut
		baudrate = 115200
		[output live]
		output = unix-listen:live
		label = no
		events = no
		[output net]
		output = tcp-listen://127.0.0.1:0
	END
	start_daemon
	read_from UNIX-CONNECT:live old
	say dut 'one\n'
	expect_soon one old
	sed -i 's/^label = no/format = json/' annotty.conf
	reload
	read_from UNIX-CONNECT:live new
	say dut 'two\n'
	expect_soon '"line":"two"' new
	expect_equal "$(cat old)" one
	expect_not "it complains" grep -qi 'in use' daemon.err
	expect_equal "$(times open dut.log)" 1
}

settings_of_a_port_can_change() {
	_bench
	sed -i 's/^baudrate = .*/baudrate = 9600/' annotty.conf
	reload
	wait_until eval '[ "$(times '"'"'"event":"connected"'"'"' json)" -eq 2 ]'
	expect_equal "$(stty -F dut speed)" 9600
	say dut 'slower\n'
	expect_soon slower json
	expect_not "it is in use" grep -qi 'in use\|busy' daemon.err
	expect_equal "$(times 'waiting for it' daemon.err)" 0
}

a_reload_with_mistakes_changes_nothing_and_names_them() {
	_bench
	cp annotty.conf good.conf
	{
		grep -v '^style' good.conf
		printf 'formt = json\n[source dut]\nbaudrate = fast\n[rule x]\npatern = x\n'
	} >annotty.conf
	reload
	expect_soon 'annotty.conf:11: unknown key "formt"' daemon.err
	expect_soon 'annotty.conf:13: baudrate: "fast" does not fit' daemon.err
	expect_soon 'annotty.conf:15: unknown key "patern"' daemon.err
	expect_soon 'the configuration stays as it was' daemon.err
	say dut 'TLS status = 0x107\n'
	expect_soon "[$_tls]" text
	expect_equal "$(times open dut.log) $(times close dut.log)" '1 0'
	# Wrong rules and tables count as well.
	{
		cat good.conf
		printf '[rule x]\npatern = (?<code>1)\n'
	} >annotty.conf
	reload
	expect_soon 'unknown key "patern"' daemon.err
	{
		cat good.conf
		printf '[table x]\nfile = missing.tsv\n'
	} >annotty.conf
	reload
	expect_soon 'missing.tsv: No such file or directory' daemon.err
	rm annotty.conf
	reload
	expect_soon 'annotty.conf: No such file or directory' daemon.err
	cp good.conf annotty.conf
	reload
	expect_soon 'loaded anew' daemon.err
	expect_equal "$(times 'loaded anew' daemon.err)" 1
}

what_only_a_start_takes_up_is_told() {
	local later='is taken up at the next start'

	mkdir state other
	configure <<-'END'
		state-directory = state
		[output text]
		output = file:text
	END
	start_daemon
	sed -i -e '/^control/d' -e 's/^state.*/state-directory = other/' \
		-e '1a line-limit = 1M\nmetrics = 127.0.0.1:9106' annotty.conf
	reload
	expect_equal "$(grep -F "$later" daemon.err | sed 's/^annotty: //')" \
		"annotty.conf:2: line-limit $later
annotty.conf:4: state-directory $later
annotty.conf:3: metrics $later
annotty.conf: control $later"
	# The directory is that of the start, whose configuration is gone.
	printf '[output late]\noutput = unix:nobody?spool=1M\n' >>annotty.conf
	reload
	expect "a spool where the start said" wait_until eval 'ls state/*late*'
	expect_equal "$(ls other)" ''
	sed -i -e '/^line-limit/d' -e '/^metrics/d' -e 's/^state.*/state-directory = state/' \
		-e "1a control = $PWD/control" annotty.conf
	reload
	expect_equal "$(times "$later" daemon.err)" 8
}

a_reload_tries_again_what_could_not_start() {
	_bench
	mkdir late
	touch taken
	printf '[source late]\ninput = late\n[output taken]\noutput = unix-listen:taken\n' >>annotty.conf
	reload
	expect_soon '"unix-listen:taken": listen: Address already in use' daemon.err
	expect_soon 'late: Is a directory' daemon.err
	rmdir late
	rm taken
	reload
	wait_until test -S taken
	expect "it listens now" test -S taken
	expect_soon 'late: No such file or directory; waiting for it' daemon.err
	expect_equal "$(times open dut.log)" 1
}

a_new_drain_counts_at_once() {
	plug_in dut
	configure <<-'END'
		drain = 1h
		[source dut]
		input = dut
		baudrate = 115200
		[output nobody]
		output = unix:nobody
	END
	start_daemon
	wait_until eval '"$annotty" status --json control | jq -e ".outputs[0].queued_bytes > 0"'
	sed -i 's/^drain.*/drain = 100ms/' annotty.conf
	reload
	stop
	expect_status 0
	expect_soon 'bytes not written' daemon.err
}

new_rules_and_tables_count_for_the_next_line() {
	_bench
	say dut 'modem: attach 0x2001\n'
	expect_soon 'attach 0x2001' text
	printf '0x2001\tMODEM_NO_SIM\tNo SIM card.\n' >modem.tsv
	printf '[table modem]\nfile = modem.tsv\n[rule modem]\npattern = modem: .* (?<code>0x\\w+)\n' >>annotty.conf
	reload
	say dut 'modem: attach 0x2001\n'
	expect_soon 'attach 0x2001 [MODEM_NO_SIM]' text
	printf '0x2001\tMODEM_GONE\tGone.\n' >modem.tsv
	reload
	say dut 'modem: attach 0x2001\n'
	expect_soon 'attach 0x2001 [MODEM_GONE]' text
	expect_equal "$(times open dut.log)" 1
}

annotations_stand_where_the_output_says_and_successes_if_asked_for() {
	plug_in dut
	configure <<-'END'
		annotate-ok = yes
		[source dut]
		input = dut
		baudrate = 115200
		[output suffix]
		output = file:suffix
		annotate = suffix
		style = name
		label = no
		[output below]
		output = file:below
		annotate = below
		style = name
		label = no
	END
	start_daemon
	expect_soon 'dut: connected' suffix
	say dut 'TLS status = 0x107, again\nnx_ip_create status = 0x00\n'
	expect_soon "TLS status = 0x107, again [$_tls]" suffix
	expect_soon "             ^~~~~ [$_tls]" below
	expect_soon 'NX_SUCCESS' suffix
}

files_are_opened_anew_on_sighup() {
	_bench
	say dut 'one\n'
	expect_soon one text
	mv text text.old
	reload
	say dut 'two\n'
	expect_soon '[dut] two' text
	expect_equal "$(cat text)" '[dut] two'
	expect_not "the old file goes on" grep -q two text.old
}

# --- signals and the log --------------------------------------------------------------

sigterm_in_mid_line_writes_all_and_exits_0() {
	_bench
	read_from OPEN:text,ignoreeof read
	say dut 'a line\nTLS status = 0x107'
	expect_soon '0x107' text
	stop TERM
	expect_status 0
	expect_equal "$(tail -n 2 text)" "[dut] a line
[dut] TLS status = 0x107 [$_tls]"
	expect_equal "$(jq -r 'select(.line) | .line' json | tail -n 1)" 'TLS status = 0x107'
	expect_not "the control socket stays" test -e control
}

sigterm_gives_readers_what_waits_for_them() {
	plug_in dut
	configure <<-'END'
		[source dut]
		input = dut
		baudrate = 115200
		[output live]
		output = unix-listen:live
		label = no
		events = no
		queue = 64M
	END
	start_daemon
	socat -u UNIX-CONNECT:live,rcvbuf=4096 SYSTEM:'read -r line; echo "$line"; while [ ! -e go ]\; do sleep 0.05\; done; cat' >./read &
	_started+=("$!")
	say dut 'first\n'
	wait_until eval 'say dut "first\n"; grep -q first read'
	make_log 30000 >flood
	cat flood >&"${_device_fd[dut]}"
	wait_until eval '"$annotty" status --json control | jq -e ".sources[0].lines > 30000"'
	kill -TERM "$pid"
	touch go
	finish
	expect_status 0
	wait_until eval "[ \$(grep -vc first read) -eq 30000 ]"
	expect_same <(grep -v first read | strip) flood
}

sigusr1_writes_statistics_to_the_log() {
	_bench
	say dut 'TLS status = 0x107\nhalf'
	expect_soon half text
	kill -USR1 "$pid"
	expect_soon 'dut: connected, 23 bytes, 1 lines, 1 codes, 0 gaps, 0 overruns' daemon.err
	expect_soon 'json: connected, ' daemon.err
	say dut 'on\n'
	expect_soon half json
}

statistics_tell_a_listener_without_readers_from_one_that_is_away() {
	configure <<-'END'
		[output lab]
		output = unix-listen:lab.sock
		[output collector]
		output = unix:nobody.sock
	END
	start_daemon
	expect_soon 'running: ' daemon.err
	kill -USR1 "$pid"
	expect_soon 'lab: listening, ' daemon.err
	expect_soon 'collector: away, ' daemon.err
}

its_log_has_priorities_when_it_is_the_journal() {
	plug_in dut
	configure <<-'END'
		[source dut]
		input = dut
		baudrate = 115200
	END
	mkfifo journal
	cat journal >logged &
	_started+=("$!")
	exec {journal}>journal
	JOURNAL_STREAM=$(stat -L -c %d:%i "/proc/self/fd/$journal") \
		"$annotty" run -c annotty.conf >daemon.out 2>&"$journal" &
	pid=$!
	_started+=("$pid")
	expect_soon '<5>running: 1 source, 1 output' logged
	kill -HUP "$pid"
	expect_soon '<5>annotty.conf: loaded anew' logged
	echo bad >>annotty.conf
	kill -HUP "$pid"
	expect_soon '<3>annotty.conf:' logged
	stop
	exec {journal}>&-
	expect_not "lines without" grep -qv '^<[0-7]>' logged
	# Another stream than the journal's.
	sed -i '/^bad/d' annotty.conf
	JOURNAL_STREAM=1:2 start_daemon
	expect_soon 'annotty: running: 1 source, 1 output' daemon.err
}

quiet_and_verbose_win_over_the_configuration() {
	_bench
	sed -i 's/^\[annotty\]/&\nlog = error/' annotty.conf
	kill -HUP "$pid"
	wait_until grep -q 'log = error' annotty.conf
	stop
	expect_status 0
	start run -v -c annotty.conf
	wait_until grep -q 'running: ' started.err
	stop
	start run -c annotty.conf
	wait_until test -S control
	say dut 'x\n'
	stop
	expect_equal "$(cat started.err)" ''
}

it_needs_no_terminal_and_no_standard_input() {
	plug_in dut
	configure <<-'END'
		[source dut]
		input = dut
		baudrate = 115200
	END
	setsid "$annotty" run -c annotty.conf <&- >daemon.out 2>daemon.err &
	pid=$!
	_started+=("$pid")
	wait_until grep -q running: daemon.err
	say dut 'TLS status = 0x107\n'
	expect_soon "[dut] TLS status = 0x107 [$_tls" daemon.out
	stop
	expect_status 0
}

# --- readers --------------------------------------------------------------------------

socat_and_nc_read_as_many_as_they_like() {
	local port=$((20000 + RANDOM % 10000))

	have nc || return 0
	plug_in dut
	configure <<-END
		[source dut]
		input = dut
		baudrate = 115200
		[output live]
		output = unix-listen:live
		style = name
		[output net]
		output = tcp-listen://127.0.0.1:$port
		format = json
	END
	start_daemon
	read_from UNIX-CONNECT:live one
	read_from "TCP:127.0.0.1:$port" two
	nc -U live >three &
	_started+=("$!")
	nc -d 127.0.0.1 "$port" >four </dev/null &
	_started+=("$!")
	wait_until eval '"$annotty" status --json control | jq -e "[.outputs[].readers] == [2, 2]"'
	say dut 'TLS status = 0x107\n'
	expect_soon "[dut] TLS status = 0x107 [$_tls]" one
	expect_soon "[dut] TLS status = 0x107 [$_tls]" three
	expect_soon '"value":263' two
	expect_soon '"value":263' four
	kill "$reader"
	wait_until eval '"$annotty" status --json control | jq -e ".outputs[1].readers == 1"'
	say dut 'still here\n'
	expect_soon 'still here' four
}

a_reader_that_does_not_read_hurts_nobody_and_is_told() {
	plug_in dut
	configure <<-'END'
		[source dut]
		input = dut
		baudrate = 115200
		[output slow]
		output = unix-listen:slow
		queue = 64K
		format = json
		[output fast]
		output = unix-listen:fast
		label = no
		events = no
		queue = 64M
	END
	start_daemon
	socat -u UNIX-CONNECT:slow,rcvbuf=4096 SYSTEM:'while [ ! -e go ]\; do sleep 0.05\; done; exec cat' >slow.read &
	_started+=("$!")
	read_from UNIX-CONNECT:fast fast.read
	wait_until eval '"$annotty" status --json control | jq -e ".outputs[0].readers == 1"'
	make_log 20000 >flood
	cat flood >&"${_device_fd[dut]}"
	wait_until eval '[ "$(wc -l <fast.read)" -eq 20000 ]'
	expect_same <(strip fast.read) flood
	touch go
	say dut 'the end\n'
	expect_soon 'the end' slow.read
	expect "what was dropped is told" jq -se 'map(select(.event == "dropped"))
		| length > 0 and all(.lost_lines > 0)' slow.read
	# What came and what was dropped are all that there was.
	expect_equal "$(jq -s 'map(if .line then 1 else .lost_lines // 0 end) | add' slow.read)" 20001
	run status "$PWD/control" --json
	expect "it is counted" jq -e '.outputs[0].dropped_lines > 0 and .outputs[1].dropped_lines == 0' "$out"
}

a_late_reader_gets_the_backlog() {
	plug_in dut
	configure <<-'END'
		[source dut]
		input = dut
		baudrate = 115200
		[output live]
		output = unix-listen:live
		label = no
		events = no
		backlog = 3
	END
	start_daemon
	say dut '1\n2\n3\n4\n5\n'
	wait_until eval '"$annotty" status --json control | jq -e ".sources[0].lines == 5"'
	read_from UNIX-CONNECT:live read
	say dut '6\n'
	expect_soon 6 read
	expect_equal "$(cat read)" '3
4
5
6'
}

an_output_takes_the_sources_and_lines_that_it_names() {
	plug_in a
	plug_in b
	configure <<-'END'
		[source a]
		input = a
		baudrate = 115200
		outputs = all bad
		[source b]
		input = b
		baudrate = 115200
		[output all]
		output = file:all
		events = no
		label = no
		style = name
		[output only-b]
		output = file:only-b
		sources = b
		events = no
		style = name
		[output bad]
		output = file:bad
		severity = error
		events = no
		style = name
	END
	start_daemon
	wait_until eval '"$annotty" status --json control | jq -e "all(.sources[]; .connected)"'
	say a 'from a\nTLS status = 0x107\n'
	expect_soon 'TLS status' all
	say b 'from b\nTLS status = 0x113\n'
	expect_soon 'TLS status = 0x113' only-b
	stop
	expect_equal "$(grep -c '^\[b\]' only-b)" 2
	expect_not "lines of a" grep -q '^\[a\]' only-b
	expect_equal "$(cat bad)" "[a] TLS status = 0x107 [$_tls]"
	expect_equal "$(wc -l <all)" 4
}

an_output_can_have_lines_around_those_with_a_code() {
	plug_in a
	configure <<-'END'
		[source a]
		input = a
		baudrate = 115200
		[output around]
		output = file:around
		context = 2
		after = 1
		events = no
		label = no
		style = name
		[output objects]
		output = file:objects?format=json&before=1
		[output all]
		output = file:all
	END
	start_daemon
	wait_until eval '"$annotty" status --json control | jq -e "all(.sources[]; .connected)"'
	say a '1\n2\n3\nTLS status = 0x107\n4\n5\n6\n7\nTLS status = 0x107\n'
	expect_soon 7 all
	stop
	expect_same around <(printf '%s\n' 2 3 "TLS status = 0x107 [$_tls]" 4 -- 6 7 \
		"TLS status = 0x107 [$_tls]")
	expect_equal "$(jq -r 'select(.line) | .seq' objects | tr '\n' ' ')" '3 4 8 9 '
}

# --- status and metrics ---------------------------------------------------------------

a_listener_without_readers_is_not_away() {
	configure <<-'END'
		[output lab]
		output = unix-listen:lab
		[output nobody]
		output = unix:nobody
	END
	start_daemon
	run status "$PWD/control"
	expect "lab listens" grep -q '^lab *listening' "$out"
	expect "nobody is away" grep -q '^nobody *away' "$out"
	read_from UNIX-CONNECT:lab read
	run status "$PWD/control"
	expect "lab has a reader" grep -q '^lab *connected  *1 ' "$out"
}

status_tells_people_and_programs() {
	local watcher

	_bench
	say dut 'TLS status = 0x107\n'
	expect_soon "$_tls" json
	run status control
	expect_status 0
	expect_out_has SOURCE OUTPUT dut text json connected "0x107      $_tls"
	run status --json control
	expect_equal "$(jq -c '.sources[0] | [.name, .connected, .bytes, .lines, .hits, .gaps]' "$out")" \
		'["dut",true,19,1,1,0]'
	expect_equal "$(jq -c '.codes[0] | [.value, .name, .family, .severity, .count]' "$out")" \
		"[263,\"$_tls\",\"nx_secure_tls\",\"error\",1]"
	timeout 10 "$annotty" status --watch --json control >watched &
	watcher=$!
	_started+=("$watcher")
	wait_until eval '[ "$(grep -c sources watched)" -ge 1 ]'
	say dut 'TLS status = 0x107\n'
	wait_until eval 'tail -n 1 watched | jq -e ".codes[0].count == 2"'
	expect "it goes on" kill -0 "$watcher"
	run_on_terminal "timeout 1.5 \"\$annotty\" status --watch control"
	expect_out_has $'\033[H\033[2J' dut
	kill "$watcher"
	run_shell '"$annotty" status --watch control | head -n 1; exit "${PIPESTATUS[0]}"'
	expect_status 0
	expect_err
	stop
	run status control
	expect_status 3
	expect_err 'control: no daemon answers: No such file or directory'
}

clients_of_the_control_socket_cannot_hold_up_the_daemon() {
	local i

	_bench
	for i in 1 2 3 4 5 6 7 8 9 10; do
		socat -u OPEN:/dev/zero UNIX-CONNECT:control 2>/dev/null &
		_started+=("$!")
	done
	say dut 'still alive\n'
	expect_soon 'still alive' text
	stop
	expect_status 0
}

metrics_are_prometheus_text() {
	local port=$((30000 + RANDOM % 10000))

	have curl || return 0
	plug_in 'dut'
	configure <<-END
		metrics = 127.0.0.1:$port
		[source dut "x" \\]
		input = dut
		baudrate = 115200
		[output json]
		output = file:json
		format = json
	END
	start_daemon
	say dut 'TLS status = 0x107\nTLS status = 0x107\n'
	expect_soon '"seq":2' json
	curl -sS -D head "http://127.0.0.1:$port/metrics" >metrics
	expect "its type" grep -qi '^content-type: text/plain; version=0.0.4' head
	# The grammar of the exposition format, and that each family stands in one place.
	expect_equal "$(awk -v q='"' '
		BEGIN { name = "[a-zA-Z_:][a-zA-Z0-9_:]*"
			value = "\"([^\"\\\\\n]|\\\\[\\\\\"n])*\""
			label = "[a-zA-Z_][a-zA-Z0-9_]*=" value
			sample = "^" name "([{]" label "(," label ")*[}])? -?[0-9.]+$" }
		/^# HELP / { if ($3 in helped) print "twice: " $0; helped[$3]; family = $3; next }
		/^# TYPE / { if ($3 != family || $4 !~ /^(counter|gauge)$/) print "type: " $0
			type[$3] = $4; next }
		{ if ($0 !~ sample) print "sample: " $0
			split($0, part, "[{ ]"); if (part[1] != family) print "family: " $0
			if (type[family] == "counter" && family !~ /_total$/) print "name: " $0
			if ($0 in seen) print "repeated: " $0; seen[$0]; n++ }
		END { if (n < 20) print n " samples" }' metrics)" ''
	expect "bytes" grep -qxF 'annotty_source_bytes_total{source="dut \"x\" \\"} 38' metrics
	expect "codes" grep -qxF "annotty_code_total{code=\"0x107\",name=\"$_tls\",family=\"nx_secure_tls\",severity=\"error\"} 2" metrics
	expect "times" grep -qE "^annotty_code_last_seconds\{.*\} $(date +%s | cut -c 1-7)" metrics
	expect_equal "$(curl -sS -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")" 404
	expect_equal "$(curl -sS -o /dev/null -w '%{http_code}' -X POST -d x "http://127.0.0.1:$port/metrics")" 405
	stop
	expect_status 0
}

run_all "$@"
