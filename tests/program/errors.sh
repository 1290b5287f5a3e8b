#!/bin/bash
# What is said, and with which exit status, when something is wrong.
. "$(dirname "$0")/lib.sh"

_console='app: start\nTLS handshake failed, status = 0x107\n'
_annotated='app: start\nTLS handshake failed, status = 0x107 [NX_SECURE_TLS_HANDSHAKE_FAILURE]\n'

# --- inputs ---------------------------------------------------------------------------

a_missing_file_is_told_and_the_others_go_on() {
	printf '%b' "$_console" >log
	run -s name missing log gone log
	expect_status 3
	expect_out "$_annotated$_annotated"
	expect_err "missing: No such file or directory" "gone: No such file or directory"
	expect_equal "$(grep -c . "$err")" 2
}

a_directory_is_no_input() {
	mkdir d
	run d
	expect_status 3
	expect_out ''
	expect_err "d: Is a directory"
	run <d
	expect_status 3
	expect_err "standard input: Is a directory"
}

a_file_without_permission_names_itself() {
	[ "$(id -u)" -ne 0 ] || return 0
	touch secret
	chmod 0 secret
	run secret
	expect_status 3
	expect_err "secret: Permission denied"
}

closed_standard_input_is_an_error() {
	run_shell '"$annotty" <&-'
	expect_status 3
	expect_err "stdin: Bad file descriptor"
	printf '%b' "$_console" >log
	run_shell '"$annotty" -s name log <&-'
	expect_status 0
	expect_out "$_annotated"
}

closed_standard_output_is_an_error() {
	printf '%b' "$_console" >log
	run_shell '"$annotty" log >&-'
	expect_status 3
	expect_err "standard output" "Bad file descriptor"
	run_shell '"$annotty" explain 0x107 >&-'
	expect_status 3
	expect_err "standard output" "Bad file descriptor"
}

no_file_is_mistaken_for_closed_standard_output() {
	printf '%b' "$_console" >log
	run_shell '"$annotty" -s name -o file:copy -o - log >&-'
	expect_status 3
	expect_same copy <(printf '%b' "$_annotated")
}

closed_standard_error_hurts_nobody() {
	printf '%b' "$_console" >log
	run_shell '"$annotty" -s name -v --summary log missing -o - -o file:copy 2>&-'
	expect_status 3
	expect_out "$_annotated"
	expect_same copy <(printf '%b' "$_annotated")
}

a_file_is_not_read_and_written_at_once() {
	printf '%b' "$_console" >log
	cp log before
	run_shell '"$annotty" log >>log'
	expect_status 3
	expect_err "log: input file is also an output"
	run_shell '"$annotty" <log >>log'
	expect_status 3
	expect_err "stdin: input file is also an output"
	run -o file:log log
	expect_status 3
	expect_same log before
}

a_file_is_not_followed_and_written_at_once() {
	local output

	printf '%b' "$_console" >log
	cp log before
	ln -s log link
	for output in log ./log link; do
		_wrong 'input file is also the output' -- -f --from-start -o "file:$output" log
	done
	_wrong 'input file is also the output' -- -f -o file:later later
	run_shell '"$annotty" -f --from-start log >>log'
	expect_status 2
	expect_err '"log": input file is also the output "-"'
	expect_same log before
	run -f --from-start --quit-on=app -o file:other log
	expect_status 0
}

# --- outputs --------------------------------------------------------------------------

a_full_disk_names_the_output_and_the_reason() {
	local command

	printf '%b' "$_console" >log
	for command in log 'explain 0x107' codes 'codes --json' check --help --version; do
		run_shell "\"\$annotty\" $command >/dev/full"
		expect_status 3
		expect_err "standard output" "No space left on device"
	done
	run -o file:/dev/full log
	expect_status 3
	expect_err "/dev/full" "No space left on device"
}

