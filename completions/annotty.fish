# fish completion for annotty(1).

function __annotty_codes
    annotty codes -q 2>/dev/null
end

# Names and hex codes with their meanings.
function __annotty_names
    __annotty_codes | string replace -fr '^(0x\S+) +\S+ +(\S+) *(.*)' '$2\t$3\n$1\t$2' | string replace -a '\n' \n
end

function __annotty_families
    __annotty_codes | string replace -fr '^# ([^:]*): (.*)' '$1\t$2'
end

# Is this the filter, and no command?
function __annotty_filter
    not __fish_seen_subcommand_from run explain codes ports status check import
end

function __annotty_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

set -l first 'test (count (commandline -opc)) -eq 1'
complete -c annotty -n $first -a run -d 'Read many consoles as a daemon'
complete -c annotty -n $first -a explain -d 'Tell what codes mean'
complete -c annotty -n $first -a codes -d 'List the codes'
complete -c annotty -n $first -a ports -d 'List serial ports'
complete -c annotty -n $first -a status -d 'Show how the daemon does'
complete -c annotty -n $first -a check -d 'Try configuration, tables and rules'
complete -c annotty -n $first -a import -d 'Print a code table made of C headers'

complete -c annotty -n '__annotty_is explain' -f -a '(__annotty_names)'
complete -c annotty -n '__annotty_is run codes ports status check' -f

complete -c annotty -s q -l quiet -d 'Tell no notes'
complete -c annotty -s v -l verbose -d 'Tell more'
complete -c annotty -s h -l help -d 'Show help'
complete -c annotty -s V -l version -d 'Show the version'

complete -c annotty -n '__annotty_is explain codes ports status' -l json -d 'Print JSON'
complete -c annotty -n '__annotty_is run check status' -s c -l config -rF -d 'Read this configuration'
complete -c annotty -n '__annotty_is status' -l watch -d 'Go on showing'
complete -c annotty -n '__annotty_is codes' -l family -xa '(__annotty_families)' -d 'Only this family'
complete -c annotty -n '__annotty_is import' -l family -x -d 'Name of the family'
complete -c annotty -n '__annotty_is import' -l prefix -x -d 'Only names that begin so'

set -l tables '__annotty_filter; or __annotty_is explain codes check'
set -l rules '__annotty_filter; or __annotty_is check'
complete -c annotty -n $tables -s T -l table -rF -d 'Use a code table or C header'
complete -c annotty -n $rules -s R -l rules -rF -d 'Use a rule file'
complete -c annotty -n $rules -l no-default-rules -d 'Use only rules from -R'
complete -c annotty -n $rules -l families -xa '(__annotty_families)' -d 'Find only codes of these families'

set -l filter __annotty_filter
set -l baud 9600 19200 38400 57600 115200 230400 460800 921600 1000000 1500000 3000000
set -l outputs - file: tcp:// unix: unix-dgram: tcp-listen:// unix-listen: syslog: syslog+tcp:// syslog+udp:// relp:// journal:
complete -c annotty -n $filter -s o -l output -xa "$outputs" -d 'Where to write'
complete -c annotty -n $filter -s F -l format -xa 'text json raw' -d 'How a line looks'
complete -c annotty -n $filter -s a -l annotate -xa 'inline suffix below' -d 'Where the meaning stands'
complete -c annotty -n $filter -s s -l style -xa 'full name' -d 'Keep or leave descriptions'
complete -c annotty -n $filter -s t -l timestamp -d 'Put the time in front' -a 'iso8601 time delta epoch monotonic none'
complete -c annotty -n $filter -l color -xa 'auto always never' -d 'Show colours'
complete -c annotty -n $filter -l raw-control -d 'Let control characters through to a terminal'
complete -c annotty -n $filter -l annotate-ok -d 'Annotate successes as well'
complete -c annotty -n $filter -s m -l only-matching -d 'Write only lines with a code'
complete -c annotty -n $filter -s A -l after-context -x -d 'And lines after them'
complete -c annotty -n $filter -s B -l before-context -x -d 'And lines before them'
complete -c annotty -n $filter -s C -l context -x -d 'And lines around them'
complete -c annotty -n $filter -l fail-on -xa 'any ok info warning error (__annotty_names)' -d 'Exit with 1 after such a code'
complete -c annotty -n $filter -l quit-on -x -d 'Stop after a line that matches'
complete -c annotty -n $filter -l timeout -x -d 'Stop after that many seconds'
complete -c annotty -n $filter -s S -l summary -d 'Tell codes with counts' -a 'text markdown json github'
complete -c annotty -n $filter -l progress -d 'Show a bar on standard error'
complete -c annotty -n $filter -l no-progress -d 'Show no bar'
complete -c annotty -n $filter -s b -l baudrate -xa "$baud" -d 'Speed of a serial port'
complete -c annotty -n $filter -l databits -xa '5 6 7 8' -d 'Data bits'
complete -c annotty -n $filter -l parity -xa 'none even odd mark space' -d Parity
complete -c annotty -n $filter -l stopbits -xa '1 2' -d 'Stop bits'
complete -c annotty -n $filter -l flow -xa 'none rtscts xonxoff' -d 'Flow control'
complete -c annotty -n $filter -l dtr -xa 'keep on off' -d 'What opening does to DTR'
complete -c annotty -n $filter -l rts -xa 'keep on off' -d 'What opening does to RTS'
complete -c annotty -n $filter -s f -l follow -d 'Follow a file that grows'
complete -c annotty -n $filter -l from-start -d 'Follow from the beginning'
complete -c annotty -n $filter -l no-reconnect -d 'End when the port or peer goes away'
