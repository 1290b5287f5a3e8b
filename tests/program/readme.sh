#!/usr/bin/env bash
# readme.sh ANNOTTY PLUG: runs the examples of README.md and compares what they print; the
# examples of the manual page have to be among them. /dev/ttyACM0 is played by PLUG.
#
# An example is a fenced block of the language `console`: lines that begin with "$ " are
# a command, with "> " go on with it, all others are what it prints.
set -euo pipefail

annotty=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd -P)
plug=$(realpath "$2")
for tool in jq socat; do
	command -v "$tool" >/dev/null || { echo "readme.sh: $tool is needed" >&2 && exit 1; }
done

work=$(mktemp -d)
end() {
	# Words are what is wanted.
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>"$work/kill" || true
	rm -rf "$work"
}
trap end EXIT
mkdir -p "$work/bin" "$work/examples/config"
ln -s "$annotty" "$work/bin/annotty"
ln -s "$root/config/sample" "$work/examples/config/sample"
export PATH=$work/bin:$PATH
unset NO_COLOR FORCE_COLOR
cd "$work/examples"

# A device that says the same to everybody who opens it, once he listens.
device=$work/ttyACM0
mkfifo "$work/says" "$work/befalls"
"$plug" "$device" >"$work/befalls" <"$work/says" &
while read -r event; do
	[[ $event != open ]] || {
		sed -n 13,15p config/sample/boot.log
		echo '[    5.480] net: link up'
	}
done <"$work/befalls" >"$work/says" &

examples=0
failures=0
status=0 # of the command before, for `echo $?`
command=''
expected=$work/expected
printed=$work/printed

# Runs the command collected so far, if there is one.
finish() {
	[[ $command ]] || return 0
	set +e
	(exit "$status")
	eval "${command//\/dev\/ttyACM0/"$device"}" </dev/null >"$printed" 2>&1
	status=$?
	set -e
	examples=$((examples + 1))
	if ! cmp -s "$expected" "$printed"; then
		failures=$((failures + 1))
		printf 'README.md:%d: $ %s\n' "$at" "$command"
		diff -u --label expected --label printed "$expected" "$printed" || true
	fi
	command=''
}

number=0
at=0
inside=''
commands=()
while IFS= read -r line; do
	number=$((number + 1))
	case $inside$line in
	'```console') inside=yes ;;
	'yes```') finish && inside='' ;;
	'yes$ '*)
		finish
		command=${line#'$ '}
		at=$number
		commands+=("$command")
		: >"$expected"
		;;
	'yes> '*) command+=$'\n'${line#'> '} ;;
	yes*) printf '%s\n' "$line" >>"$expected" ;;
	esac
done <"$root/README.md"

# The section of the manual page, as it is shown.
mapfile -t shown < <(sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAG/s/^\.Dl //p' "$root/man/annotty.1" |
	sed -e 's/\\&//g' -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\(ti/~/g' -e 's/\\e/\\/g')
((examples > 0 && ${#shown[@]} > 0)) || failures=$((failures + 1))
for command in "${shown[@]}"; do
	[[ $'\n'$(printf '%s\n' "${commands[@]}")$'\n' == *$'\n'"$command"$'\n'* ]] || {
		failures=$((failures + 1))
		echo "annotty.1: example is not in README.md: $command"
	}
done

echo "$examples examples, ${#shown[@]} of the manual page, $failures failed"
((failures == 0))
