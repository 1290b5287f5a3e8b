# shellcheck shell=bash
# Devices, daemons and readers, for the tests of what lives long. A script sources this
# behind lib.sh. Everything that is started here is ended with the test.
#
# Variables are those of lib.sh, or are for the script:
# shellcheck disable=SC2034,SC2154

: "${ANNOTTY_BUILD:?names the build directory}"
plug=$ANNOTTY_BUILD/tests/plug
_tls=NX_SECURE_TLS_HANDSHAKE_FAILURE

_started=() # processes of this test

# --- devices --------------------------------------------------------------------------

# The descriptor on which each device is told what to say, by its path.
declare -gA _device_fd=() _device_pid=()

# plug_in PATH: a device appears there. What befalls it is told in PATH.log.
plug_in() {
	local to

	: >>"$1.log"
	exec {to}> >(exec "$plug" "$1" >>"$1.log")
	_device_fd[$1]=$to
	_device_pid[$1]=$!
	_started+=("$!")
	wait_until test -e "$1"
}

# say PATH TEXT: the device says so; backslash escapes count.
say() {
	printf '%b' "$2" >&"${_device_fd[$1]}"
}

# unplug PATH: it is gone. What it has said and nobody has read is lost.
unplug() {
	local to=${_device_fd[$1]}

	exec {to}>&-
	unset "_device_fd[$1]"
	kill -TERM "${_device_pid[$1]}" 2>"$work/kill"
	wait_until eval "! kill -0 ${_device_pid[$1]}"
}

# times WORD FILE: on how many lines it stands.
times() {
	grep -caF -e "$1" "$2"
}

# --- annotty --------------------------------------------------------------------------

# configure: the configuration of the daemon is what comes on standard input, with the
# control socket here.
configure() {
	{
		printf '[annotty]\ncontrol = %s/control\n' "$PWD"
		cat
	} >annotty.conf
}

# start_daemon [ARGUMENT]...: until it runs. It writes to `daemon.out` and `daemon.err`.
start_daemon() {
	_start daemon run -c annotty.conf "$@"
	wait_until grep -qs 'running: ' daemon.err ||
		_fail "the daemon does not run" "$(_head_of daemon.err)"
}

# start ARGUMENT...: the program in the background, with `started.out` and `started.err`.
start() {
	_start started "$@"
}

_start() {
	local name=$1

	shift
	: >"$name.out"
	: >"$name.err"
	"$annotty" "$@" </dev/null >>"$name.out" 2>>"$name.err" &
	pid=$!
	_started+=("$pid")
}

# reload: the daemon reads its configuration anew, and has.
reload() {
	local before

	before=$(times 'running: ' daemon.err)
	kill -HUP "$pid"
	wait_until eval "[ \$(grep -c 'running: ' daemon.err) -gt $before ]"
}

# stop [SIGNAL]: ends what start has started; its exit status is in `status`.
stop() {
	kill -"${1:-TERM}" "$pid"
	finish
}

# finish: waits for it, 20 seconds at most.
finish() {
	if ! wait_until eval "! kill -0 $pid"; then
		_fail "it does not end"
		kill -KILL "$pid"
	fi
	wait "$pid" 2>"$work/wait"
	status=$?
}

# --- readers --------------------------------------------------------------------------

# read_from ADDRESS FILE: a reader, of socat(1), that stays. It is connected.
read_from() {
	: >"$2"
	socat -d -d -u "$1,retry=200,interval=0.1" "CREATE:$2" 2>"$2.socat" &
	_started+=("$!")
	reader=$!
	wait_until grep -qs 'starting data transfer loop' "$2.socat"
}

# expect_soon WORD FILE: it stands there, if not now then soon.
expect_soon() {
	checks=$((checks + 1))
	wait_until grep -qasF -e "$1" "$2" ||
		_fail "missing: $1" "found: $(_head_of "$2")" \
			"log: $(tail -n 5 daemon.err 2>&1)"
}

# Unplugs and ends all.
end_all() {
	local path

	for path in "${!_device_fd[@]}"; do
		unplug "$path"
	done
	if ((${#_started[@]} > 0)); then
		kill -KILL "${_started[@]}" 2>"$work/kill"
		wait "${_started[@]}" 2>"$work/kill"
	fi
	_started=()
}
after_each=end_all

# have COMMAND...: says which of them is missing, and fails.
have() {
	local command

	for command in "$@"; do
		command -v "$command" >/dev/null ||
			{ echo "$test_name: no $command: skipped" && return 1; }
	done
}

_library+=$'\n'$(compgen -A function)
