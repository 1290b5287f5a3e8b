#!/bin/bash
# Outputs with the programs that people have at the other end: socat, rsyslog, journald.
. "$(dirname "$0")/lib.sh"

_tls='NX_SECURE_TLS_HANDSHAKE_FAILURE'
_text="$_tls: Something in message processing during the handshake has failed."

to='' # descriptor of the program's input, if there is one

_free_port() {
	perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(0, INADDR_LOOPBACK));
		print +(sockaddr_in(getsockname(S)))[0]'
}

# _follow OUTPUT...: the program with these outputs, in the background, fed by a FIFO on
# descriptor $to; its id is $filter.
_follow() {
	mkfifo in
	"$annotty" "$@" in 2>"$err" &
	filter=$!
	exec {to}>in
}

# A peer in the background, which has no part in the program's input. Its id is $peer.
_start() {
	if [ -n "$to" ]; then
		"$@" {to}>&- &
	else
		"$@" &
	fi
	peer=$!
}

# The input is over; so is the program.
_end() {
	exec {to}>&-
	to=''
	wait "$filter"
	status=$?
}

_has_lines() {
	[ "$(wc -l <"$2")" -ge "$1" ]
}

# --- sockets ------------------------------------------------------------------------

readers_come_and_go_on_a_port() {
	local port first

	port=$(_free_port)
	_follow -o "tcp-listen://$port?backlog=1" -s name
	echo 'one' >&"$to"
	expect "the port is open" wait_until socat -u "TCP:127.0.0.1:$port,readbytes=4" CREATE:zero
	_start socat -u "TCP:127.0.0.1:$port" CREATE:first
	first=$peer
	expect "the backlog comes" wait_until _has_lines 1 first
	echo 'TLS status = 0x107' >&"$to"
	expect "a line comes" wait_until _has_lines 2 first
	kill "$first"
	_start socat -u "TCP:127.0.0.1:$port" CREATE:second
	expect "the backlog comes" wait_until _has_lines 1 second
	echo 'three' >&"$to"
	expect "a line comes" wait_until _has_lines 2 second
	_end
	expect_equal "$status" 0
	expect_same first <(printf 'one\nTLS status = 0x107 [%s]\n' "$_tls")
	expect_same second <(printf 'TLS status = 0x107 [%s]\nthree\n' "$_tls")
}

a_socket_serves_json() {
	_follow -o 'unix-listen:socket?format=json&mode=0600&backlog=9'
	expect "the socket is there" wait_until test -S socket
	expect_equal "$(stat -c %a socket)" 600
	_start socat -u UNIX:socket CREATE:got
	printf 'TLS status = 0x107\nlast\n' >&"$to"
	expect "a record comes" wait_until grep -q last got
	_end
	expect_equal "$status" 0
	expect_equal "$(jq -c 'select(.line == "last") | .seq' got)" 2
	expect_not "the socket is left" test -e socket
}

a_collector_gets_all_lines_though_it_comes_late() {
	make_log 2000 >log
	"$annotty" -F raw -o unix:collector log 2>"$err" &
	filter=$!
	socat -u UNIX-LISTEN:collector CREATE:got
	wait "$filter"
	expect_equal "$?" 0
	expect "all lines have come" wait_until cmp -s log got
}

records_come_as_datagrams() {
	_start socat -u UNIX-RECV:socket CREATE:got
	expect "the socket is there" wait_until test -S socket
	printf 'one\nTLS status = 0x107\n' | run -s name -o unix-dgram:socket
	expect_status 0
	expect "both come" wait_until _has_lines 2 got
	expect_same got <(printf 'one\nTLS status = 0x107 [%s]\n' "$_tls")
}

# --- rsyslog ------------------------------------------------------------------------

# _start_rsyslog PORT: writes what it has understood to $PWD/log.
_start_rsyslog() {
	cat >conf <<END
global(workDirectory="$PWD")
module(load="imtcp")
module(load="imudp")
module(load="imuxsock" SysSock.Use="off")
input(type="imtcp" port="$1" address="127.0.0.1")
input(type="imudp" port="$1" address="127.0.0.1")
input(type="imuxsock" Socket="$PWD/dev-log")
template(name="all" type="string"
	string="%inputname% %pri-text% %app-name% %msgid% %structured-data%|%msg:::drop-last-lf%\n")
action(type="omfile" file="$PWD/log" template="all")
END
	_start /usr/sbin/rsyslogd -n -f conf -i "$PWD/pid" >rsyslog.out 2>&1
	rsyslog=$peer
	expect "rsyslog runs" wait_until test -S dev-log
}

_sd='[annotty@32473 source="in" seq="%d" offset="%d"%s]'
_code=" code=\"0x107\" name=\"$_tls\" severity=\"error\""

