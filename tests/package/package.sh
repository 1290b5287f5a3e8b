#!/usr/bin/env bash
# package.sh: builds the Debian packages, has lintian look at them, and in a chroot
# installs, starts, upgrades, removes and purges them. As root. What needs systemd to run
# is in tests/rig.
#
# The chroot is made by mmdebstrap once and kept in $ANNOTTY_CACHE, by default
# ~/.cache/annotty.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

root_dir=$(cd "$(dirname "$0")/../.." && pwd -P)
cache=${ANNOTTY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/annotty}
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
work=$(mktemp -d "${TMPDIR:-/tmp}/annotty-package.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
failures=0

((EUID == 0)) || { echo "package.sh: needs to be root" >&2 && exit 1; }

say() { printf '%s\n' "--- $*"; }

# expect WHAT COMMAND...
expect() {
	local what=$1
	shift
	if ! "$@" >"$work/said" 2>&1; then
		failures=$((failures + 1))
		echo "not so: $what"
		sed 's/^/    /' "$work/said" | head -n 20
	fi
}

expect_not() {
	expect "$1" bash -c '! "$@"' - "${@:2}"
}

# inside COMMAND...: in the chroot, with a /proc and a /dev/null.
inside() {
	# shellcheck disable=SC2016
	unshare --mount --pid --fork bash -c 'mount -t proc proc "$1/proc" &&
		mount --bind /dev/null "$1/dev/null" && exec chroot "$1" "${@:2}"' - "$root" "$@"
}

# --- making -----------------------------------------------------------------------------

build() {
	say "building"
	(cd "$root_dir" && script/package) >"$work/build" 2>&1 || { cat "$work/build" && exit 1; }
	mv "$root_dir"/build/package/*.deb "$work"
	version=$(dpkg-deb -f "$work"/annotty_*.deb Version)
	old=$work/annotty_${version}_$(dpkg --print-architecture).deb
	(cd "$root_dir" && script/package --version "$version+next") >"$work/build" 2>&1
	mv "$root_dir"/build/package/*.deb "$work"
	new=${old/$version/$version+next}
}

# The packages that annotty depends on; of alternatives the first.
dependencies() {
	dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g' | sort | paste -sd,
}

make_root() {
	local include tar mirror

	include=$(dependencies "$old")
	tar=$cache/chroot-$suite-$(sha256sum <<<"$include" | cut -c 1-12).tar
	# The mirror of this machine.
	# shellcheck disable=SC2016
	mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		sed -n "s/^$suite //p" | head -n 1)
	if [[ ! -s $tar ]]; then
		say "making a root of Debian $suite with $include"
		mkdir -p "$cache"
		# A half-made one has another name.
		mmdebstrap --quiet --variant=minbase --include="$include" "$suite" \
			"${tar%.tar}.new.tar" "${mirror:-http://deb.debian.org/debian}"
		mv "${tar%.tar}.new.tar" "$tar"
	fi
	mkdir "$root"
	tar -C "$root" --numeric-owner --exclude='./dev/*' -xf "$tar"
	mkdir "$root/packages"
	touch "$root/dev/null"
	cp "$work"/*.deb "$root/packages"
}

# --- asking -----------------------------------------------------------------------------

# All files, and all users, without what keeps the history of the system.
inventory() {
	(cd "$root" && find . -path ./proc -prune -o -path ./dev -prune -o -print |
		grep -vE '^\./(packages|tmp|run/systemd|var/(cache|log/dpkg.log|lib/dpkg|lib/systemd/catalog))' |
		grep -vE '^\./etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$' | sort)
	sort "$root/etc/passwd" "$root/etc/group"
}

# dpkg_does OPTION...: it does, and nobody but dpkg itself has something to say.
dpkg_does() {
	say "dpkg $*"
	expect "dpkg $*" inside dpkg "$@"
	sed -i -E '/^(\(Reading|Preparing|Unpacking|Setting up|Processing|Removing|Purging|Selecting|Created symlink)/d' \
		"$work/said"
	expect "dpkg $* says nothing else" cmp "$work/said" /dev/null
}

is_enabled() { test -L "$root/etc/systemd/system/multi-user.target.wants/annotty.service"; }

program_works() {
	expect "annotty explains 0x107" bash -c '"$@" | grep -q NX_SECURE_TLS_HANDSHAKE_FAILURE' \
		- chroot "$root" annotty explain 0x107
	expect "the tables are fine" chroot "$root" annotty check \
		-T /usr/share/annotty/tables/nx.tsv -R /usr/share/annotty/rules/default.rules
}

# By the command and the user of its unit, for there is no systemd in here.
daemon_starts_and_ends() {
	# shellcheck disable=SC2016
	expect "the daemon starts, answers and ends" inside bash -c '
		command=$(sed -n "s/^ExecStart=//p" /lib/systemd/system/annotty.service)
		RUNTIME_DIRECTORY=/run/annotty setpriv --reuid=annotty --regid=annotty \
			--init-groups $command &
		for ((tries = 0; tries < 300; tries++)); do
			if annotty status | grep ^SOURCE; then
				kill "$!" && wait "$!"
				exit
			fi
			sleep 0.1
		done
		exit 1'
}

# What the service leaves behind when it runs with DynamicUser=.
make_state() {
	local directory

	for directory in lib log; do
		mkdir -p "$root/var/$directory/private/annotty"
		ln -s private/annotty "$root/var/$directory/annotty"
		echo state >"$root/var/$directory/annotty/state"
	done
}

# Libraries that the program loads by name are none that dpkg-shlibdeps finds.
libraries_loaded_by_name_are_recommended() {
	local soname package

	dpkg-deb --fsys-tarfile "$old" | tar -xO ./usr/bin/annotty >"$work/annotty"
	while read -r soname; do
		package=$(dpkg-query -S "*/$soname" | sed 's/:.*//;q')
		expect "$package is recommended for $soname" grep -qw -- "$package" \
			<(dpkg-deb -f "$old" Depends Recommends)
	done < <(strings -a "$work/annotty" | grep -xE 'lib[a-z0-9-]+\.so\.[0-9]+' |
		grep -vxF "$(objdump -p "$work/annotty" | awk '$1 == "NEEDED" { print $2 }')")
}

# --- the life of a package ---------------------------------------------------------------

lintian_finds_no_error() {
	say "lintian"
	lintian --allow-root --fail-on error "$old" "$work"/libannotty-dev_"$version"_*.deb ||
		failures=$((failures + 1))
}

install_works() {
	inventory >"$work/before"
	dpkg_does -i "/packages/$(basename "$old")"
	program_works
	daemon_starts_and_ends
	expect "the service is enabled" is_enabled
	expect "the unit is fine" inside systemd-analyze verify --man=no annotty.service
	expect "the user is there" grep -q ^annotty: "$root/etc/passwd"
	expect "the directory of sockets is there" test -d "$root/run/annotty"
	expect "the journal knows the texts" bash -c '"$@" | grep -q " annotty: "' \
		- chroot "$root" journalctl --list-catalog
	expect "the manual page is compressed" gzip -t "$root/usr/share/man/man1/annotty.1.gz"
}

upgrade_works() {
	make_state
	echo '# mine' >>"$root/etc/annotty/annotty.conf"
	inside systemctl disable annotty.service >"$work/said" 2>&1
	dpkg_does -i "/packages/$(basename "$new")"
	program_works
	daemon_starts_and_ends
	expect "the new version is there" grep -q "^Version: $version+next" \
		<(chroot "$root" dpkg -s annotty)
	expect "the configuration is kept" grep -q '^# mine' "$root/etc/annotty/annotty.conf"
	expect_not "the service is enabled again" test -L \
		"$root/etc/systemd/system/multi-user.target.wants/annotty.service"
	expect "the state is kept" test -s "$root/var/lib/annotty/state"
}

removal_works() {
	dpkg_does -r annotty
	expect_not "the program is still there" test -e "$root/usr/bin/annotty"
	expect "the configuration is kept" test -s "$root/etc/annotty/annotty.conf"
	expect "the state is kept" test -s "$root/var/lib/annotty/state"
}

purge_leaves_nothing() {
	dpkg_does -P annotty
	inventory >"$work/after"
	expect "all is as before" diff "$work/before" "$work/after"
}

build
lintian_finds_no_error
libraries_loaded_by_name_are_recommended
make_root
install_works
upgrade_works
removal_works
purge_leaves_nothing
echo "package: $failures failures"
((failures == 0))
