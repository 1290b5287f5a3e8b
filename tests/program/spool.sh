#!/bin/bash
# Records that wait on disk: annotty and its collectors are killed, stopped, and come
# back, the disk is full, and what has arrived is counted.
. "$(dirname "$0")/lib.sh"

for _tool in rsyslogd socat mount; do
	command -v "$_tool" >/dev/null || { echo "SKIPPED: $_tool is not there" && exit 77; }
done
export XDG_STATE_HOME=$work/state
unset STATE_DIRECTORY

# --- collectors -----------------------------------------------------------------------

_collector=

# _start_relp: rsyslogd appends what it is sent to `got`, and answers when it has.
_start_relp() {
	local here=$PWD

	cat >conf <<END
global(workDirectory="$here")
main_queue(queue.type="Direct")
module(load="imrelp")
template(name="line" type="string" string="%msg%\n")
ruleset(name="write" queue.type="Direct") {
  action(type="omfile" file="$here/got" template="line" asyncWriting="off" flushOnTXEnd="on")
}
input(type="imrelp" address="127.0.0.1" port="$_port" ruleset="write")
END
	rm -f pid
	rsyslogd -n -f "$here/conf" -i "$here/pid" >>rsyslog.log 2>&1 &
	_collector=$!
}

# The same without answers.
_start_tcp() {
	socat -u "TCP-LISTEN:$_port,bind=127.0.0.1,reuseaddr,rcvbuf=65536" \
		"OPEN:got,creat,append" 2>>socat.log 3>&- &
	_collector=$!
}

_kill_collector() {
	kill -KILL "$_collector"
	wait "$_collector" 2>>waits
	_collector=
}

_end_collector() {
	kill "$_collector" 2>>waits
	wait "$_collector" 2>>waits
	_collector=
}

_wait_for_collector() {
	local listening

	listening=$(printf ':%04X 00000000:0000 0A' "$_port")
	wait_until grep -q "$listening" /proc/net/tcp || _fail "the collector does not listen"
}

# A port that is free at present.
_choose_port() {
	_port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
		Listen => 1, LocalAddr => "127.0.0.1")->sockport')
}

# --- counting -------------------------------------------------------------------------

# _feed FROM TO PER_SECOND: numbers, a line each of 60 bytes, in bursts.
_feed() {
	perl -MTime::HiRes=sleep -e '
		$| = 1;
		my ($from, $to, $rate) = @ARGV;
		for (my $i = $from; $i <= $to; $i++) {
			printf "%08d %s\n", $i, "." x 50;
			sleep 0.01 if $rate && $i % ($rate / 100) == 0;
		}' "$@"
}

