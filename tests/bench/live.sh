# shellcheck shell=bash
# The sections of script/bench about live consoles. The ports are ptys, see feed.c; what
# is told of a program (processor time, memory, wake-ups) comes from /proc and is its
# own alone.
#
# A "rig" is: `feed` with its ports, a program that reads them, and readers of what that
# has to say.

# Of script/bench:
# shellcheck disable=SC2154
rig=$work/rig
first_port=47110 # of TCP on the loopback; a few from here on

# --- asking the kernel -----------------------------------------------------------------

# Processor time of all its threads in nanoseconds, to a tick of the clock.
cpu_ns() {
	awk -v hz="$(getconf CLK_TCK)" '{
		sub(/.*\) /, "")
		printf "%.0f", ($12 + $13) * 1e9 / hz
	}' "/proc/$1/stat"
}

peak_kib() { awk '/^VmHWM:/ { print $2 }' "/proc/$1/status"; }

# How often its threads went to sleep to wait for something.
sleeps() {
	cat "/proc/$1"/task/*/status |
		awk '/^voluntary_ctxt_switches:/ { sum += $2 } END { print sum }'
}

# count_fds PID TARGET: its descriptors but for 0 to 2 that lead to such a thing.
count_fds() { find "/proc/$1/fd" -lname "$2" ! -name '[012]' 2>/dev/null | wc -l; }

# wait_for EXPRESSION: until it is true, at most ten seconds.
wait_for() {
	local tries=0

	until eval "$1"; do
		((++tries < 500)) || { echo "waited in vain: $1" >&2 && return 1; }
		sleep 0.02
	done
}

# --- a rig -----------------------------------------------------------------------------

# write_conf PORTS LINE...: a source for each port, and the lines as they are.
write_conf() {
	local i ports=$1

	shift
	printf '[annotty]\ncontrol = %s\nlog = error\n' "$PWD/$rig/control"
	for ((i = 0; i < ports; i++)); do
		printf '[source p%02d]\ninput = %s/ports/%02d\n' "$i" "$PWD/$rig" "$i"
	done
	printf '%s\n' "$@"
} >"$rig/conf"

# open_rig FEED_OPTION...: the ports are there and silent.
# shellcheck disable=SC2120 # the options are optional
open_rig() {
	# shellcheck disable=SC2034 # of use_log
	local size_mib=8

	rm -rf "$rig"
	mkdir -p "$rig/ports"
	mkfifo "$rig/to-feed" "$rig/from-feed"
	use_log 2
	"$work/feed" --times "$rig/times" "$@" "$log" "$rig/ports" \
		<"$rig/to-feed" >"$rig/from-feed" &
	exec 8>"$rig/to-feed" 9<"$rig/from-feed"
	read -r -u 9 _
}

# start_annotty PORTS LINE...: the daemon, which has all ports open.
start_annotty() {
	write_conf "$@"
	"$annotty" run -c "$rig/conf" &
	program=$!
	wait_for "((\$(count_fds $program '/dev/pts/*') >= $1))"
}

# start_readers PLACE...: each gets a tally, $rig/tally.N, and is being served.
start_readers() {
	local before i

	before=$(count_fds "$program" 'socket:*')
	for ((i = 1; i <= $#; i++)); do
		"$work/tally" --times "$rig/times" "${!i}" >"$rig/tally.$i" &
	done
	wait_for "((\$(count_fds $program 'socket:*') >= $before + $#))"
}

# talk: all ports for their time. Sets fed (LINES BYTES LATE), cpu (share of one core)
# and peak (KiB).
talk() {
	local began_ns before_ns

	began_ns=$(date +%s%N)
	before_ns=$(cpu_ns "$program")
	echo go >&8
	read -r -u 9 -a fed
	cpu=$(awk "BEGIN { print ($(cpu_ns "$program") - $before_ns) / \
		($(date +%s%N) - $began_ns) }")
	peak=$(peak_kib "$program")
}

# close_rig: the program ends as it should, then its readers, then the ports go.
close_rig() {
	local ended=0

	kill "$program"
	wait "$program" || ended=$?
	exec 8>&- 9<&-
	wait
	((ended == 0 || ended == 143))
}

# How many of the lines that were fed did not come, or came more than once.
wrong_in() {
	awk -v fed="${fed[0]}" '{ print fed - $1 + $3 }' "$1"
}

# columns NAMES SCALES: the table of the samples.
columns() {
	awk -v columns="$1" -v scales="$2" -v medians="$work/medians" \
		-f tests/bench/medians.awk "$work/samples" | tell
	say ""
}

# value NAME COLUMN: a median of the table; fails when it was not measured.
value() {
	awk -F '\t' -v name="$1" -v column="$2" '
		$1 == name { split($2, v, " "); print v[column]; found = 1 }
		END { exit !found }' "$work/medians" ||
		problem "$1 was not measured: no bar"
}

# --- latency ---------------------------------------------------------------------------

# write_ser2net PORT CONNECTOR: its configuration, serving readers at a TCP port.
write_ser2net() {
	cat <<END
connection: &bench
  accepter: tcp,127.0.0.1,$1
  connector: $2
  options:
    max-connections: 100
    chardelay: false
    dev-to-net-bufsize: 65536
END
} >"$work/ser2net.yaml"

bench_latency() {
	local lines=1000 port=$work/port socket=$work/socket tcp=$first_port

	section "latency: a line on a port to its reader, one line at a time"
	write_ser2net "$tcp" "serialdev,$PWD/$port,115200n81,local"
	rm -f "$socket"
	contender cat "$work/latency" $lines "$port" pipe cat "$port"
	contender annotty "$work/latency" $lines "$port" pipe "$annotty" "$port"
	contender 'annotty, unix socket' "$work/latency" $lines "$port" "unix:$socket" \
		"$annotty" "$port" -o "unix-listen:$socket"
	contender 'annotty, TCP' "$work/latency" $lines "$port" "tcp:$tcp" \
		"$annotty" "$port" -o "tcp-listen://127.0.0.1:$tcp"
	contender tio "$work/latency" $lines "$port" tty tio -n "$port"
	contender picocom "$work/latency" $lines "$port" tty picocom -q "$port"
	contender miniterm "$work/latency" $lines "$port" tty pyserial-miniterm "$port"
	contender ser2net "$work/latency" $lines "$port" "tcp:$tcp" \
		ser2net -n -c "$work/ser2net.yaml"
	take_turns "$rounds"
	columns 'p50 µs|p99 µs|max µs' '0.001|0.001|0.001'
	for name in annotty 'annotty, unix socket'; do
		bar "latency: $name, p99" "$(value "$name" 2)" at-most 1000 ' µs'
	done
}

# --- load ------------------------------------------------------------------------------

# load_of PORTS BAUD TICK_MS LINE...: annotty with these outputs; the first one is JSON
# into $rig/out. Prints CPU_SHARE PEAK_KIB LINES_PER_S WRONG_LINES LATE_BYTES.
load_of() {
	local ports=$1 baud=$2 tick=$3

	shift 3
	open_rig --ports "$ports" --baud "$baud" --tick "$tick" --seconds "$seconds" &&
		start_annotty "$ports" "$@" && talk && close_rig &&
		"$work/tally" "$rig/out" >"$rig/tally" &&
		echo "$cpu $peak $((fed[0] / seconds)) $(wrong_in "$rig/tally") ${fed[2]}"
}

# load_of_peer COMMAND [ARG]...: another program with one port, which it writes to its
# standard output, a terminal; `script` gives it that and is not counted.
load_of_peer() {
	local script

	open_rig --ports 1 --seconds "$seconds" || return 1
	script -qefc "exec $*" "$rig/out" </dev/null >"$rig/screen" 2>&1 &
	script=$!
	wait_for "pgrep -P $script >'$rig/pid'" || return 1
	program=$(<"$rig/pid")
	wait_for "((\$(count_fds $program '/dev/pts/*') >= 1))" || return 1
	talk && kill "$program" && exec 8>&- 9<&- && wait
	"$work/tally" "$rig/out" >"$rig/tally"
	echo "$cpu $peak $((fed[0] / seconds)) $(wrong_in "$rig/tally") ${fed[2]}"
}

bench_load() {
	local file="output = file:$PWD/$rig/out" usb='64 × 115,200 baud, 16 ms'

	section "load: all ports talk for $seconds s, in pieces of as many ms as named"
	contender "$usb" load_of 64 115200 16 '[output f]' "$file?format=json"
	contender '64 × 115,200 baud, 1 ms' load_of 64 115200 1 \
		'[output f]' "$file?format=json"
	contender '64 × 115,200 baud, 16 ms, text' load_of 64 115200 16 '[output f]' "$file"
	contender '8 × 3 Mbaud, 1 ms' load_of 8 3000000 1 '[output f]' "$file?format=json"
	contender '1 × 115,200 baud, 16 ms: annotty' load_of 1 115200 16 '[output f]' "$file"
	contender 'cat' load_of_peer cat "$rig/ports/00"
	contender 'tio' load_of_peer tio -n "$rig/ports/00"
	contender 'picocom' load_of_peer picocom -q "$rig/ports/00"
	contender 'miniterm' load_of_peer pyserial-miniterm --raw "$rig/ports/00"
	take_turns "$live_rounds"
	columns 'CPU, % of a core|peak MiB|lines/s|lines wrong|late bytes' \
		"100|$(awk 'BEGIN { print 1 / 1024 }')|1|1|1"
	bar "load: $usb, CPU" "$(value "$usb" 1)" at-most 5 ' %'
	bar "load: $usb, memory" "$(value "$usb" 2)" at-most 16 ' MiB'
}

# --- idle ------------------------------------------------------------------------------

# start_collectors: somebody takes what is sent to TCP, UDP and a datagram socket.
start_collectors() {
	local tcp=$((first_port + 1)) udp=$((first_port + 2))

	socat -u "TCP-LISTEN:$tcp,reuseaddr" "CREATE:$rig/collected" &
	collectors=("$!")
	socat -u "UDP-RECV:$udp" "CREATE:$rig/collected-udp" &
	collectors+=("$!")
	socat -u "UNIX-RECV:$rig/datagrams" "CREATE:$rig/collected-unix" &
	collectors+=("$!")
	wait_for "[[ -e $rig/collected-udp && -S $rig/datagrams ]]"
}

# idle_of LINE...: 64 silent ports and these outputs. Prints SLEEPS_PER_S CPU_SHARE PEAK.
idle_of() {
	local before before_ns

	open_rig --ports 64 && start_collectors && start_annotty 64 "$@" &&
		start_readers "unix:$rig/socket" "tcp:$first_port" || return 1
	sleep 3 # whatever the start still brings
	before=$(sleeps "$program")
	before_ns=$(cpu_ns "$program")
	sleep "$seconds"
	awk "BEGIN {
		print ($(sleeps "$program") - $before) / $seconds,
			($(cpu_ns "$program") - $before_ns) / 1e9 / $seconds,
			$(peak_kib "$program")
	}"
	kill "${collectors[@]}" 2>"$rig/killed" || true # TCP's ends with its connection
	close_rig
}

bench_idle() {
	local text='64 ports, six outputs'

	section "idle: nobody says anything for $seconds s"
	contender "$text" idle_of \
		'[output file]' "output = file:$PWD/$rig/out" \
		'[output unix]' "output = unix-listen:$PWD/$rig/socket" \
		'[output tcp]' "output = tcp-listen://127.0.0.1:$first_port" \
		'[output collector]' "output = tcp://127.0.0.1:$((first_port + 1))" \
		'[output datagram]' "output = unix-dgram:$PWD/$rig/datagrams" \
		'[output udp]' "output = syslog+udp://127.0.0.1:$((first_port + 2))"
	take_turns 1
	columns 'wake-ups/s|CPU, % of a core|peak MiB' \
		"1|100|$(awk 'BEGIN { print 1 / 1024 }')"
	bar "idle: $text, wake-ups a second" "$(value "$text" 1)" at-most 0 ''
}

# --- soak ------------------------------------------------------------------------------

# soak_of: prints the lines fed, those that are wrong in the file and at two readers, how
# many of these the readers were told of (their queues were full, for they were not
# fast enough), LATE_BYTES CPU_SHARE PEAK_KIB.
soak_of() {
	open_rig --ports 64 --seconds $((minutes * 60)) || return 1
	start_annotty 64 \
		'[output file]' "output = file:$PWD/$rig/out?format=json" \
		'[output unix]' "output = unix-listen:$PWD/$rig/socket?format=json" \
		'[output tcp]' "output = tcp-listen://127.0.0.1:$first_port?format=json" &&
		start_readers "unix:$rig/socket" "tcp:$first_port" && talk && close_rig ||
		return 1
	"$work/tally" "$rig/out" >"$rig/tally"
	echo "${fed[0]} $(wrong_in "$rig/tally") $(wrong_in "$rig/tally.1")" \
		"$(wrong_in "$rig/tally.2")" \
		"$(cat "$rig"/tally* | awk '{ told += $4 } END { print told }')" \
		"${fed[2]} $cpu $peak"
}

bench_soak() {
	local wrong name='64 × 115,200 baud'

	section "soak: $minutes min of lines with numbers"
	contender "$name" soak_of
	take_turns 1
	columns 'lines|wrong in file|at unix reader|at TCP reader|of these told|late bytes|CPU %|peak MiB' \
		"1|1|1|1|1|1|100|$(awk 'BEGIN { print 1 / 1024 }')"
	wrong="$(value "$name" 2) + $(value "$name" 3) + $(value "$name" 4)"
	bar 'soak: lines that are wrong' "$wrong" at-most 0 ''
	bar 'soak: lines that are wrong in silence' "$wrong - $(value "$name" 5)" at-most 0 ''
}

# --- hurt ------------------------------------------------------------------------------

# hurt_of BAD_READERS: 64 ports, 10 readers, of which these (never, slow, dies) are bad.
# Prints WRONG_LINES of the seven good ones, their worst P50 P99 MAX in ns, LATE_BYTES
# CPU_SHARE PEAK_KIB.
hurt_of() {
	local manner bad=() unix="unix:$rig/socket" tcp="tcp:$first_port"

	open_rig --ports 64 --seconds "$seconds" &&
		start_annotty 64 \
			'[output unix]' "output = unix-listen:$PWD/$rig/socket?format=json" \
			'[output tcp]' "output = tcp-listen://127.0.0.1:$first_port?format=json" &&
		start_readers "$unix" "$unix" "$unix" "$unix" "$tcp" "$tcp" "$tcp" || return 1
	for manner in "$@"; do
		"$work/badreader" "$manner" "$unix" &
		bad+=($!)
		unix=$tcp # the next one there
	done
	talk || return 1
	((${#bad[@]} == 0)) || kill "${bad[@]}"
	close_rig
	cat "$rig"/tally.* | awk -v fed="${fed[0]}" '{
		wrong += fed - $1 + $3
		for (i = 5; i <= 7; i++) {
			worst[i] = $i > worst[i] ? $i : worst[i]
		}
	} END { printf "%d %.0f %.0f %.0f ", wrong, worst[5], worst[6], worst[7] }'
	echo "${fed[2]} $cpu $peak"
}

bench_hurt() {
	section "hurt: 64 × 115,200 baud, 7 good readers, and 3 bad ones or none"
	contender '7 good readers' hurt_of
	contender '7 good readers, 3 bad ones' hurt_of never slow dies
	take_turns "$live_rounds"
	columns 'lines wrong|p50 µs|p99 µs|max µs|late bytes|CPU %|peak MiB' \
		"1|0.001|0.001|0.001|1|100|$(awk 'BEGIN { print 1 / 1024 }')"
	bar 'hurt: lines of good readers that are wrong' \
		"$(value '7 good readers, 3 bad ones' 1)" at-most 0 ''
}

# --- fan-out ---------------------------------------------------------------------------

bench_fanout() {
	# shellcheck disable=SC2034 # of use_log
	local size_mib=96
	local n in=$first_port out=$((first_port + 1))

	section "fanout: one stream of 100 MB to many readers, all of which get all of it"
	use_log 2
	"$annotty" <"$log" >"$work/expected"
	cat >"$work/fanout.conf" <<-END
		[annotty]
		control = $PWD/$work/control
		log = error
		[source stream]
		input = tcp://127.0.0.1:$in
		[output readers]
		output = tcp-listen://127.0.0.1:$out
		policy = block
		clients = 100
		label = no
	END
	write_ser2net $out "tcp,127.0.0.1,$in"
	for n in 1 10 100; do
		contender "annotty, $n" "$work/fanout" $in $out $n "$log" "$work/expected" \
			"$annotty" run -c "$work/fanout.conf"
	done
	for n in 1 10; do # 100 take minutes
		contender "ser2net, $n" "$work/fanout" $in $out $n "$log" "$log" \
			ser2net -n -c "$work/ser2net.yaml"
	done
	contender 'socat, 1' "$work/fanout" $in $out 1 "$log" "$log" \
		socat -U "TCP-LISTEN:$out,reuseaddr" "TCP:127.0.0.1:$in"
	measure "$live_rounds"
}

# --- collectors ------------------------------------------------------------------------

# count_collected: lines, as rsyslog writes them, and headers, where octets are counted.
count_collected() {
	local headers

	headers=$(grep -ao '>1 20[0-9][0-9]-' "$work/collected" | wc -l)
	echo $(($(wc -l <"$work/collected") + headers))
}

# collected_by COMMAND [ARG]... -- PROGRAM [ARG]...: PROGRAM reads the log and sends it to
# COMMAND, which listens at the first port and writes all `lines` to $work/collected.
# Prints what runner prints, of PROGRAM.
collected_by() {
	local listener command=()

	rm -f "$work/collected"

	while [[ $1 != -- ]]; do
		command+=("$1")
		shift
	done
	"${command[@]}" >"$work/collector" 2>&1 &
	listener=$!
	wait_for "ss -Hltn 'sport = :$first_port' | grep -q ." || return 1
	"$work/runner" "$log" /dev/null "${@:2}"
	# The collector has what was sent, but may not have written it yet.
	wait_for "((\$(count_collected) >= $lines))" ||
		echo "only $(count_collected) lines were collected" >&2
	kill "$listener" 2>"$work/killed" || true # socat ends with its connection
	wait "$listener" || true
	(($(count_collected) >= lines))
}

write_rsyslog() {
	cat <<-END
		global(workDirectory="$PWD/$work")
		module(load="imtcp")
		module(load="imrelp")
		template(name="all" type="string" string="%msg%\n")
		input(type="$1" port="$first_port" address="127.0.0.1")
		action(type="omfile" file="$PWD/$work/collected" template="all")
	END
} >"$work/rsyslog-$1.conf"

# tell_lines LINES: how many a second that was for each contender of the section.
tell_lines() {
	local name

	for name in "${!median[@]}"; do
		awk "BEGIN { printf \"%s: %.0f lines/s\\n\", \"$name\", $1 * 1e3 / ${median[$name]} }"
	done | sort | tell
}

bench_collect() {
	# shellcheck disable=SC2034 # of use_log
	local size_mib=16
	local kind name lines at=127.0.0.1:$first_port
	local socat=(socat -u "TCP-LISTEN:$first_port,reuseaddr" "CREATE:$work/collected")
	local rsyslog=(rsyslogd -n -i "$PWD/$work/rsyslog.pid" -f)

	section 'collect: lines to a collector, all of them (for RELP: answered)'
	use_log 2
	lines=$(wc -l <"$log")
	for kind in imtcp imrelp; do
		write_rsyslog $kind
	done
	contender 'annotty syslog+tcp://, socat' collected_by "${socat[@]}" -- \
		"$annotty" -o "syslog+tcp://$at"
	contender 'logger, socat' collected_by "${socat[@]}" -- \
		logger -T -n 127.0.0.1 -P $first_port --octet-count --rfc5424
	contender 'annotty syslog+tcp://, rsyslog' collected_by \
		"${rsyslog[@]}" "$work/rsyslog-imtcp.conf" -- "$annotty" -o "syslog+tcp://$at"
	contender 'annotty relp://, rsyslog' collected_by \
		"${rsyslog[@]}" "$work/rsyslog-imrelp.conf" -- "$annotty" -o "relp://$at"
	for kind in syslog+tcp relp; do
		name=${kind/syslog+tcp/imtcp}
		contender "annotty $kind:// with a spool, rsyslog" collected_by \
			"${rsyslog[@]}" "$work/rsyslog-${name/#relp/imrelp}.conf" -- "$annotty" \
			-o "$kind://$at?spool=1G&spool-directory=$work/state"
	done
	measure "$live_rounds"
	tell_lines "$lines"
}

# --- the spool -------------------------------------------------------------------------

# spooled_to URL: PROGRAM reads the log, and there is no collector: all goes to disk.
# Prints what runner prints.
spooled_to() {
	rm -rf "$work/state"
	"$work/runner" "$log" /dev/null "$annotty" -q \
		-o "$1?spool=1G&spool-directory=$PWD/$work/state"
}

# drained_by URL COMMAND [ARG]...: what was spooled goes to COMMAND, see collected_by,
# and there is nothing new.
drained_by() {
	local url=$1

	shift
	spooled_to "$url" >"$work/spooled" || return 1
	# shellcheck disable=SC2034 # of collected_by
	local log=/dev/null
	collected_by "$@" -- "$annotty" -q -o "$url?spool=1G&spool-directory=$PWD/$work/state"
}

# A program of the build, which has to have tests in it.
bench_spool() {
	# shellcheck disable=SC2034 # of use_log
	local size_mib=16
	local lines at=127.0.0.1:$first_port
	local program=${annotty%/src/cli/annotty}/tests/bench-spool
	local socat=(socat -u "TCP-LISTEN:$first_port,reuseaddr" "CREATE:$work/collected")
	local rsyslog=(rsyslogd -n -i "$PWD/$work/rsyslog.pid" -f)

	section 'spool: lines to disk while the collector is away, and from there to it'
	use_log 2
	lines=$(wc -l <"$log")
	write_rsyslog imrelp
	contender 'to disk, for relp://' spooled_to "relp://$at"
	contender 'from disk, relp:// to rsyslog' drained_by "relp://$at" \
		"${rsyslog[@]}" "$work/rsyslog-imrelp.conf"
	contender 'to disk, for tcp://' spooled_to "tcp://$at"
	contender 'from disk, tcp:// to socat' drained_by "tcp://$at" "${socat[@]}"
	measure "$live_rounds"
	tell_lines "$lines"

	section "spool: the store by itself"
	if [[ -x $program ]]; then
		"$program" "$work/spool" 200000 | sed 's/^/    /' | tell
		rm -f "$work"/spool*
	else
		problem "there is no $program: no figures of the spool"
	fi
}
