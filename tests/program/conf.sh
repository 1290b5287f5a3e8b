#!/bin/bash
# The configuration of the daemon: its manual page, the sample, and how files are read.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/device.sh"

source_root=$(cd "$program_dir/../.." && pwd)
page=$source_root/man/annotty.conf.5

# --- the manual page ------------------------------------------------------------------

# _known: the keys of all tables of keys in the sources, as `SECTION KEY`.
_known() {
	(cd "$source_root/src" && perl -0777 -ne '
		while (/struct ann_key (\w+)\[\] = \{(.*?)\n\s*\};/sg) {
			my ($table, $keys) = ($1, $2);
			my $section = $ARGV =~ m{^cli/config}
					? $table eq "daemon" ? "annotty" : "table"
				: $ARGV =~ m{^io/(source/|port/|app/plan)} ? "source"
				: $ARGV =~ m{^(io/(sink|spool)/|core/stream/route)} ? "output"
				: "unknown-section-of-$ARGV";
			print "$section $1\n" while $keys =~ /\{(?:\.name = )?"([^"]+)"/g;
		}' -- */*.c */*/*.c)
	echo 'source input'
	echo 'output output'
}

# _told: the keys of the manual page, in the same way.
_told() {
	perl -ne '
		%section = ("THE DAEMON" => "annotty", "SOURCES" => "source",
			"OUTPUTS" => "output", "CODES AND RULES" => "table");
		$at = $section{$1} if /^\.Sh (.*)/;
		if ($at && /^\.It Cm (\S+) = /) {
			($key = $1) =~ s/\\-/-/g;
			print "$at $key\n";
		}' "$page"
}

the_page_has_every_key_and_no_other() {
	_known | sort -u >known
	_told | sort -u >told
	expect "there are keys" test "$(wc -l <known)" -gt 40
	expect_equal "$(comm -23 known told)" ''
	expect_equal "$(comm -13 known told)" ''
}

# _checks FILE SOURCES OUTPUTS: what `check` finds in it.
_checks() {
	run check -c "$1"
	expect_status 0
	expect_err
	expect_out_has ": $2, $3: no mistakes"
}

the_example_of_the_page_is_without_mistakes() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAG/{/^\.Bd/,/^\.Ed/{/^\./!p}}' "$page" |
		sed -e 's/\\e/\\/g' -e "s|/etc/annotty|$PWD|" >annotty.conf
	echo '#define MODEM_NO_SIM 0x2001' >modem.h
	_checks annotty.conf '3 sources' '5 outputs'
	sed -i 's/^backlog/backlock/' annotty.conf
	run check -c annotty.conf
	expect_status 2
	expect_err 'unknown key "backlock"; did you mean "backlog"?'
}

the_sample_is_without_mistakes_as_it_is_and_in_use() {
	_checks "$config_dir/annotty.conf" '0 sources' '1 output'
	# A comment has a blank behind its #, a key has none.
	sed -E -e 's/^#([^ #])/\1/' -e "s|/etc/annotty|$PWD|" "$config_dir/annotty.conf" \
		>annotty.conf
	printf '0x2001\tMODEM_NO_SIM\tNo SIM card.\n' >modem.tsv
	printf '[rule modem]\npattern = modem (?<code>0x2...)\n' >modem.rules
	_checks annotty.conf '2 sources' '3 outputs'
	expect_not "a key is still a comment" grep -qE '^#\S+ = ' annotty.conf
}

# --- files ----------------------------------------------------------------------------

files_beside_are_read_behind_it_by_name() {
	mkdir main.conf.d
	printf '[source a]\ninput = tcp://h:1\n' >main.conf
	printf '[source b]\ninput = tcp://h:2\nretry = x\n' >main.conf.d/20-b.conf
	printf '[source b]\nretry = 1s\n' >main.conf.d/30-b.conf
	printf '[source c]\ninput = tcp://h:3\n' >main.conf.d/10-c.conf
	printf 'not read\n' >main.conf.d/note.txt
	_checks main.conf '3 sources' '1 output'
	mv main.conf.d/30-b.conf main.conf.d/15-b.conf
	run check -c main.conf
	expect_status 2
	expect_err 'annotty: main.conf.d/20-b.conf:3: retry: "x" does not fit'
}

a_file_may_be_missing_if_there_are_parts_of_it() {
	run check -c main.conf
	expect_status 3
	expect_err 'main.conf: No such file or directory'
	mkdir main.conf.d
	printf '[source b]\ninput = tcp://h:2\n' >main.conf.d/b.conf
	_checks main.conf '1 source' '1 output'
}

rules_and_tables_of_a_configuration_count() {
	printf '0x2001\tMODEM_NO_SIM\tNo SIM card.\n' >modem.tsv
	cat >main.conf <<-'END'
		[table modem]
		file = modem.tsv
		[define]
		word = attach|detach
		[rule modem]
		pattern = modem: (?:%{word})
		  .{1,9}(?<code>0x[0-9a-f]+)
		families = modem
		[source a]
		input = in
		from-start = yes
		[annotty]
		default-rules = no
		control = control.sock
	END
	start run -c main.conf
	echo 'modem: attach failed 0x2001' >in
	expect_soon 'attach failed 0x2001 [MODEM_NO_SIM: No SIM card.]' started.out
	stop
	expect_status 0
}

# --- mistakes -------------------------------------------------------------------------

