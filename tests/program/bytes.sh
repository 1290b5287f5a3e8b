#!/bin/bash
# Bytes of every kind go through unharmed, however they arrive.
. "$(dirname "$0")/lib.sh"

_name=NX_SECURE_TLS_HANDSHAKE_FAILURE
# SEED=N tries one again.
_seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
printf 'bytes: seed %s\n' "$_seed"

# _through INPUT OUTPUT: bytes in, with backslash escapes, and what comes out.
_through() {
	printf '%b' "$1" >in
	printf '%b' "$2" >expected
	run -s name in
	expect_status 0
	expect_err
	expect_same "$out" expected
	run -s name <in
	expect_same "$out" expected
	run -F raw in
	expect_same "$out" in
}

empty_input_gives_empty_output() {
	_through '' ''
	run -F json </dev/null
	expect_status 0
	expect_out ''
	run --summary -a below -m </dev/null
	expect_out ''
	expect_err "0 status values of 0 codes on 0 of 0 lines"
}

a_last_line_without_an_end_stays_without() {
	_through 'status = 0x107' "status = 0x107 [$_name]"
	_through 'a\nb' 'a\nb'
	_through '\n' '\n'
	_through 'x' 'x'
}

every_kind_of_line_end_stays_as_it_is() {
	local end

	for end in '\n' '\r\n' '\r' '\n\r' '\r\r\n' '\n\n'; do
		_through "a${end}TLS status = 0x107${end}b${end}" \
			"a${end}TLS status = 0x107 [$_name]${end}b${end}"
	done
	_through 'status = 0x107\rstatus = 0x107\r\nstatus = 0x107\n\rstatus = 0x107' \
		"status = 0x107 [$_name]\rstatus = 0x107 [$_name]\r\nstatus = 0x107 [$_name]\n\rstatus = 0x107 [$_name]"
}

a_suffix_stands_before_every_kind_of_line_end() {
	local end

	for end in '\n' '\r\n' '\r' ''; do
		printf '%b' "TLS status = 0x107 (again)$end" >in
		run -a suffix -s name in
		expect_out "TLS status = 0x107 (again) [$_name]$end"
	done
}

lines_below_end_as_the_line_does() {
	local rule="             ^~~~~ [$_name]"

	printf 'TLS status = 0x107 x\nb\n' >in
	run -a below -s name in
	expect_out "TLS status = 0x107 x\n$rule\nb\n"
	printf 'TLS status = 0x107 x\r\nb\r\n' >in
	run -a below -s name in
	expect_out "TLS status = 0x107 x\r\n$rule\r\nb\r\n"
	printf 'TLS status = 0x107' >in
	run -a below -s name in
	expect_out "TLS status = 0x107\n$rule"
}

nuls_and_bytes_that_are_no_text_go_through() {
	_through '\0000\0000TLS status = 0x107\0000\n\0000' "\0000\0000TLS status = 0x107 [$_name]\0000\n\0000"
	_through '\0377\0376 TLS status = 0x107 \0300\n' "\0377\0376 TLS status = 0x107 [$_name] \0300\n"
	_through '\0344\0366\0374\n\0355\0240\0200\n' '\0344\0366\0374\n\0355\0240\0200\n'
	_through '\0001\0002\0033[2J\0177\n' '\0001\0002\0033[2J\0177\n'
}

json_tells_bytes_that_are_no_text_in_base64() {
	printf 'a\377\0b\nfine \303\244\n' >in
	run -F json in
	expect "it is JSON" jq -e . "$out"
	expect_equal "$(jq -r 'select(.seq == 1).raw' "$out" | base64 -d | od -An -tx1)" " 61 ff 00 62"
	expect_equal "$(jq -c 'select(.seq == 1).line' "$out")" '"a�\u0000b"'
	expect_equal "$(jq -c 'select(.seq == 2) | [.line, .raw]' "$out")" '["fine ä",null]'
}

