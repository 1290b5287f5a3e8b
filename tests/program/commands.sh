#!/bin/bash
# explain, codes, check, import, and the tables that are compiled in.
. "$(dirname "$0")/lib.sh"

_tls=NX_SECURE_TLS_HANDSHAKE_FAILURE
_members="value code name description family severity hint"

# --- explain --------------------------------------------------------------------------

explain_knows_a_value_in_every_spelling() {
	local word

	run explain 0x107
	expect_status 0
	expect_err
	expect_out_has "0x107 (263)  $_tls" "    Something in message processing during the handshake has failed." \
		"Check: " "error, family nx_secure_tls"
	cp "$out" first
	for word in 0x107 0X107 0x0107 0x00000107 263 107h 107H 107 "$_tls"; do
		run explain "$word"
		expect_status 0
		expect_same "$out" first
	done
	run explain 10B
	expect_out_has "0x10B (267)  NX_SECURE_TLS_BAD_CIPHERSPEC"
}

explain_reads_digits_as_decimal_and_as_hex() {
	run explain 38
	expect_status 0
	expect_out_has "0x26 (38)" "0x38 (56)"
	expect "decimal comes first" test "$(head -n 1 "$out" | cut -c 1-4)" = 0x26
}

explain_tells_all_codes_of_a_value() {
	run explain 0x20003
	expect_out_has "family nx_azure_iot" "family nx_crypto"
	run explain --json 0x20003
	expect_equal "$(jq -c 'map(.family)' "$out")" '["nx_azure_iot","nx_crypto"]'
}

explain_finds_a_part_of_a_name() {
	run explain NX_SECURE_TLS_HANDSHAKE
	expect_status 0
	expect_out_has "$_tls" NX_SECURE_TLS_HANDSHAKE_FRAGMENT_RECEIVED
	run explain tls_handshake_f
	expect_status 0
	expect_out_has "$_tls"
}

explain_finds_words() {
	run explain trusted store issuer
	expect_status 0
	expect_out_has NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND
	run explain 'trusted store issuer'
	expect_status 0
	expect_out_has NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND
	run explain handshake
	expect_out_has "$_tls"
	run explain zebra handshake
	expect_status 1
	expect_err 'no code has all of the words "zebra handshake"'
}

explain_takes_words_with_digits_for_words() {
	run explain x509 expired
	expect_status 0
	expect_equal "$(grep -c '^0x' "$out")" 1
	expect_out_has '0x193 (403)  NX_SECURE_X509_CERTIFICATE_EXPIRED'
	run explain TLS 1.2
	expect_status 0
	expect_equal "$(grep '^0x' "$out")" '0x46 (70)  NX_SECURE_TLS_ALERT_PROTOCOL_VERSION'
	run explain 0x107 0x193
	expect_equal "$(grep -c '^0x' "$out")" 2
}

explain_takes_several_codes_and_tells_each_once() {
	run explain --json 0x107 263 "$_tls" 0x11B
	expect_equal "$(jq -c 'map(.code)' "$out")" '["0x107","0x11B"]'
	run explain 0x107 0x7FFF1234 0x11B
	expect_status 1
	expect_out_has "0x107 (263)" "0x11B (283)"
	expect_err "0x7FFF1234"
}

explain_says_where_an_unknown_value_would_be() {
	run explain 0x1FF
	expect_status 1
	expect_out ''
	expect_err "annotty: 0x1FF (0x1FF, 511) is in no table; the nearest below is 0x1AA, the last of nx_secure_x509"
	run explain 0xFE
	expect_status 1
	expect_err "is in no table; it falls in the range of tx (0x01 to 0xFF)"
	run explain 0xFFFFFFFFFFFFFFFFFFFF
	expect_status 1
	expect_err "0xFFFFFFFFFFFFFFFFFFFF"
}

explain_names_the_nearest_of_an_unknown_word() {
	run explain NX_SECURE_TLS_HANDSHAK_FAILURE
	expect_status 1
	expect_err "\"NX_SECURE_TLS_HANDSHAK_FAILURE\" is in no table; did you mean $_tls?"
	run explain nx_no_packt
	expect_status 1
	expect_err 'did you mean NX_NO_PACKET?'
	run explain xyzzy
	expect_status 1
	expect_err '"xyzzy" is in no table'
}

explain_prints_what_is_asked_twice_once() {
	run explain 0x107 263 107h "$_tls"
	expect_status 0
	expect_err
	expect_equal "$(grep -c "$_tls" "$out")" 1
}

explain_of_a_blank_finds_nothing() {
	local word

	for word in '' ' '; do
		run explain "$word"
		expect_status 1
		expect_out ''
		expect_err "\"$word\" is in no table"
	done
}