# _count LAST: sets missing, repeated, holes (runs of missing ones), widest (of them),
# dropped (as announced).
_count() {
	read -r missing repeated holes widest dropped < <(perl -ne '
		BEGIN { $last = shift @ARGV }
		$dropped += $1 if /dropped (\d+) line/;
		next unless /^ ?(\d{8}) \.{50}$/;
		$repeated++ if $seen[$1]++;
		END {
			for (1 .. $last) {
				if ($seen[$_]) { $run = 0; next }
				$missing++;
				$holes++ unless $run;
				$run++;
				$widest = $run if $run > $widest;
			}
			print join(" ", map { $_ + 0 } $missing, $repeated, $holes,
				$widest, $dropped), "\n";
		}' "$1" got)
	printf '%s: of %s lines %s missing, %s repeated, %s holes, the widest %s, %s announced\n' \
		"$test_name" "$1" "$missing" "$repeated" "$holes" "$widest" "$dropped"
}

_has_line() {
	grep -q "^ \?$(printf %08d "$1") " got
}

# Until the line has arrived, at most a minute.
_wait_for_line() {
	local tries=0

	until _has_line "$1" 2>>waits; do
		tries=$((tries + 1))
		[ "$tries" -lt 600 ] || { _fail "line $1 has not arrived" && return; }
		sleep 0.1
	done
}

_nap() {
	sleep "0.$((RANDOM % 5 + 1))$((RANDOM % 10))"
}

# --- annotty is killed ----------------------------------------------------------------

# _with_kills OUTPUT: a feeder that goes on while annotty is killed again and again.
_with_kills() {
	local kills=5 pid i

	mkfifo pipe
	exec 3<>pipe
	_feed 1 20000 5000 >pipe 3>&- &
	local feeder=$!
	for ((i = 0; i < kills; i++)); do
		"$annotty" -o "$1" <pipe 3>&- 2>>told &
		pid=$!
		_nap
		kill -KILL "$pid"
		wait "$pid" 2>>waits
	done
	"$annotty" -o "$1" <pipe 3>&- 2>>told &
	pid=$!
	exec 3>&-
	wait "$feeder"
	wait "$pid"
	status=$?
}

# A hole a kill: what was read within some milliseconds and not written yet.
_expect_narrow_holes() {
	expect "at most a hole for each kill: $holes" [ "$holes" -le 5 ]
	expect "what is missing was in memory: $widest lines" [ $((widest * 60)) -le 500000 ]
}

annotty_killed_goes_on_with_what_it_had_written_to_relp() {
	_choose_port
	_start_relp
	_with_kills "relp://127.0.0.1:$_port?spool=64M"
	expect_status 0
	_wait_for_line 20000
	_end_collector
	_count 20000
	_expect_narrow_holes
	expect "at most a window and what is not deleted yet comes twice: $repeated" \
		[ "$repeated" -le $((5 * (128 + 128 + 600))) ]
}

annotty_killed_goes_on_with_what_it_had_written_to_tcp() {
	_choose_port
	socat -u "TCP-LISTEN:$_port,bind=127.0.0.1,reuseaddr,fork" "OPEN:got,creat,append" &
	_collector=$!
	_with_kills "tcp://127.0.0.1:$_port?spool=64M"
	expect_status 0
	_wait_for_line 20000
	_end_collector
	_count 20000
	_expect_narrow_holes
	expect "what is not deleted yet comes twice: $repeated" \
		[ $((repeated * 60)) -le $((5 * 192 * 1024)) ]
}

annotty_killed_while_the_collector_is_away_loses_nothing_that_was_written() {
	_choose_port
	_with_kills "relp://127.0.0.1:$_port?spool=64M"
	expect_status 0
	_start_relp
	_wait_for_collector
	"$annotty" -o "relp://127.0.0.1:$_port?spool=64M" < <(_feed 20001 20001 0) 2>>told
	_wait_for_line 20001
	_end_collector
	_count 20001
	_expect_narrow_holes
	expect_equal "$repeated" 0
}

# --- the collector is killed, stopped, away -------------------------------------------

# _with_bad_collector START OUTPUT: it is killed, or stopped and killed, and comes back.
_with_bad_collector() {
	local i pid

	"$1"
	_feed 1 20000 5000 | "$annotty" -o "$2" 2>>told &
	pid=$!
	for ((i = 0; i < 4; i++)); do
		_nap
		if ((i % 2)); then
			kill -STOP "$_collector"
			_nap
		fi
		_kill_collector
		_nap
		"$1"
	done
	kill -STOP "$_collector"
	_nap
	kill -CONT "$_collector"
	wait "$pid"
	status=$?
	# It may have ended while nobody was there, and socat ends with its client.
	_end_collector
	"$1"
	_wait_for_collector
	_feed 20001 20001 0 | "$annotty" -o "$2" 2>>told
	_wait_for_line 20001
	_end_collector
	_count 20001
}

rsyslog_killed_misses_nothing_even_without_a_spool() {
	_choose_port
	_with_bad_collector _start_relp "relp://127.0.0.1:$_port?retry-most=200ms"
	expect_status 0
	expect_equal "$missing" 0
	expect "at most a window comes twice: $repeated" [ "$repeated" -le $((4 * 128)) ]
}

rsyslog_killed_misses_nothing_with_a_spool() {
	_choose_port
	_with_bad_collector _start_relp "relp://127.0.0.1:$_port?retry-most=200ms&spool=64M"
	expect_status 0
	expect_equal "$missing" 0
	expect "at most a window comes twice: $repeated" [ "$repeated" -le $((4 * 128)) ]
}

# _away_and_back START SCHEME
_away_and_back() {
	local output

	_choose_port
	output="$2://127.0.0.1:$_port?spool=64M"
	_feed 1 5000 0 | "$annotty" -o "$output" 2>"$err"
	expect_equal "$?" 0
	expect_err "records wait in the spool"
	_feed 5001 10000 0 | "$annotty" -o "$output" 2>"$err"
	expect_equal "$?" 0
	expect_err "records of an earlier run wait"
	"$1"
	_wait_for_collector
	_feed 10001 15000 0 | "$annotty" -o "$output" 2>"$err"
	expect_equal "$?" 0
	_wait_for_line 15000
	_end_collector
	_count 15000
	expect_equal "$missing $repeated" "0 0"
	expect "in order" sort -c got
}

what_waited_for_relp_comes_before_what_is_new() {
	_away_and_back _start_relp relp
}

what_waited_for_tcp_comes_before_what_is_new() {
	_away_and_back _start_tcp tcp
}

# _slow_collector: reads 300 KB a second, and writes them to `got`.
_slow_collector() {
	perl -MIO::Socket::INET -MTime::HiRes=sleep -e '
		my $listener = IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
			LocalAddr => "127.0.0.1:$ARGV[0]") or die;
		$listener->sockopt(SO_RCVBUF, 65536);
		my $peer = $listener->accept;
		open my $got, ">", "got" or die;
		while (sysread $peer, my $bytes, 30000) {
			syswrite $got, $bytes;
			sleep 0.1;
		}' "$_port" &
	_collector=$!
}

