#!/bin/bash
# What `cmake --install` puts where, and that it is of use there.
. "$(dirname "$0")/lib.sh"

: "${ANNOTTY_BUILD:?names the build directory}"

# _install OPTION...: into root/, below the prefix /usr.
_install() {
	DESTDIR=$PWD/root cmake --install "$ANNOTTY_BUILD" --prefix /usr "$@" >"$out" 2>&1 ||
		_fail "not installed" "$(tail -n 3 "$out")"
}

# _found PATTERN...: each matches a file in root/.
_found() {
	local pattern

	for pattern in "$@"; do
		expect "$pattern is there" test -n "$(find root -path "root/$pattern" -size +0 -print -quit)"
	done
}

each_file_is_where_it_is_looked_for() {
	_install
	_found usr/bin/annotty 'usr/share/man/man1/annotty.1' \
		usr/share/bash-completion/completions/annotty '*/zsh/*/_annotty' \
		usr/share/fish/vendor_completions.d/annotty.fish \
		usr/share/annotty/tables/nx.tsv usr/share/annotty/rules/default.rules \
		'*/annotty/annotty.conf' '*/lnav/formats/annotty/annotty.json' \
		'*lib/systemd/system/annotty.service' '*lib/systemd/system/annotty@.service' \
		'*lib/udev/rules.d/90-annotty.rules' usr/lib/sysusers.d/annotty.conf \
		usr/lib/tmpfiles.d/annotty.conf usr/lib/systemd/catalog/annotty.catalog \
		'usr/lib*/libannotty-core.a' usr/include/annotty/matcher.h 'usr/lib*/pkgconfig/annotty.pc'
	expect_same <(ls root/usr/share/annotty/tables) <(ls "$config_dir/tables")
}

the_program_works_from_there() {
	is_sanitized && return 0 # libraries of the compiler may not be found
	_install --component runtime
	expect_not "the library comes along" test -e root/usr/include
	"root/usr/bin/annotty" explain 0x107 >"$out"
	expect_out_has NX_SECURE_TLS_HANDSHAKE_FAILURE
	"root/usr/bin/annotty" check -T root/usr/share/annotty/tables/nx.tsv \
		-R root/usr/share/annotty/rules/default.rules --no-default-rules >"$out" 2>&1
	expect_out_has 'no mistakes'
}

a_changed_configuration_is_not_overwritten() {
	local conf

	_install
	conf=$(find "$PWD/root" -name annotty.conf -path '*/annotty/*')
	echo '# mine' >"$conf"
	_install
	expect_equal "$(cat "$conf")" '# mine'
}

a_program_can_be_built_with_the_library() {
	local flags

	is_sanitized && return 0
	grep -q '^ANNOTTY_COVERAGE:BOOL=OFF' "$ANNOTTY_BUILD/CMakeCache.txt" || return 0
	# Where pkg-config says is where it is installed.
	cmake --install "$ANNOTTY_BUILD" --prefix "$PWD/usr" --component development >"$out"
	sed -i "s|=$(sed -n 's/^prefix=//p' "$(find usr -name annotty.pc)")|=$PWD/usr|" \
		"$(find usr -name annotty.pc)"
	cat >try.c <<'SCRIPT'
#include <annotty/codebook.h>
#include <annotty/embedded.h>
#include <annotty/table.h>
#include <stdio.h>

int main(void)
{
	struct ann_error err = {0};
	struct ann_codebook *book = ann_codebook_new();

	if (book == NULL || ann_table_add(book, ann_embedded_tables[0].text, "x", &err) != ANN_OK) {
		return 1;
	}
	printf("%zu\n", ann_codebook_families(book));
	ann_codebook_free(book);
	return 0;
}
SCRIPT
	flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$PWD/usr" -name annotty.pc)") \
		pkg-config --cflags --libs annotty)
	# shellcheck disable=SC2086
	expect "it is built" cc -o try try.c $flags
	expect_equal "$(./try)" 1
}

lnav_takes_the_format_of_the_json_lines() {
	command -v lnav >/dev/null || { echo "lnav is not installed: skipped" && return; }
	mkdir -p lnav/formats/annotty
	cp "$config_dir/lnav/annotty.json" lnav/formats/annotty
	export HOME=$PWD
	lnav -I lnav -n -W -C </dev/null >"$out" 2>&1
	expect_out ''
	"$annotty" -F json -m "$config_dir/sample/boot.log" >console.jsonl
	lnav -I lnav -n -c ";select seq, log_body from annotty_log" -c ':write-json-to -' \
		console.jsonl >"$out" 2>&1
	expect_equal "$(jq -r '.[0] | "\(.seq) \(.log_body)"' "$out")" \
		'8 [    4.903] sntp: no update, status = 0xD44'
}

run_all "$@"
