#!/usr/bin/env bash
# image.sh DEB NEXT DIRECTORY: makes the machine that the rig boots: DIRECTORY/disk (ext4),
# DIRECTORY/kernel and DIRECTORY/initrd, a small Debian with systemd and the package DEB.
# NEXT, to which that is upgraded, lies in /root. As root.
#
# image.sh --can: whether it can be made here; if not, why.
#
# What is below the package is made by mmdebstrap once and kept in $ANNOTTY_CACHE, by
# default ~/.cache/annotty.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

here=$(cd "$(dirname "$0")" && pwd -P)
cache=${ANNOTTY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/annotty}
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

((EUID == 0)) || { echo "image.sh: needs to be root" >&2 && exit 1; }

# The packages that annotty depends on, of alternatives the first, and what a machine
# needs.
packages() {
	dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g'
	printf '%s\n' linux-image-amd64 initramfs-tools zstd systemd-sysv udev kmod netcat-openbsd
}

mirror() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		sed -n "s/^$suite //p" | head -n 1
}

# setup ROOT: before packages are configured. A small initrd boots faster.
setup() {
	mkdir -p "$1/etc/initramfs-tools/conf.d"
	printf '%s\n' MODULES=list COMPRESS=zstd RESUME=none >"$1/etc/initramfs-tools/conf.d/rig"
	printf '%s\n' virtio_pci virtio_blk ext4 crc32c_generic >"$1/etc/initramfs-tools/modules"
}

# can: what is below the package has to be there already or to be had.
can() {
	local source scratch

	unshare --mount true || { echo "nothing may be mounted here" && return 1; }
	! compgen -G "$cache/rig-$suite-*.tar" >/dev/null || return 0
	source=$(mirror)
	source=${source%/}/dists/$suite/InRelease
	scratch=$(mktemp)
	/usr/lib/apt/apt-helper -o Acquire::Retries=3 -o Acquire::http::Timeout=20 \
		download-file "$source" "$scratch" >"$scratch.log" 2>&1 ||
		{ echo "$source cannot be had" && rm -f "$scratch"* && return 1; }
	rm -f "$scratch"*
}

make_base() {
	local include
	include=$(packages | sort -u | paste -sd,)
	base=$cache/rig-$suite-$({ echo "$include" && declare -f setup make_base; } |
		sha256sum | cut -c 1-12).tar
	[[ ! -s $base ]] || return 0
	echo "--- making a Debian $suite to boot" >&2
	mkdir -p "$cache"
	# A half-made one has another name.
	mmdebstrap --quiet --variant=minbase --include="$include" \
		--aptopt='Acquire::Retries "5"' \
		--setup-hook="'$here/image.sh' --setup \"\$1\"" \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/gpu/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/media/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/net/wireless/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/sound/*' \
		"$suite" "${base%.tar}.new.tar" "$(mirror)"
	mv "${base%.tar}.new.tar" "$base"
}

# configure ROOT: what makes it this rig's machine.
configure() {
	cp "$here/guest/shell" "$1/usr/local/sbin/rig-shell"
	cp "$here"/guest/*.service "$1/etc/systemd/system/"
	cp "$here"/guest/*.network "$1/etc/systemd/network/"
	mkdir -p "$1/etc/udev/rules.d" "$1/var/log/journal"
	cp "$here"/guest/*.rules "$1/etc/udev/rules.d/"
	mkdir -p "$1/etc/annotty/annotty.conf.d"
	cp "$here"/guest/*.conf "$1/etc/annotty/annotty.conf.d/"
	echo rig >"$1/etc/hostname"
	echo '/dev/vda / ext4 defaults,noatime 0 1' >"$1/etc/fstab"
	chroot "$1" systemctl --quiet enable rig-shell.service systemd-networkd.service
	chroot "$1" systemctl --quiet mask systemd-timesyncd.service getty@tty1.service \
		serial-getty@ttyS0.service getty-static.service systemd-networkd-wait-online.service \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
		e2scrub_reap.service
}

if [[ $1 == --setup ]]; then
	setup "$2"
	exit
fi

if [[ $1 == --can ]]; then
	can
	exit
fi

deb=$(realpath "$1")
next=$(realpath "$2")
to=$3
make_base
work=$(mktemp -d "${TMPDIR:-/tmp}/annotty-rig-root.XXXXXX")
trap 'rm -rf "$work" "$work.log"' EXIT
tar -C "$work" --numeric-owner -xf "$base"
cp "$deb" "$work/tmp/annotty.deb"
cp "$next" "$work/root/annotty-next.deb"
# Of documents only ours, for the samples.
echo 'path-include=/usr/share/doc/annotty/*' >"$work/etc/dpkg/dpkg.cfg.d/rig"
# systemd-tmpfiles wants a /proc.
# shellcheck disable=SC2016
unshare --mount bash -c 'mount -t proc proc "$1/proc" && chroot "$1" dpkg -i /tmp/annotty.deb' \
	- "$work" >"$work.log" 2>&1 || { cat "$work.log" >&2 && exit 1; }
rm "$work/tmp/annotty.deb"
configure "$work"
mkdir -p "$to"
cp "$work"/boot/vmlinuz-* "$to/kernel"
cp "$work"/boot/initrd.img-* "$to/initrd"
truncate -s 2G "$to/disk"
mkfs.ext4 -q -F -L rig -E lazy_itable_init=1,lazy_journal_init=1 -d "$work" "$to/disk"