a_collector_that_takes_its_time_gets_all_of_a_log() {
	_choose_port
	_slow_collector
	_wait_for_collector
	_feed 1 40000 0 >in
	timeout 120 "$annotty" -o "tcp://127.0.0.1:$_port?spool=64M" in 2>"$err"
	expect_equal "$?" 0
	expect_not "something waits" grep -q "wait in the spool" "$err"
	wait "$_collector"
	_count 40000
	expect_equal "$missing $repeated" "0 0"
}

what_relp_does_not_get_is_an_error_without_a_spool() {
	_choose_port
	_feed 1 10 0 >in
	run -o "relp://127.0.0.1:$_port" in
	expect_status 3
	expect_err "10 records were not delivered"
}

# --- a full disk ----------------------------------------------------------------------

a_full_disk_costs_what_is_announced_and_no_more() {
	local pid

	_choose_port
	mkdir disk
	mount -t tmpfs -o size=8M annotty-test disk 2>"$err" ||
		{ echo "SKIPPED: nothing can be mounted here" && return; }
	mkfifo pipe
	"$annotty" -o "tcp://127.0.0.1:$_port?spool=1G&policy=drop-newest&spool-directory=disk&retry-most=200ms" \
		<pipe 2>"$err" &
	pid=$!
	exec 3>pipe
	_feed 1 300000 0 >&3
	expect_err "No space left on device"
	_start_tcp
	_wait_for_line 100
	# It works again, sooner or later.
	_feed 300001 300001 0 >&3
	wait_until grep -q "works again" "$err"
	_feed 300002 400000 20000 >&3
	exec 3>&-
	wait "$pid"
	expect_equal "$?" 0
	_wait_for_line 400000
	_end_collector
	umount disk
	_count 400000
	expect "some were dropped" [ "$missing" -gt 0 ]
	expect_equal "$missing" "$dropped"
	expect_equal "$repeated" 0
}

run_all "$@"