rsyslog_understands_all_kinds_of_syslog() {
	local port rsyslog head="TLS status = 0x107" forged='] <0>1 - - x - [y@1 z="1"] no'

	port=$(_free_port)
	_start_rsyslog "$port"
	printf '%s\n%s\n' "$head" "$forged" >in
	run -o "syslog+tcp://127.0.0.1:$port" -o "syslog+udp://127.0.0.1:$port?facility=local3" \
		-o "syslog:$PWD/dev-log?facility=daemon" in
	expect_status 0
	expect "six records come" wait_until _has_lines 6 log
	kill "$rsyslog"
	wait "$rsyslog"
	expect_same <(grep imtcp log) <(
		# shellcheck disable=SC2059
		printf "imtcp user.err annotty ${_tls:0:32} $_sd|%s [%s]\n" 1 0 "$_code" "$head" "$_text"
		# shellcheck disable=SC2059
		printf "imtcp user.info annotty - $_sd|%s\n" 2 19 "" "$forged"
	)
	expect_same <(grep imudp log) <(grep imtcp log | sed 's/^imtcp user/imudp local3/')
	expect_same <(grep imuxsock log) <(
		# shellcheck disable=SC2059
		printf "imuxsock daemon.err annotty - -| $_sd %s [%s]\n" 1 0 "$_code" "$head" "$_text"
		# shellcheck disable=SC2059
		printf "imuxsock daemon.info annotty - -| $_sd %s\n" 2 19 "" "$forged"
	)
}

records_wait_for_rsyslog() {
	local port rsyslog

	port=$(_free_port)
	_follow -o "syslog+tcp://127.0.0.1:$port"
	echo 'one' >&"$to"
	_start_rsyslog "$port"
	expect "the record comes" wait_until grep -q 'one$' log
	kill "$rsyslog"
	wait "$rsyslog"
	rm -f dev-log
	echo 'two' >&"$to"
	_start_rsyslog "$port"
	echo 'three' >&"$to"
	expect "the records come" wait_until grep -q 'three$' log
	_end
	expect_equal "$status" 0
	kill "$rsyslog"
	wait "$rsyslog"
	expect_equal "$(sed 's/.*|//' log | uniq | tr '\n' ' ')" "one two three "
	expect_err "connection lost"
}

# --- the journal --------------------------------------------------------------------

# Runs COMMAND with a journal of its own; see `unshare` in unshare(1).
_with_journal() {
	# shellcheck disable=SC2016
	timeout 60 unshare -m bash -c '
		mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log || exit 1
		mkdir -p /run/systemd/journal /run/log/journal
		/lib/systemd/systemd-journald >journald.out 2>&1 &
		journald=$!
		for _ in {1..250}; do
			[ ! -S /run/systemd/journal/socket ] || break
			sleep 0.02
		done
		'"$1"'
		kill "$journald"
		wait "$journald"' >"$out" 2>"$err"
	status=$?
}

the_journal_has_all_fields() {
	if ! unshare -m mount -t tmpfs tmpfs /run 2>"$err"; then
		printf '%s: left out: %s\n' "$test_name" "$(cat "$err")"
		return
	fi
	printf 'TLS status = 0x107\nPRIORITY=0 \001\377\n%0300000d\n' 0 >in
	# shellcheck disable=SC2016
	annotty=$annotty _with_journal '
		"$annotty" -s name -o journal: in
		for _ in {1..250}; do
			journalctl --sync 2>sync
			journalctl -q -o json --all -t annotty >entries
			[ "$(wc -l <entries)" -lt 7 ] || break
			sleep 0.02
		done'
	expect_equal "$(jq -r 'select(.ANNOTTY_SEQ == "1") | [.MESSAGE, .PRIORITY, .ANNOTTY_CODE,
		.ANNOTTY_NAME, .ANNOTTY_FAMILY, .ANNOTTY_SEVERITY, .ANNOTTY_SOURCE, .ANNOTTY_OFFSET,
		.ANNOTTY_LINE] | join(";")' entries)" \
		"TLS status = 0x107 [$_tls];3;0x107;$_tls;nx_secure_tls;error;in;0;TLS status = 0x107"
	expect_equal "$(jq -r 'select(.ANNOTTY_SEQ == "2") | [.MESSAGE, .PRIORITY] | join(";")' entries)" \
		"PRIORITY=0 ^A<FF>;6"
	expect_equal "$(jq -c 'select(.ANNOTTY_SEQ == "2") | .ANNOTTY_LINE | .[-2:]' entries)" "[1,255]"
	# A line is cut at 64 KiB; each of the pieces is a record too long for a datagram.
	expect_equal "$(jq -rs 'map(select(.ANNOTTY_SEQ | tonumber > 2) | .ANNOTTY_LINE | length) | add' \
		entries)" 300000
}

run_all "$@"