explain_as_json_is_an_array_of_codes() {
	run explain --json 0x107
	expect_status 0
	expect_equal "$(jq -r 'type, (.[0] | keys_unsorted | join(" "))' "$out" | tr '\n' ' ')" "array $_members "
	expect_equal "$(jq -c '.[0] | [.value, .code, .name, .family, .severity]' "$out")" \
		"[263,\"0x107\",\"$_tls\",\"nx_secure_tls\",\"error\"]"
	run explain --json xyzzy
	expect_status 1
	expect_equal "$(jq -c . "$out")" '[]'
}

explain_needs_no_input_to_end() {
	local to

	mkfifo in
	exec {to}<>in
	run explain 0x107 <in
	exec {to}>&-
	expect_out_has "$_tls"
}

explain_survives_odd_words() {
	local word

	for word in '' ' ' '%s%n' '-' '(' "$(printf 'x%.0s' {1..5000})" $'\377' '0x' 'h' '0xh'; do
		run explain -- "$word"
		expect "exit status 0 or 1 for \"${word:0:20}\", not $status" test "$status" -le 1
	done
}

# --- codes ----------------------------------------------------------------------------

# _rows FILE: how many codes a table has.
_rows() {
	grep -cE '^(0x[0-9A-Fa-f]+|[0-9]+)'$'\t' "$1"
}

