#!/bin/bash
# What is made for systemd: units, catalog, sysusers, tmpfiles, and the program under
# the limits that the units set.
. "$(dirname "$0")/lib.sh"

: "${ANNOTTY_BUILD:?names the build directory}"
source_dir=$program_dir/../../systemd
noexec=$ANNOTTY_BUILD/tests/noexec

# _have COMMAND: says so if not.
_have() {
	command -v "$1" >/dev/null || { echo "$test_name: no $1: skipped" && return 1; }
}

# The units as they are installed, but with the program that is tested in them.
_units() {
	local unit

	for unit in annotty.service annotty@.service; do
		sed "s|^ExecStart=[^ ]*|ExecStart=$(realpath "$annotty")|" \
			"$ANNOTTY_BUILD/systemd/$unit" >"$unit"
	done
	mv annotty@.service annotty@dev0.service
	cp "$source_dir/annotty.socket" .
}

systemd_has_nothing_to_say_about_the_units() {
	_have systemd-analyze || return 0
	_units
	# The manual pages are not installed here.
	systemd-analyze verify --man=no ./annotty.service ./annotty@dev0.service \
		./annotty.socket >"$out" 2>&1
	status=$?
	expect_status 0
	expect_out ''
	sed -i 's/^ProtectHome=yes/ProtectHome=perhaps/' annotty.service
	systemd-analyze verify --man=no ./annotty.service >"$out" 2>&1
	expect_out_has 'protect home'
}

the_units_close_all_that_annotty_does_not_need() {
	_have systemd-analyze || return 0
	_units
	expect "at most 1.5" systemd-analyze security --offline=true --threshold=15 \
		./annotty.service ./annotty@dev0.service
	sed -i '/^ProtectSystem=/d; /^CapabilityBoundingSet=/d' annotty.service
	expect_not "at most 1.5 without some of it" systemd-analyze security \
		--offline=true --threshold=15 ./annotty.service
}

users_and_directories_are_made() {
	_have systemd-sysusers && _have systemd-tmpfiles || return 0
	mkdir -p root/etc root/usr/lib/sysusers.d root/usr/lib/tmpfiles.d
	cp "$source_dir/annotty.sysusers" root/usr/lib/sysusers.d/annotty.conf
	cp "$source_dir/annotty.tmpfiles" root/usr/lib/tmpfiles.d/annotty.conf
	expect "systemd-sysusers" systemd-sysusers --root="$PWD/root" annotty.conf
	expect "a user" grep -q '^annotty:x:[0-9]*:[0-9]*:annotty console daemon:/:' root/etc/passwd
	expect "a group" grep -q '^annotty:' root/etc/group
	((EUID == 0)) || return 0 # only root gives directories away
	expect "systemd-tmpfiles" systemd-tmpfiles --root="$PWD/root" --create annotty.conf
	expect_equal "$(stat -c '%a %u' root/run/annotty)" \
		"755 $(awk -F: '$1 == "annotty" { print $3 }' root/etc/passwd)"
}

# --- the journal's catalog ------------------------------------------------------------

_catalog=$ANNOTTY_BUILD/systemd/annotty.catalog
_ids=$program_dir/../../include/annotty/message_ids.h

# _fields ID: those that the text of the catalog has for the id.
_fields() {
	awk -v id="$1" '/^-- / { inside = $2 == id } inside' "$_catalog" |
		grep -o '@ANNOTTY_[A-Z]*@' | tr -d @ | sort -u
}

# _promised NAME: the fields that the header lists above the id.
_promised() {
	awk -v name="$1" '/^\/\*/ { text = "" } { text = text " " $0 }
		$2 == name { print text }' "$_ids" | grep -o 'ANNOTTY_[A-Z]*' | sort -u
}

journalctl_takes_the_catalog_and_has_a_text_for_every_id() {
	local id

	_have journalctl || return 0
	mkdir -p root/usr/lib/systemd/catalog root/var/lib/systemd/catalog
	cp "$_catalog" root/usr/lib/systemd/catalog
	expect "it is taken" journalctl --root="$PWD/root" --update-catalog
	journalctl --root="$PWD/root" --update-catalog >"$out" 2>&1
	expect_out ''
	journalctl --root="$PWD/root" --list-catalog >list
	sed -nE 's/^#define ANN_MESSAGE_ID_\w+ "(.*)"/\1/p' "$_ids" >ids
	expect "there are ids" test "$(wc -l <ids)" -ge 5
	expect_same <(sort ids) <(cut -d ' ' -f 1 list | sort)
	while read -r id; do
		journalctl --root="$PWD/root" --dump-catalog "$id" >"$out"
		expect_out_has 'Defined-By: annotty' 'Subject: '
	done <ids
}

the_catalog_uses_only_fields_that_the_entries_have() {
	local name id

	while read -r name id; do
		expect "$name has fields" test -n "$(_fields "$id")"
		expect_equal "$(comm -23 <(_fields "$id") <(_promised "$name"))" ''
	done < <(sed -nE 's/^#define (ANN_MESSAGE_ID_\w+) "(.*)"/\1 \2/p' "$_ids")
}

journalctl_has_room_for_every_code() {
	local most

	most=$(sed -nE 's/^#define ANN_MESSAGE_FIELD_BYTES ([0-9]+)/\1/p' "$_ids")
	run codes --json
	expect_equal "$(jq -c --argjson most "$most" '[.[]
		| ("ANNOTTY_DESCRIPTION=" + .description), ("ANNOTTY_HINT=" + .hint),
			("ANNOTTY_NAME=" + .name)
		| select(utf8bytelength > $most)]' "$out")" '[]'
}

# --- without memory for PCRE2's JIT compiler ------------------------------------------

without_executable_memory_the_output_is_the_same() {
	is_sanitized && return 0 # the sanitizers want such memory themselves
	expect "here it can be had" "$noexec" --probe
	expect_not "there it cannot" "$noexec" "$noexec" --probe
	make_log 5000 >in
	run in
	cp "$out" expected
	annotty_before=$annotty
	annotty=$noexec
	run "$annotty_before" in
	annotty=$annotty_before
	expect_status 0
	expect_err
	expect_same "$out" expected
	expect "there are annotations" grep -q NX_SECURE_TLS_HANDSHAKE_FAILURE "$out"
}

run_all "$@"
