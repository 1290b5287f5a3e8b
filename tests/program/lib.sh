# shellcheck shell=bash
# What the tests of the built program share. A script sources this, defines functions
# whose names are sentences, and ends with run_all. A function whose name begins with
# an underscore is a helper of its script.
#
# Each test runs in an empty directory of its own, with `status`, `out` and `err` of the
# last `run` to look at.

set -u -o pipefail
export LC_ALL=C TZ=UTC
unset NO_COLOR FORCE_COLOR
: "${ANNOTTY:?names the program to test}"
annotty=$ANNOTTY

program_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Read by the scripts.
# shellcheck disable=SC2034
config_dir=$(cd "$program_dir/../../config" && pwd)

work=$(mktemp -d "${TMPDIR:-/tmp}/annotty-test.XXXXXX")
out=$work/out
err=$work/err
status=0
checks=0
failures=0
failures_before=0 # the test
test_name=
after_each=: # a command

_clean_up() {
	local pids

	# A child that is ended between its fork and its exec comes here as well.
	[ "$BASHPID" = "$$" ] || return
	pids=$(jobs -p)
	# Word splitting is what is wanted.
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>"$work/kill"
	rm -rf "$work"
}
trap _clean_up EXIT

# --- running --------------------------------------------------------------------------

# run ARGUMENT...: the program, at most 20 seconds, its standard input the caller's.
run() {
	timeout 20 "$annotty" "$@" >"$out" 2>"$err"
	status=$?
}

# run_shell COMMAND: the same for a command line in which $annotty stands.
run_shell() {
	annotty=$annotty timeout 20 bash -o pipefail -c "$1" >"$out" 2>"$err"
	status=$?
}

# run_on_terminal COMMAND: with standard output (or what of it is not redirected) a
# terminal; what it shows comes to $out.
run_on_terminal() {
	annotty=$annotty TERM=xterm timeout 20 script -qec "$1" /dev/null \
		</dev/null >"$out" 2>"$err"
	status=$?
}

# wait_until COMMAND...: until it succeeds, at most 20 seconds; less in a test that has
# failed already.
wait_until() {
	local tries=0 most=1000

	[ "$failures" -eq "$failures_before" ] || most=50

	until "$@" >"$work/wait" 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt "$most" ] || return 1
		sleep 0.02
	done
}

# --- asking ---------------------------------------------------------------------------

_fail() {
	failures=$((failures + 1))
	printf '%s: %s\n' "$test_name" "$1"
	shift
	[ $# -eq 0 ] || printf '    %s\n' "$@"
}

# The beginning of a file, to be shown.
_head_of() {
	head -c 400 "$1" | cat -v
}

# expect WHAT COMMAND...: the command succeeds.
expect() {
	local what=$1

	shift
	checks=$((checks + 1))
	"$@" >"$work/expect" 2>&1 || _fail "not so: $what" "$(_head_of "$work/expect")"
}

# expect_not WHAT COMMAND...: the command fails.
expect_not() {
	local what=$1

	shift
	checks=$((checks + 1))
	! "$@" >"$work/expect" 2>&1 || _fail "so, but should not be: $what"
}

expect_status() {
	checks=$((checks + 1))
	[ "$status" -eq "$1" ] ||
		_fail "exit status is $status, expected $1" "stderr: $(_head_of "$err")"
}

expect_equal() {
	checks=$((checks + 1))
	[ "$1" = "$2" ] || _fail "found:    $1" "expected: $2"
}

# expect_out TEXT: standard output is these lines; backslash escapes count.
expect_out() {
	printf '%b' "$1" >"$work/expected"
	expect_same "$out" "$work/expected"
}

# expect_out_has WORDS...: each stands in standard output.
expect_out_has() {
	_expect_words "$out" "$@"
}

# expect_err WORDS...: each stands on standard error; without any, it is empty.
expect_err() {
	if [ $# -eq 0 ]; then
		checks=$((checks + 1))
		[ ! -s "$err" ] || _fail "standard error: $(_head_of "$err")"
	else
		_expect_words "$err" "$@"
	fi
}

_expect_words() {
	local file=$1 word

	shift
	for word in "$@"; do
		checks=$((checks + 1))
		grep -qaF -e "$word" "$file" ||
			_fail "missing: $word" "found: $(_head_of "$file")"
	done
}

# expect_same FOUND EXPECTED: two files hold the same bytes.
expect_same() {
	checks=$((checks + 1))
	cmp -s "$1" "$2" ||
		_fail "$(cmp "$1" "$2" 2>&1)" "found:    $(_head_of "$1")" \
			"expected: $(_head_of "$2")"
}

# --- material -------------------------------------------------------------------------

# Takes all annotations out again, wherever --annotate put them.
strip() {
	perl -0777 -pe 's/(?:\r?\n[ \t]*\^~*)? \[(?:NX|NXD|TX|TLS)_[^\]\n]*\]//g' "$@"
}

# is_sanitized: the program is slower and larger than what users run.
is_sanitized() {
	grep -qa __asan_init "$annotty"
}

# make_log LINES: a console with a status value on every 50th line; lines are numbered.
make_log() {
	perl -e 'for $i (1 .. $ARGV[0]) {
		printf "[%8d.%03d] %s\n", $i / 100, $i * 37 % 1000,
			$i % 50 ? "sensor task alive, queue depth normal, nothing to report"
			: $i % 100 ? "TLS handshake failed, status = 0x107"
			: "mqtt connect error code = 65541";
	}' "$1"
}

# --- the end --------------------------------------------------------------------------

# Runs the script's tests (or those that are named), tells, and ends the script.
run_all() {
	local name tests

	mapfile -t tests < <(compgen -A function)
	[ $# -eq 0 ] || tests=("$@")
	for name in "${tests[@]}"; do
		case " $_library " in
		*[[:space:]]"$name"[[:space:]]*) continue ;;
		esac
		[[ $name != _* ]] || continue
		test_name=$name
		failures_before=$failures
		: >"$out"
		: >"$err"
		mkdir "$work/$name" && cd "$work/$name" || exit 1
		"$name" </dev/null
		"$after_each"
		cd / || exit 1
		rm -rf "${work:?}/$name"
	done
	printf '%s: %d checks, %d failures\n' "$(basename "$0" .sh)" "$checks" "$failures"
	[ "$failures" -eq 0 ]
	exit
}

_library=$(compgen -A function)