codes_lists_every_row_of_every_table() {
	local table family

	run codes --json
	expect_status 0
	cp "$out" codes.json
	expect_equal "$(jq -r 'type' codes.json)" array
	expect_equal "$(jq -r 'map(keys_unsorted | join(" ")) | unique | .[]' codes.json)" "$_members"
	for table in "$config_dir"/tables/*.tsv; do
		family=$(sed -n 's/^# family: //p' "$table")
		expect_equal "$family $(jq --arg f "$family" 'map(select(.family == $f)) | length' codes.json)" \
			"$family $(_rows "$table")"
		run codes --json --family "$family"
		expect_equal "$(jq length "$out")" "$(_rows "$table")"
		run codes --family "$family"
		expect_equal "$(grep -c '^0x' "$out")" "$(_rows "$table")"
		expect_equal "$(head -n 1 "$out")" "# $family: $(sed -n 's/^# title: //p' "$table")"
	done
	run codes
	expect_equal "$(grep -c '^0x' "$out")" "$(jq length codes.json)"
}

codes_says_what_the_tables_say() {
	run codes --json
	# Severity and hint may be missing from a row.
	# In the tables severity and hint may be missing, and a value may be decimal.
	perl -F'\t' -lane '$family = $1 if /^# family: (.*)/;
		next if !/^\d/;
		$value = $F[0] =~ /^0x/ ? hex $F[0] : $F[0];
		print join "\t", $family, $value, sprintf("0x%02X", $value), @F[1, 2],
			$F[3] || ($value ? "error" : "ok"), $F[4] // ""' "$config_dir"/tables/*.tsv >rows
	expect_same <(jq -r '.[] | [.family, .value, .code, .name, .description, .severity, .hint] | join("\t")' \
		"$out" | sort) <(sort rows)

}

values_of_a_family_ascend() {
	run codes --json
	expect_equal "$(jq 'group_by(.family) | all(map(.value) | . == sort)' "$out")" true
}

# The seeds that the project was given stay as they are, byte for byte.
seeds_are_in_the_tables_byte_for_byte() {
	local seeds=$config_dir/../../shared/tables family

	[ -d "$seeds" ] || return 0
	for family in nx_secure_tls nx_secure_x509; do
		awk -F '\t' '/^0x/ { print $1 "\t" $2 "\t" $3 }' "$config_dir/tables/$family.tsv" >rows
		run codes --family "$family" --json
		jq -r '.[] | [.code, .name, .description] | join("\t")' "$out" >told
		expect "each seed of $family is a row" \
			test "$(grep -cE '^0x' "$seeds/$family.seed.tsv")" -gt 30
		expect_same <(grep -E '^0x' "$seeds/$family.seed.tsv" | grep -vxF -f rows) /dev/null
		expect_same <(grep -E '^0x' "$seeds/$family.seed.tsv" | grep -vxF -f told) /dev/null
	done
}

explain_tells_every_code_of_the_secure_families() {
	local name

	run codes --json
	jq -r '.[] | select(.family | startswith("nx_secure")) | .name' "$out" >names
	expect "there are many" test "$(wc -l <names)" -gt 100
	mapfile -t name <names
	run explain --json "${name[@]}"
	expect_status 0
	expect_same <(jq -r '.[].name' "$out" | sort) <(sort names)
}

every_code_of_the_secure_families_is_annotated() {
	run codes --json
	jq -r '.[] | select((.family | startswith("nx_secure")) and .severity != "ok")
		| "TLS status = \(.code)\t\(.name)"' "$out" >wanted
	cut -f 1 wanted >in
	run -F json in
	# A name may be the second of its value.
	expect_same <(jq -r '.line as $l | .annotations[0] | [.name, .alternatives[].name][] | "\($l)\t\(.)"' \
		"$out" | grep -xF -f wanted | sort -u) <(sort -u wanted)
}

# --- command words --------------------------------------------------------------------

a_file_named_like_a_command_is_read_with_a_path() {
	printf 'TLS status = 0x107\n' >explain
	run -s name ./explain
	expect_out "TLS status = 0x107 [$_tls]\n"
	run -s name explain
	expect_out "TLS status = 0x107 [$_tls]\n"
	run explain
	expect_status 2
}

# --- check ----------------------------------------------------------------------------

check_of_what_is_compiled_in_is_good() {
	run check
	expect_status 0
	expect_err
	expect "it tells what it looked at" grep -qxE '[0-9]+ rules, 13 families: no mistakes' "$out"
	run check -q
	expect_status 0
	expect_out ''
}

check_of_good_files_is_good() {
	printf '0x7F01\tMY_REASON\tmine\n' >mine.tsv
	printf '[rule mine]\npattern = reason (?<code>\\w+)\nfamilies = mine\n' >mine.rules
	printf '#define A_ONE 1\n' >a.h
	run check -T mine.tsv -R mine.rules -T a.h
	expect_status 0
	expect_out_has "15 families: no mistakes"
}

check_counts_one_rule_as_one() {
	printf '[rule a]\npattern = rc (?<code>1)\n' >one.rules
	run check --no-default-rules -R one.rules
	expect_status 0
	expect_out_has '1 rule, 13 families: no mistakes'
}

check_tells_all_mistakes_of_a_table() {
	printf '# family: a\n0x10\tMY_ONE\tone\nrubbish\n0x0F\tMY_TWO\ttwo\n0x11\tMY THREE\tx\n0x12\tMY_FOUR\n' >bad.tsv
	run check -T bad.tsv
	expect_status 2
	expect_out ''
	expect_err "bad.tsv:3: expected a value" "bad.tsv:4: values ascend" "bad.tsv:5: expected a name" "bad.tsv:6: expected a tab"
	expect_equal "$(grep -c . "$err")" 4
	printf '# family: a b\n0x10\tMY_ONE\tone\nrubbish\n' >bad.tsv
	run check -T bad.tsv
	expect_err "bad.tsv:2: a family is named" "bad.tsv:3: expected a value"
}

check_tells_all_mistakes_of_rules() {
	printf 'early = 1\n[rulez x]\ny = 1\n[rule a]\npatern = x\nbase = oct\n[rule b]\npattern = (?<code>1)\nenabled = off\n' >bad.rules
	run check -R bad.rules
	expect_status 2
	expect_out ''
	expect_err 'bad.rules:1: "early" stands before' 'bad.rules:2: unknown section "rulez"' \
		'bad.rules:5: unknown key "patern"' 'bad.rules:6: unknown base "oct"' 'bad.rules:9: unknown answer "off"'
}

check_tells_all_bad_patterns() {
	printf '[rule a]\npattern = (?<code>1\n[rule b]\npattern = (?<code>[z)\n[rule c]\npattern = x\n[rule d]\npattern = (?<code>1)\nfamilies = nx_dsn\n' >bad.rules
	run check -R bad.rules
	expect_status 2
	expect_err 'bad.rules:2: rule "a"' 'bad.rules:4: rule "b"' 'bad.rules:6: rule "c"' 'did you mean "nx_dns"'
}

check_tells_all_bad_patterns_of_a_rule() {
	printf '[rule a]\npattern = (?<code>1\nunless = (a\nwhen = b)\nfamilies = nx_dsn\n' >bad.rules
	run check -R bad.rules
	expect_status 2
	expect_err 'bad.rules:2: rule "a": pattern' 'bad.rules:3: rule "a": unless' \
		'bad.rules:4: rule "a": when' 'did you mean "nx_dns"'
	expect_equal "$(grep -c '^annotty' "$err")" 4
}

check_tells_mistakes_of_tables_and_rules_together() {
	printf 'rubbish\n' >one.tsv
	printf 'rubbish\n' >two.tsv
	printf '[rule a]\npattern = (?<code>1\n' >bad.rules
	run check -T one.tsv -T two.tsv -R bad.rules
	expect_status 2
	expect_out ''
	expect_err "one.tsv:1: " "two.tsv:1: " "bad.rules:2: "
}

check_tells_mistakes_of_all_files_of_rules() {
	printf '[rule a]\npatern = x\n' >one.rules
	printf '[rule a]\nbase = octal\n' >two.rules
	run check -R one.rules -R two.rules
	expect_status 2
	expect_err 'one.rules:2: unknown key "patern"' 'two.rules:2: unknown base "octal"'
}

check_tells_a_file_that_is_missing_among_mistakes() {
	printf 'rubbish\n' >bad.tsv
	run check -T bad.tsv -T missing.tsv
	expect_status 3
	expect_err "bad.tsv:1: " "missing.tsv: No such file or directory"
	run check -R missing.rules
	expect_status 3
	expect_err "missing.rules: No such file or directory"
}

check_notes_rules_that_try_every_line() {
	printf '[rule slow]\npattern = (?<code>\\d+)\n' >slow.rules
	run check -R slow.rules
	expect_status 0
	expect_err 'slow.rules:2: note: rule "slow"'
	run check -q -R slow.rules
	expect_err
}

# --- import ---------------------------------------------------------------------------

_header() {
	cat <<'END'
#ifndef MY_H
#define MY_H

#define MY_OK          0
#define MY_BASE        0x7000
#define MY_TIMEOUT     (MY_BASE | 0x01)   /* The wait ended. */
#define MY_CAST        ((UINT) 0x7002)    // With a cast.
#define MY_TEXT        "text"
#define MY_CALL(x)     (x)
#define MY_SIZE        sizeof(int)

typedef enum {
	MY_FIRST = 0x7010, /**< The first of several. */
	MY_SECOND,         /* The second. */
} my_status;
#endif
END
}

