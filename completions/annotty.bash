# shellcheck shell=bash
# bash completion for annotty(1). It needs nothing but bash: a word that it has no
# answer for is completed as a file.

# Families and names of all codes, those of the tables on the command line included.
_annotty_codes() {
	local i tables=()

	for ((i = 1; i + 1 < ${#COMP_WORDS[@]}; i++)); do
		[[ ${COMP_WORDS[i]} != @(-T|--table) ]] || tables+=(-T "${COMP_WORDS[i + 1]}")
	done
	"${COMP_WORDS[0]}" codes -q "${tables[@]}" 2>/dev/null || "${COMP_WORDS[0]}" codes -q 2>/dev/null
}

_annotty_families() { _annotty_codes | sed -n 's/^# \([^:]*\):.*/\1/p'; }

_annotty_names() { _annotty_codes | awk '/^0x/ { print $1, $3 }'; }

# What can stand behind an option. Fails: a file, or what nobody can know.
_annotty_values() {
	case $1 in
	-F | --format) echo 'text json raw' ;;
	-a | --annotate) echo 'inline suffix below' ;;
	-s | --style) echo 'full name' ;;
	--timestamp) echo 'iso8601 time delta epoch monotonic none' ;;
	--color) echo 'auto always never' ;;
	--summary) echo 'text markdown json github' ;;
	--family | --families) _annotty_families ;;
	--fail-on) echo 'any ok info warning error' && _annotty_names ;;
	-o | --output)
		echo '- file: tcp:// unix: unix-dgram: tcp-listen:// unix-listen:' \
			'syslog: syslog+tcp:// syslog+udp:// relp:// journal:'
		;;
	-b | --baudrate) echo '9600 19200 38400 57600 115200 230400 460800 921600 1000000' \
		'1500000 3000000' ;;
	--databits) echo '5 6 7 8' ;;
	--parity) echo 'none even odd mark space' ;;
	--stopbits) echo '1 2' ;;
	--flow) echo 'none rtscts xonxoff' ;;
	--dtr | --rts) echo 'keep on off' ;;
	-A | -B | -C | --after-context | --before-context | --context | -T | --table | \
		-R | --rules | -c | --config | --quit-on | --timeout | --prefix) echo ;;
	*) return 1 ;;
	esac
}

_annotty_options() {
	local common='--quiet --verbose --help --version'

	case $1 in
	explain) echo "--json --table $common" ;;
	codes) echo "--json --family --table $common" ;;
	ports) echo "--json $common" ;;
	status) echo "--watch --json --config $common" ;;
	check) echo "--config --table --rules --no-default-rules --families $common" ;;
	import) echo "--family --prefix $common" ;;
	run) echo "--config $common" ;;
	*)
		echo "--output --format --annotate --style --timestamp --color --raw-control" \
			"--table --rules --no-default-rules --families --annotate-ok" \
			"--only-matching --after-context --before-context --context" \
			"--fail-on --quit-on --timeout --summary --progress --no-progress" \
			"--baudrate --databits --parity --stopbits --flow --dtr --rts" \
			"--follow --from-start --no-reconnect $common"
		;;
	esac
}

_annotty() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} words i

	COMPREPLY=()
	# Behind `--` stands a command of another program.
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
		fi
	done
	# `--format=js` is three words to the shell.
	if [[ $cur == '=' ]]; then
		cur=''
	elif [[ $prev == '=' ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if words=$(_annotty_values "$prev"); then
		: # an option's value
	elif [[ $cur == -* ]]; then
		words=$(_annotty_options "$command")
	elif ((COMP_CWORD == 1)); then
		words='run explain codes ports status check import'
	elif [[ $command == explain ]]; then
		words=$(_annotty_names)
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	# There is more to say behind `file:` and `tcp://`.
	[[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *[:/] ]] || compopt -o nospace 2>/dev/null
}

complete -o default -F _annotty annotty
