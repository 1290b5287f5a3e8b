#!/bin/bash
# The completions of the shells know what the program knows.
. "$(dirname "$0")/lib.sh"

completions=$program_dir/../../completions
bin=$(dirname "$annotty")
PATH=$bin:$PATH

_long_options() {
	"$annotty" --help | grep -oE -e '--[a-z][a-z-]+' | sed 's/^--//' | sort -u
}

# _bash WORD...: what bash offers for the last of the words.
_bash() {
	# shellcheck disable=SC2016
	bash --norc -c '
		. "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_annotty 2>&1
		printf "%s\n" "${COMPREPLY[@]}"' bash "$completions/annotty.bash" "$@"
}

_fish() {
	fish --no-config -c "source $completions/annotty.fish; complete -C'$1'"
}

# _missing PATTERN: the long options of which no line of the file has PATTERN, in which
# OPTION stands for the name.
_missing() {
	local option

	_long_options | while read -r option; do
		grep -qE -e "${2//OPTION/$option}" "$completions/$1" || echo "$option"
	done
}

every_long_option_is_in_every_completion() {
	expect "there are options" test "$(_long_options | wc -l)" -gt 20
	expect_equal "$(_missing annotty.bash "--OPTION[ \"']")" ''
	expect_equal "$(_missing annotty.fish ' -l OPTION( |$)')" ''
	expect_equal "$(_missing _annotty '--OPTION(=|\[|[}])')" ''
}

every_command_is_in_every_completion() {
	local command

	for command in $("$annotty" --help |
		sed -nE 's/^ +annotty ([a-z]+)( \| ([a-z]+))?.*/\1 \3/p'); do
		expect "bash knows $command" grep -qw "$command" <(_bash annotty '')
		expect "fish knows $command" grep -q -- "-a $command " "$completions/annotty.fish"
		expect "zsh knows $command" grep -q "$command\\\\:" "$completions/_annotty"
	done
}

bash_completes_the_names_of_codes() {
	expect_equal "$(_bash annotty explain NX_SECURE_TLS_HANDSHAKE_FA)" \
		NX_SECURE_TLS_HANDSHAKE_FAILURE
	expect_equal "$(_bash annotty explain 0x107)" 0x107
	expect_equal "$(_bash annotty explain --js)" --json
	printf '0x2001\tMODEM_NO_SIM\tNo SIM.\n' >modem.tsv
	expect_equal "$(_bash annotty explain -T modem.tsv MODEM_)" MODEM_NO_SIM
	expect_equal "$(_bash annotty codes --family nx_secure_x)" nx_secure_x509
}

bash_completes_values_behind_a_blank_and_behind_an_equals_sign() {
	expect_equal "$(_bash annotty --format js)" json
	expect_equal "$(_bash annotty --format = js)" json
	expect_equal "$(_bash annotty --format = | tr '\n' ' ')" 'text json raw '
	expect_equal "$(_bash annotty --fail-on NX_SECURE_TLS_HANDSHAKE_FA)" \
		NX_SECURE_TLS_HANDSHAKE_FAILURE
	expect_equal "$(_bash annotty -T '')" ''
}

bash_offers_a_command_only_its_own_options() {
	expect_equal "$(_bash annotty import --f)" --family
	expect_equal "$(_bash annotty in.log --fami)" --families
	expect_equal "$(_bash annotty codes --out)" ''
}

bash_leaves_another_program_its_words() {
	expect_equal "$(_bash annotty -- tr --)" ''
	expect "its name is completed" grep -qx true <(_bash annotty -- tru)
}

fish_completes_names_of_codes_values_and_commands() {
	command -v fish >/dev/null || { echo "fish is not installed: skipped" && return; }
	expect_equal "$(_fish 'annotty explain NX_SECURE_TLS_HANDSHAKE_FA' | cut -f 1)" \
		NX_SECURE_TLS_HANDSHAKE_FAILURE
	expect_equal "$(_fish 'annotty --format ' | cut -f 1 | tr '\n' ' ')" 'json raw text '
	expect_equal "$(_fish 'annotty expl' | cut -f 1)" explain
	expect_equal "$(_fish 'annotty import --fam' | cut -f 1)" --family
}

# _zsh WORDS TEXT: zsh writes TEXT to its terminal when the words and a tab are typed.
_zsh() {
	cat >try.zsh <<'SCRIPT'
zmodload zsh/zpty
zpty shell "PS1='ready> ' TERM=dumb COLUMNS=200 zsh -f -i"
zpty -w shell "fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; print is\ up"
zpty -r -m shell all '*is up*ready> *'
zpty -w -n shell "$2"$'\t'
zpty -r -m shell line "*$3*" && print -r -- "$line"
SCRIPT
	timeout 30 zsh -f try.zsh "$completions" "$1" "$2"
}

zsh_completes_names_of_codes_and_commands() {
	command -v zsh >/dev/null || { echo "zsh is not installed: skipped" && return; }
	expect "a name of a code" _zsh 'annotty explain NX_SECURE_TLS_HANDSHAKE_FA' HANDSHAKE_FAILURE
	expect "a command" _zsh 'annotty expl' 'annotty explain'
	expect "an option of a command" _zsh 'annotty codes --fam' '--family='
}

run_all "$@"