an_import_to_a_full_disk_fails() {
	printf '#define A_B 1\n' >a.h
	run_shell '"$annotty" import a.h >/dev/full'
	expect_status 3
	expect_err "No space left on device"
}

an_output_in_a_missing_directory_is_told() {
	run -o file:no/such/log </dev/null
	expect_status 3
	expect_err 'output "no/such/log": No such file or directory'
}

a_directory_is_no_output() {
	mkdir d
	run -o file:d </dev/null
	expect_status 3
	expect_err 'output "d": Is a directory'
}

an_output_of_an_unknown_kind_is_told() {
	local spec

	for spec in log '-x'; do
		run -o "$spec" </dev/null
		expect_status 2
		expect_err "\"$spec\": unknown kind of output; a file is file:PATH"
	done
	for spec in fiel:log=file: tcp:/x=tcp:// jounal:=journal: tpc://h:1=tcp://; do
		run -o "${spec%=*}" </dev/null
		expect_status 2
		expect_err "\"${spec%=*}\": unknown kind of output; did you mean \"${spec#*=}\"?"
	done
	run -o '' </dev/null
	expect_status 2
	expect_err '"": expected an input or output'
	run -o file: </dev/null
	expect_status 2
	expect_err '"file:"'
}

an_input_of_an_unknown_kind_is_told() {
	run tpc://board:23
	expect_status 2
	expect_err '"tpc://board:23": unknown kind of input; did you mean "tcp://"?'
	run tcp://board
	expect_status 2
	expect_err '"tcp://board": expected HOST:PORT'
}

an_output_with_a_wrong_key_or_value_is_told() {
	run -o 'file:log?colour=1' </dev/null
	expect_status 2
	expect_err '"file:log?colour=1": unknown key "colour"'
	run -o '-?rotate=10M' </dev/null
	expect_status 2
	expect_err 'unknown key "rotate"' 'standard output knows format'
	run -o 'file:log?format=xml' </dev/null
	expect_status 2
	expect_err '"xml" is no format' 'text, json or raw'
	run -o 'file:log?rotate=10X' </dev/null
	expect_status 2
	expect_err '"10X" is no rotate' '10M'
	run -o 'file:log?rotate=0' </dev/null
	expect_status 2
	run -o 'file:log?keep=-1' </dev/null
	expect_status 2
	expect_err '"-1" is no keep'
	expect_not "a file was made" test -e log
}

an_output_that_is_given_twice_is_told() {
	_wrong '"-?format=json": there is another output "-"' -- -o - -o '-?format=json'
	_wrong '"file:log": there is another output "file:log?format=json"' -- \
		-o 'file:log?format=json' -o - -o file:log
	expect_not "a file was made" test -e log
}

a_reader_that_goes_away_ends_quietly() {
	make_log 100000 >log
	run_shell '"$annotty" log | head -1'
	expect_status 0
	expect_err
	expect_equal "$(wc -l <"$out")" 1
	run_shell 'yes "TLS status = 0x107" | "$annotty" -s name | head -2; exit "${PIPESTATUS[1]}"'
	expect_status 0
	expect_err
	run_shell '"$annotty" codes --json | head -1'
	expect_status 0
	expect_err
	run_shell '"$annotty" explain nx | head -1'
	expect_status 0
	expect_err
}

another_output_goes_on_when_a_reader_goes_away() {
	make_log 20000 >log
	run_shell '"$annotty" -F raw -o - -o file:copy log | head -1'
	expect_status 0
	expect_err
	expect_same copy log
}

# --- tables and rules -----------------------------------------------------------------

a_table_that_cannot_be_read_is_told() {
	mkdir d
	run -T none.tsv </dev/null
	expect_status 3
	expect_err "none.tsv: No such file or directory"
	run -T none.h </dev/null
	expect_status 3
	expect_err "none.h: No such file or directory"
	run -T d </dev/null
	expect_status 3
	expect_err "d: Is a directory"
	run -R none.rules </dev/null
	expect_status 3
	expect_err "none.rules: No such file or directory"
}