every_mistake_is_told_once_with_its_place() {
	cat >main.conf <<-'END'
		x = 1
		[anotty]
		[source]
		[source a]
		input = tcp://h:1
		follow = maybe
		[output o]
		output = fil:/x
		[output p]
		output = file:x
		sources = b
		[source c]
		outputs = q
		[source annotty]
		input = -
	END
	run check -q -c main.conf
	expect_status 2
	sort "$err" | cut -d : -f 2-3 | sed "s/^ //" | sort >places
	printf 'main.conf:%s\n' 1 2 3 6 8 11 12 13 15 | sort >expected
	expect_same places expected
	expect_err 'unknown section "anotty"; there are annotty, source' \
		'the section [source] needs a name' 'follow: "maybe" does not fit; expected yes or no' \
		'"fil:/x": unknown kind of output' '[source c] has no key "input"' \
		'[source c] names the output "q", which is not there' \
		'[output p] names the source "b", which is not there' \
		'an input cannot have the name annotty'
}

an_address_of_metrics_that_is_none_is_told() {
	local address

	for address in localhost:9106 127.0.0.1 :0 99999 x; do
		printf '[annotty]\nmetrics = %s\ndrian = 1\n' "$address" >main.conf
		run check -q -c main.conf
		expect_status 2
		sort "$err" >told
		expect_same told <(printf 'annotty: main.conf:%s\n' \
			"2: metrics: \"$address\" does not fit; expected ADDRESS:PORT or PORT, such as 127.0.0.1:9106" \
			'3: unknown key "drian"; did you mean "drain"?')
	done
	for address in 9106 :9106 127.0.0.1:9106 '[::]:9106'; do
		printf '[annotty]\nmetrics = %s\n' "$address" >main.conf
		_checks main.conf '0 sources' '1 output'
	done
}

places_that_only_one_can_have_are_told_when_two_want_them() {
	printf '[%s]\n%s = %s\n' 'source a' input /dev/ttyX 'source b' input '/dev/ttyX?dtr=on' \
		'output o' output tcp-listen://127.0.0.1:5 'output p' output tcp-listen://127.0.0.1:5 \
		'output q' output tcp://h:1 'output r' output tcp://h:1 \
		'output s' output file:log 'output t' output file:log >main.conf
	run check -c main.conf
	expect_status 2
	expect_out ''
	expect_same "$err" <(printf 'annotty: main.conf:%s already\n' \
		'4: "/dev/ttyX?dtr=on": that is the place of the input "a"' \
		'8: "tcp-listen://127.0.0.1:5": that is the place of the output "o"')
}

an_output_that_would_be_read_again_is_told_if_its_source_feeds_it() {
	printf '[%s]\n%s = %s\n' 'source a' input log 'output o' output file:log >main.conf
	run check -q -c main.conf
	expect_status 2
	expect_err 'main.conf:2: "log": input file is also the output "o"'
	printf '[%s]\n%s\n' 'output o' 'sources = b' 'source b' 'input = other' >>main.conf
	_checks main.conf '2 sources' '1 output'
}

settings_that_a_kind_does_not_have_are_told() {
	printf '[source a]\ninput = tcp://h:1\nbaudrate = 9600\n[output o]\noutput = file:x\nclients = 3\nqueue = 1\n' >main.conf
	run check -q -c main.conf
	expect_status 2
	sort "$err" >told
	printf 'annotty: main.conf:%s\n' '3: unknown key "baudrate"' '6: unknown key "clients"' \
		'7: queue: "1" does not fit; expected a size in bytes such as 4096, 64K or 10M, at least 4096' >expected
	expect_same told expected
}

syslog_and_the_journal_have_formats_of_their_own() {
	local output

	for output in syslog: journal: syslog+udp://h:1 relp://h:1; do
		printf '[output o]\noutput = %s\nformat = json\n' "$output" >main.conf
		run check -q -c main.conf
		expect_status 2
		expect_err "main.conf:2: \"$output\": syslog and the journal have formats"
	done
}

a_mistyped_key_is_told_with_the_nearest_of_its_kind() {
	printf '%s\n' '[source a]' 'input = tcp://h:1' 'folow = no' 'retri = 1s' \
		'[output o]' 'output = tcp://h:1?formt=json&sppol=1M' 'colr = yes' 'contxt = 3' \
		'sverity = error' >main.conf
	run check -q -c main.conf
	expect_status 2
	sort "$err" >told
	{
		printf 'annotty: main.conf:%s"?\n' '3: unknown key "folow"; did you mean "follow' \
			'4: unknown key "retri"; did you mean "retry' \
			'7: unknown key "colr"; did you mean "color' \
			'8: unknown key "contxt"; did you mean "context' \
			'9: unknown key "sverity"; did you mean "severity' \
			'6: "tcp://h:1?formt=json&sppol=1M": unknown key "formt"; did you mean "format' \
			'6: "tcp://h:1?formt=json&sppol=1M": unknown key "sppol"; did you mean "spool'
	} | sort >expected
	expect_same told expected
	run -o 'tcp://h:1?lable=no' in
	expect_status 2
	expect_err 'unknown key "lable"; did you mean "label"?'
	run -o 'file:x?fromat=json' in
	expect_status 2
	expect_err 'unknown key "fromat"; did you mean "format"?'
}

a_daemon_with_a_mistake_does_not_start() {
	printf '[source a]\ninput = tcp://h:1\nretry = x\n' >main.conf
	run run -c main.conf
	expect_status 2
	expect_err 'annotty: main.conf:3: retry: "x" does not fit'
	run run -c missing.conf
	expect_status 3
	expect_err 'missing.conf: No such file or directory'
	run run main.conf
	expect_status 2
	expect_err 'run takes -c FILE'
}

run_all "$@"