import_makes_a_table_that_is_read_back() {
	_header >my.h
	run import my.h
	expect_status 0
	expect_err "my.h:10: MY_SIZE: "
	expect_equal "$(grep -c . "$err")" 1
	expect_out_has "# family: my" $'0x00\tMY_OK\t\tok' $'0x7001\tMY_TIMEOUT\tThe wait ended.\terror' \
		$'0x7002\tMY_CAST\tWith a cast.' $'0x7010\tMY_FIRST\tThe first of several.' $'0x7011\tMY_SECOND\tThe second.'
	expect_not "a text became a code" grep -qE 'MY_TEXT|MY_CALL|MY_H\b' "$out"
	cp "$out" table.tsv
	run check -T table.tsv
	expect_status 0
	run explain -T table.tsv 0x7011
	expect_status 0
	expect_out_has MY_SECOND "family my"
	run codes -T table.tsv --family my --json
	cp "$out" table.json
	run codes -q -T my.h --family my --json
	expect_same "$out" table.json
}

import_takes_a_family_and_a_prefix() {
	_header >my.h
	run import --family other --prefix MY_F my.h
	expect_status 0
	expect_out_has "# family: other" MY_FIRST
	expect_equal "$(grep -c '^0x' "$out")" 1
	expect_err
}

import_of_several_headers_is_one_family() {
	printf '#define MY_BASE 0x7000\n' >a.h
	printf '#define MY_NEXT (MY_BASE + 1)\n' >b.h
	run import -q a.h b.h
	expect_status 0
	expect_out_has "# family: a" "# source: a.h, b.h" $'0x7000\tMY_BASE' $'0x7001\tMY_NEXT'
}

import_of_what_is_not_there_fails() {
	mkdir d
	_header >my.h
	run import missing.h
	expect_status 3
	expect_out ''
	expect_err "missing.h: No such file or directory"
	run import my.h missing.h
	expect_status 3
	expect_out ''
	run import d
	expect_status 3
	expect_err "d: Is a directory"
}

import_of_a_header_without_codes_says_so() {
	printf '#define A_TEXT "x"\nint f(void);\n' >a.h
	run import a.h
	expect_status 2
	expect_out ''
	expect_err "annotty: a.h: no integer macros or enumerators found"
	: >empty.h
	run import empty.h
	expect_status 2
}

a_header_makes_no_family_that_lists_could_not_name() {
	local told='"my h"'

	printf '#define A_B 1\n' >'my h.h'
	run import 'my h.h'
	expect_status 2
	expect_out ''
	expect_err "annotty: my h.h: a family is named with letters, digits, _ and -, not $told"
	run check -T 'my h.h'
	expect_status 2
	expect_equal "$(grep -c "not $told" "$err")" 1
	run import --family=my 'my h.h'
	expect_status 0
	run import --family='my own' 'my h.h'
	expect_status 2
}

codes_has_no_blanks_at_the_end_of_a_line() {
	printf '#define A_B 1\n#define A_C 2 /* described */\n' >my.h
	run codes -T my.h
	expect_status 0
	expect_out_has '0x01     error    A_B' described
	expect_not "a blank ends a line" grep -q ' $' "$out"
}

import_of_rubbish_does_no_harm() {
	head -c 100000 /dev/urandom >rubbish.h
	run import -q rubbish.h
	expect "exit status 0 or 2, not $status" test "$status" -eq 0 -o "$status" -eq 2
}

run_all "$@"