# _bad_row ROW WORDS...: line 4 of a table is wrong.
_bad_row() {
	printf '# family: mine\n# a comment\n0x10\tMY_ONE\tone\n%b\n0x7000\tMY_LAST\tlast\n' \
		"$1" >bad.tsv
	shift
	run -T bad.tsv </dev/null
	expect_status 2
	expect_out ''
	expect_err "annotty: bad.tsv:4: " "$@"
}

a_bad_row_of_a_table_is_told_with_its_line() {
	_bad_row 'x20\tMY_TWO\ttwo' "expected a value" "x20"
	_bad_row '0x20 MY_TWO two' "expected a value"
	_bad_row '0x20\tMY TWO\ttwo' "expected a name" "MY TWO"
	_bad_row '0x20\tMY_TWO' "description" "MY_TWO"
	_bad_row '0x20\tMY_TWO\ttwo\tfatal' "severity" "fatal"
	_bad_row '0x0F\tMY_TWO\ttwo' "ascend" "MY_TWO"
	_bad_row '0x10\tMY_ONE\tone' "there already" "MY_ONE"
	_bad_row '0x20\tMY_TWO\ttwo\terror\thint\tmore' "five fields"
	_bad_row '0x20\tMY_TWO\ttw\0377o' "UTF-8"
	_bad_row '0x20\tMY_TWO\ttw\0033o' "control characters"
	_bad_row '# family: late' "the head comes before the first row"
}

an_empty_table_is_an_error() {
	printf '# family: mine\n' >empty.tsv
	run -T empty.tsv </dev/null
	expect_status 2
	expect_err "empty.tsv: no rows"
}

a_bad_regex_has_a_caret_below_the_mistake() {
	local column

	printf '[rule a]\npattern = status (?<code>0x[0-9\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:2: rule "a": pattern: ' "offset 21" "status (?<code>0x[0-9"
	column=$(awk '/status/ { text = index($0, "status") } /\^$/ { print index($0, "^") - text }' "$err")
	expect_equal "$column" 21

	printf '[rule a]\npattern = (?<code>1)\nunless = a**b\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:3: rule "a": unless: '
}

a_bad_regex_of_quit_on_has_a_caret() {
	run --quit-on 'a(b' </dev/null
	expect_status 2
	expect_err "--quit-on: " "offset 3"
	expect_equal "$(tail -n 2 "$err")" $'    a(b\n       ^'
}

a_long_bad_regex_is_shown_around_the_mistake() {
	printf '[rule a]\npattern = %s(?<code>1)[z\n' "$(printf 'x%.0s' {1..300})" >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_equal "$(awk '/\[z$/ { end = length($0) } /\^$/ { print length($0) - end }' "$err")" 1
	expect "lines stay short" awk 'length($0) > 150 { exit 1 }' "$err"
}

wrong_words_in_rules_name_the_nearest() {
	printf '[rule a]\npatern = (?<code>1)\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:2: unknown key "patern"; did you mean "pattern"?'
	printf '\n[rulez a]\npattern = (?<code>1)\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:2: unknown section "rulez"; did you mean "rule"?'
	printf '[rule a]\npattern = (?<code>1)\nbase = hexx\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:3: unknown base "hexx"; did you mean "hex"?'
	printf '[rule a]\npattern = (?<code>1)\nenabled = off\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:3: unknown answer "off"'
	printf '[rule a]\npattern = (?<code>1)\nfamilies = nx nx_dsn\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:1: rule "a"' 'unknown family "nx_dsn"; did you mean "nx_dns"?'
}

