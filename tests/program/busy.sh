#!/usr/bin/env bash
# Many consoles that talk all the time: every line comes to every output, once and in
# order. See tests/bench/feed.c and tally.c, which FEED and TALLY name.
. "$(dirname "$0")/lib.sh"

: "${FEED:?}" "${TALLY:?}"
ports=64
tcp=

# A configuration with a source for each port, and these lines.
_conf() {
	local i

	printf '[annotty]\ncontrol = %s/control\nlog = error\n' "$PWD"
	for ((i = 0; i < ports; i++)); do
		printf '[source p%02d]\ninput = %s/ports/%02d\n' "$i" "$PWD" "$i"
	done
	printf '%s\n' "$@"
} >conf

# How many descriptors of the daemon lead to such a thing.
_fds() { find "/proc/$daemon/fd" -lname "$1" ! -name '[012]' | wc -l; }

_has() { [ "$(_fds "$1")" -ge "$2" ]; }

# _start LINE...: the ports, and the daemon, which has them all.
_start() {
	mkdir ports
	mkfifo to from
	make_log 5000 >log
	"$FEED" --ports "$ports" --tick 16 --seconds 2 log ports <to >from &
	exec 8>to 9<from
	read -r -u 9 _
	_conf "$@"
	"$annotty" run -c conf &
	daemon=$!
	expect 'all ports are open' wait_until _has '/dev/pts/*' "$ports"
}

# _reads N PLACE: a reader, and whoever was there before makes N connections with it.
_reads() {
	"$TALLY" "$2" >"tally.$1" &
	expect "$2 is being served" wait_until _has 'socket:*' $((sockets + $1))
}

_has_come() { [ "$("$TALLY" out | cut -d ' ' -f 1)" -ge "$fed" ]; }

# All ports talk, then the daemon ends as it should. Sets `fed`, a number of lines. What
# is written to a terminal gets to its other end a while later, so what was written last
# is waited for; the tallies tell what did not come.
_talk() {
	echo go >&8
	read -r -u 9 fed _
	wait_until _has_come || true
	kill "$daemon"
	wait "$daemon"
	expect_equal "$?" 0
	exec 8>&- 9<&-
	wait
}

# _expect_all FILE: a tally in which nothing is missing or came again.
_expect_all() {
	expect_equal "$(cut -d ' ' -f 1-3 "$1")" "$fed 0 0"
}

nothing_is_lost_between_64_ports_a_file_and_two_readers() {
	local sockets

	tcp=$((20000 + $$ % 20000))
	_start '[output file]' "output = file:$PWD/out?format=json" \
		'[output unix]' "output = unix-listen:$PWD/socket?format=json&queue=64M" \
		'[output tcp]' "output = tcp-listen://127.0.0.1:$tcp?format=json&queue=64M"
	sockets=$(_fds 'socket:*')
	_reads 1 "unix:$PWD/socket"
	_reads 2 "tcp:$tcp"
	_talk
	"$TALLY" out >tally.0
	expect 'there are lines' [ "$fed" -gt 1000 ]
	_expect_all tally.0
	_expect_all tally.1
	_expect_all tally.2
}

run_all "$@"
