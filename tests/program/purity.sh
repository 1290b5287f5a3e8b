#!/usr/bin/env bash
# purity.sh ARCHIVE [NM]: the core is bytes in, bytes out. It may not refer to libuv or
# libserialport, nor to what opens, reads, waits, prints or asks for the time.
set -euo pipefail

undefined=$("${2:-nm}" -u "$1" | awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' | sort -u)
[[ $undefined ]] || { echo "purity.sh: no symbols in $1" >&2 && exit 1; }

io='open|openat|fopen|close|read|write|pread|pwrite|readv|writev|lseek|stat|fstat|mmap'
io+='|poll|ppoll|select|epoll_.*|socket|connect|accept4?|send|sendto|recv|recvfrom|ioctl'
io+='|(__)?(v?f?printf|puts|fputs|fputc|putc|putchar|fwrite)(_chk)?|stdin|stdout|stderr'
system='clock_gettime|time|gettimeofday|nanosleep|usleep|sleep|getenv|exit|_exit|fork'
system+='|signal|sigaction|raise|pthread_create'

if impure=$(grep -Ex "uv_.*|sp_.*|$io|$system" <<<"$undefined"); then
	echo "purity.sh: the core refers to:" "$impure" >&2
	exit 1
fi