rules_that_cannot_work_are_told() {
	printf '[rule a]\npattern = status 0x107\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:2: rule "a"' 'code'
	printf '[rule a]\nbase = hex\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:1: rule "a" has no pattern'
	printf '[rule a]\npattern = %%{nothing}(?<code>1)\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:2: rule "a"' '%{nothing} is not in a [define] section'
	printf '[rule a]\npattern = (?<code>1)\n[rule a]\npattern = (?<code>2)\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:3: rule "a" is there already, at line 1'
	printf 'pattern = (?<code>1)\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:1: "pattern" stands before any section'
	printf '[rule a]\nwhat is this\n' >bad.rules
	run -R bad.rules </dev/null
	expect_status 2
	expect_err 'bad.rules:2: expected "key = value" or "[section]", found "what is this"'
}

# --- options --------------------------------------------------------------------------

# _wrong WORDS... -- ARGUMENT...: a mistake on the command line.
_wrong() {
	local words=()

	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	run "$@" </dev/null
	expect_status 2
	expect_out ''
	expect_err "annotty: " "${words[@]}"
}

an_unknown_option_is_named_with_the_nearest() {
	_wrong 'unknown option "--tabel"; did you mean "--table"?' -- --tabel x
	_wrong 'unknown option "--sumary"; did you mean "--summary"?' -- --sumary=json
	_wrong 'unknown option "--zzzzzzz"; see annotty --help' -- --zzzzzzz
	_wrong 'unknown option "-Z"; see annotty --help' -- -Z
	_wrong 'unknown option "-Z"' -- --quiet -qZm
	_wrong '"--no" could be --no-reconnect, --no-default-rules, --no-progress' -- --no
	_wrong 'option "--quiet" takes no value' -- --quiet=3
}

an_option_without_its_value_is_named() {
	_wrong 'option "-o" needs a value' -- -o
	_wrong 'option "--output" needs a value' -- --output
	_wrong 'option "-T" needs a value' -- -q -T
	_wrong 'option "--timeout" needs a value' -- --timeout
}

an_unknown_word_names_the_nearest_or_all() {
	_wrong '--annotate: unknown word "x"; expected inline, suffix or below' -- -a x
	_wrong '--style: unknown word "short"; expected full or name' -- -s short
	_wrong '--format: unknown word "jsn"; did you mean "json"?' -- -F jsn
	_wrong '--format: unknown word "txt"; did you mean "text"?' -- --format=txt
	_wrong '--annotate: unknown word "bellow"; did you mean "below"?' -- -a bellow
	_wrong '--style: unknown word "names"; did you mean "name"?' -- -s names
	_wrong '--color: unknown word "alway"; did you mean "always"?' -- --color=alway
	_wrong '--timestamp: unknown word "iso"; expected none, iso8601, time, delta, epoch or monotonic' \
		-- -tiso
	_wrong '--timestamp: unknown word "epok"; did you mean "epoch"?' -- --timestamp=epok
	_wrong '--summary: unknown word "markdwn"; did you mean "markdown"?' -- --summary=markdwn
}

an_unknown_family_names_the_nearest() {
	_wrong 'unknown family "nx_dsn"; did you mean "nx_dns"?' -- --families nx_dsn
	_wrong 'families: expected names, as annotty codes has them, found none' -- --families ' ,'
	_wrong 'unknown family "nx_secure_tsl"; did you mean "nx_secure_tls"?' -- \
		--families "nx nx_secure_tsl"
	_wrong 'unknown family "nx_sntpp"; did you mean "nx_sntp"?' -- codes --family nx_sntpp
}

wrong_numbers_are_told() {
	_wrong '--timeout' '"0"' -- --timeout 0
	_wrong '--timeout' '"-1"' -- --timeout=-1
	_wrong '--timeout' '"soon"' -- --timeout soon
	_wrong '--timeout' '"nan"' -- --timeout nan
	_wrong '--timeout' '"1e99"' -- --timeout 1e99
	_wrong '--timeout' '""' -- --timeout ''
	_wrong '-A: "x" is no number of lines' -- -A x
	_wrong '-B: "-1" is no number of lines' -- -B -1
	_wrong '-C: "99999999999" is no number of lines' -- -C 99999999999
}