inputs_can_be_as_many_as_the_command_line_holds() {
	local i

	for i in {1000..2999}; do
		echo "$i" >"in.$i"
	done
	run in.*
	expect_status 0
	expect_same "$out" <(seq 1000 2999)
}

all_256_bytes_go_through() {
	perl -e 'print map { chr } 0 .. 255' >in
	run in
	expect_same "$out" in
	run -F json in
	expect "it is JSON" jq -e . "$out"
}

# _peak_kib COMMAND...: tells on standard error what it takes at most of memory.
_peak_kib() {
	# getrusage(RUSAGE_CHILDREN); ru_maxrss is behind two pairs of longs.
	perl -e '$call = { x86_64 => 98, aarch64 => 165 }->{+shift};
		system @ARGV;
		$usage = "\0" x 256;
		syscall $call, -1, $usage;
		print STDERR "peak ", (unpack "q16", $usage)[4], "\n";
		exit $? >> 8' "$(uname -m)" "$@"
}

a_line_of_100_megabytes_takes_little_memory() {
	local mb=100 peak

	case $(uname -m) in
	x86_64 | aarch64) ;;
	*) return 0 ;;
	esac
	is_sanitized && mb=10
	head -c "${mb}M" /dev/zero | tr '\0' 'x' >in
	_peak_kib "$annotty" in >"$out" 2>"$err"
	expect_same "$out" in
	peak=$(awk '/^peak/ { print $2 }' "$err")
	expect "the peak was measured: $peak" test "${peak:-0}" -gt 1000
	is_sanitized || expect "$peak KiB are below 64 MiB" test "$peak" -lt 65536
	head -c "${mb}M" in | "$annotty" | cmp - in
	expect_equal "$?" 0
}

a_value_in_an_overlong_line_is_found_where_it_is_not_cut() {
	{
		head -c 1M /dev/zero | tr '\0' ' '
		printf 'TLS status = 0x107'
		head -c 1M /dev/zero | tr '\0' ' '
		printf '\n'
	} >in
	run -s name in
	expect_equal "$(grep -c "0x107 \[$_name\]" "$out")" 1
	expect_same <(strip "$out") in
}

# _random BYTES: the same ones for the same seed.
_random() {
	perl -e 'srand $ARGV[0]; $left = $ARGV[1];
		while ($left > 0) { print pack "L*", map { rand 4294967296 } 1 .. 4096; $left -= 16384 }' \
		"$_seed" "$1"
}

random_bytes_without_a_value_come_out_as_they_went_in() {
	_random 4000000 | tr -d '0-9A-Fa-f' >in
	run in
	expect_status 0
	expect "the same bytes, seed $_seed" cmp "$out" in
	run -a below <in
	expect "the same bytes below, seed $_seed" cmp "$out" in
}

random_bytes_with_values_are_there_under_the_annotations() {
	local place

	_random 2000000 | perl -0777 -ne 'BEGIN { srand shift }
		while (length) {
			print substr $_, 0, 1 + rand 4000, "";
			print(("\n", "\r\n", "\r")[rand 3], "TLS status = 0x107",
				("\n", "\r\n", "\r", " more\n")[rand 4]);
		}' "$_seed" >in
	for place in inline suffix below; do
		run -a "$place" in
		expect_status 0
		expect "values are found, seed $_seed" grep -qa "\[$_name: " "$out"
		strip "$out" >stripped
		expect "the input under $place, seed $_seed" cmp stripped in
	done
	run -F raw in
	expect "the raw input, seed $_seed" cmp "$out" in
}

json_of_random_bytes_gives_them_back() {
	_random 300000 >in
	run -F json in
	expect_status 0
	# Each line without its end, from `raw` where that is told.
	jq -r 'if .raw then .raw else (.line | @base64) end' "$out" >lines
	expect_equal "$(perl -MMIME::Base64 -ne 'print decode_base64($_)' lines | cksum)" \
		"$(tr -d '\r\n' <in | cksum)"
}

run_all "$@"