a_wrong_setting_of_ports_is_told_whatever_is_read() {
	printf '%b' "$_console" >log
	_wrong '--baudrate: baudrate: "fast" does not fit; expected a number' -- -b fast log
	_wrong '--parity: parity: "some" does not fit; expected none' -- --parity=some
}

a_wrong_fail_on_is_told() {
	_wrong '--fail-on: "fatal" is neither any' 'warning' -- --fail-on fatal
	_wrong '--fail-on: "NX_NO_SUCH_NAME"' 'a name' -- --fail-on NX_NO_SUCH_NAME
	_wrong '--fail-on: ""' 'see annotty codes' -- --fail-on ''
	_wrong 'did you mean "NX_NOT_CONNECTED"?' -- --fail-on NX_NOT_CONECTED
	_wrong 'did you mean "NX_NOT_CONNECTED"?' -- --fail-on nx_not_connected
	_wrong 'did you mean "error"?' -- --fail-on Errors
}

commands_refuse_options_of_others() {
	_wrong 'explain does not take the option "--output"' -- explain -o x 0x107
	_wrong 'codes does not take the option "--fail-on"' -- codes --fail-on any
	_wrong 'check does not take the option "--json"' -- check --json
	_wrong 'import does not take the option "--table"' -- import -T x y.h
	_wrong 'does not take the option "--json"' -- --json
}

a_mistyped_command_names_the_one_that_is_like_it() {
	run explian 0x107
	expect_status 3
	expect_err 'there is no command "explian"; did you mean "explain"?' \
		'explian: No such file or directory'
	run nowhere.log
	expect_not "it is like a command" grep -q 'no command' "$err"
	printf '%b' "$_console" >code
	run -s name code
	expect_status 0
	run code
	expect_status 0
	expect_err
	run help
	expect_err 'there is no command "help"; did you mean "--help"?'
}

commands_without_what_they_need_say_so() {
	_wrong 'a COMMAND is missing behind "--"' -- --
	_wrong 'a COMMAND is missing behind "--"' -- -q --
	_wrong 'explain needs' 'annotty explain 0x107' -- explain
	_wrong 'import needs' -- import
	_wrong 'codes takes no argument, found "nx"' '--family nx' -- codes nx
	_wrong 'check takes' 'found "x.rules"' -- check x.rules
	_wrong 'status takes the path of one control socket' -- status a b
}

status_of_a_user_without_a_session_needs_a_path() {
	local nobody=(env -u XDG_RUNTIME_DIR -u RUNTIME_DIRECTORY)

	if [ "$EUID" -eq 0 ]; then
		nobody+=(setpriv --reuid 65534 --clear-groups)
	fi
	"${nobody[@]}" test -x "$annotty" || return # in a folder of root's
	"${nobody[@]}" "$annotty" status >"$out" 2>"$err"
	status=$?
	expect_status 2
	expect_err 'XDG_RUNTIME_DIR is not set'
}

too_many_of_anything_is_told() {
	local many=() i

	for i in {1..40}; do
		many+=(-o "file:out.$i")
	done
	_wrong '--output: more than 32' -- "${many[@]}"
	mapfile -t many < <(printf -- '--fail-on=any\n%.0s' {1..40})
	_wrong '--fail-on: more than 32' -- "${many[@]}"
	mapfile -t many < <(printf -- '-Tx.tsv\n%.0s' {1..300})
	_wrong 'x.tsv: more than 256 files' -- "${many[@]}"
	mapfile -t many < <(printf -- 'x.h\n%.0s' {1..300})
	_wrong 'x.h: more than 256 headers' -- import "${many[@]}"
}

a_command_has_no_other_input() {
	_wrong 'an INPUT and a COMMAND do not go together' -- in -- true
	_wrong 'an INPUT and a COMMAND do not go together' -- - in -- true
}

run_all "$@"
