"""What has to be true on a booted machine. Each function is a check, in this order; its
name is what it says."""

import collections
import json
import re
import threading
import time

from machine import Failure, Reader

CHECKS = []

TLS = "TLS start failed, status = 0x11B"
TLS_NAME = "NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND"


def check(function):
    CHECKS.append(function)
    return function


def expect(what, found, wanted=True):
    if found != wanted:
        raise Failure(f"{what}: found {found!r}, expected {wanted!r}")


def by_id(name):
    """The stable path of a board's adapter, as udev makes it."""
    return f"/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_{name.upper()}-if00-port0"


def service(machine, what, unit="annotty.service"):
    return machine.ask(f"systemctl show -P {what} {unit}").strip()


def expect_words(machine, pattern):
    """systemctl status says so, or soon will."""
    machine.until(lambda: re.fullmatch(pattern, service(machine, "StatusText")),
                  f"the words {pattern!r}")


def bytes_of(machine, board):
    """How many were read of it so far."""
    sources = json.loads(machine.ask("annotty status --json"))["sources"]
    return next(source["bytes"] for source in sources if source["name"] == board)


def journal(machine, *matches, seconds=30):
    """The entries that match all; at least one, within the time."""
    quoted = " ".join(f"'{match}'" for match in matches)
    said = machine.wait(
        f"journalctl -b -o json --no-pager {quoted} | grep . ", seconds)
    return [json.loads(line) for line in said.splitlines()]


def of_board(record, board):
    return record.get("source") == board and "line" in record


# --- the machine and the package ----------------------------------------------------------

@check
def the_machine_boots(machine):
    state = machine.wait(
        "systemctl is-system-running --wait || true", seconds=180).strip()
    expect(f"systemd ({machine.shell('systemctl --failed --no-legend')[1].strip()})",
           state, "running")


@check
def the_installed_program_works(machine):
    found = machine.ask("annotty explain 0x107")
    expect("explain", "NX_SECURE_TLS_HANDSHAKE_FAILURE" in found)


@check
def the_units_are_fine_on_this_machine(machine):
    expect("verify", machine.ask(
        "systemd-analyze verify --man=no annotty.service annotty@ttyS1.service 2>&1"), "")


@check
def the_service_is_ready_and_says_what_it_does(machine):
    expect("state", service(machine, "ActiveState"), "active")
    expect("type", service(machine, "Type"), "notify")
    since = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    expect_words(machine, f"1 of 3 sources connected, board1 away since {since}, "
                          f"board2 away since {since}; 4 outputs.*")


@check
def the_service_runs_as_nobody_special(machine):
    status = machine.ask(f"cat /proc/{service(machine, 'MainPID')}/status")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    expect("user", facts["Uid"].split()[0], machine.ask("id -u annotty").strip())
    expect("capabilities", int(facts["CapEff"], 16) | int(facts["CapBnd"], 16), 0)
    expect("new privileges", facts["NoNewPrivs"], "1")
    expect("system calls are filtered", facts["Seccomp"], "2")


# --- ports ----------------------------------------------------------------------------------

@check
def an_adapter_gets_its_name_when_it_is_plugged_in(machine):
    for name in ("board1", "board2"):
        machine.boards[name].plug()
    for name in ("board1", "board2"):
        machine.wait(f"test -c {by_id(name)}", seconds=60)


@check
def annotty_lists_the_ports(machine):
    ports = json.loads(machine.ask("annotty ports --json"))
    found = {port.get("by_id") for port in ports}
    for name in ("board1", "board2"):
        expect(f"{name} is listed", by_id(name) in found)


@check
def adapters_are_taken_when_they_come(machine):
    for name in ("board1", "board2"):
        journal(machine, f"ANNOTTY_SOURCE={name}", "ANNOTTY_EVENT=connected")
    expect_words(machine, "3 sources connected; 4 outputs.*")


# --- where lines go -------------------------------------------------------------------------

@check
def a_line_is_in_the_journal_with_fields_of_its_own(machine):
    for name in ("board0", "board1", "board2"):
        machine.boards[name].prints(f"{TLS}\r\n")
        entry = journal(machine, f"ANNOTTY_SOURCE={name}", "ANNOTTY_CODE=0x11B")[0]
        expect("name", entry["ANNOTTY_NAME"], TLS_NAME)
        expect("family", entry["ANNOTTY_FAMILY"], "nx_secure_tls")
        expect("severity", entry["ANNOTTY_SEVERITY"], "error")
        expect("priority", entry["PRIORITY"], "3")
        expect("line", entry["ANNOTTY_LINE"], TLS)
        expect("message", TLS_NAME in entry["MESSAGE"])


@check
def journalctl_explains_the_code(machine):
    said = machine.ask("journalctl -x --no-pager ANNOTTY_CODE=0x11B ANNOTTY_SOURCE=board1")
    for words in ("Defined-By: annotty", f"Subject: {TLS_NAME} (0x11B) on board1",
                  "A remote certificate was received with an issuer not in the local",
                  "What to check: "):
        expect(f"{words!r} in {said!r}", words in said)
    expect("a field without a value", "ANNOTTY_" in said.replace(TLS_NAME, ""), False)


@check
def a_line_is_on_the_unix_socket_and_on_the_tcp_socket(machine):
    machine.ask("(timeout 600 nc -U /run/annotty/lab.sock >/tmp/lab) >/dev/null 2>&1 &")
    with Reader(machine, 7001) as reader:
        # Who listens is not known from outside, so the board repeats itself.
        deadline = machine.deadline(30)
        while machine.shell("grep -q 0x11B /tmp/lab")[0] != 0 or not reader.has(
                lambda record: of_board(record, "board2")):
            if time.monotonic() > deadline:
                raise Failure(f"nothing came: {machine.shell('cat /tmp/lab')[1]}")
            machine.boards["board2"].prints(f"{TLS}\r\n")
            time.sleep(0.5)
        record = next(record for record in reader.seen if of_board(record, "board2"))
    machine.shell("pkill -x nc")
    lab = json.loads(machine.ask("grep 0x11B /tmp/lab | head -n 1"))
    for found in (record, lab):
        expect("line", found["line"], TLS)
        expect("annotation", found["annotations"][0]["name"], TLS_NAME)


@check
def annotty_status_tells_of_each_source(machine):
    said = machine.ask("annotty status")
    for name in ("board0", "board1", "board2", "journal", "lab", "net"):
        expect(f"{name} in {said!r}", name in said)


# --- plugs ----------------------------------------------------------------------------------

@check
def a_plug_pulled_in_mid_line_ends_the_line_and_is_told(machine):
    board = machine.boards["board1"]
    with Reader(machine, 7001) as reader:
        reader.settle(board, "board1")
        before = bytes_of(machine, "board1")
        board.prints("half a li")
        machine.until(lambda: bytes_of(machine, "board1") == before + 9, "half a line")
        board.unplug()
        reader.find(lambda r: of_board(r, "board1") and r["line"] == "half a li")
        reader.find(lambda r: r.get("event") == "disconnected" and r["source"] == "board1")
        board.plug()
        reader.find(lambda r: r.get("event") == "connected" and r["source"] == "board1")
        board.prints("whole again\r\n")
        reader.find(lambda r: of_board(r, "board1") and r["line"] == "whole again")


@check
def a_tagged_board_is_watched_as_long_as_it_is_plugged_in(machine):
    board = machine.boards["board3"]
    unit = "annotty@annotty-board3.service"
    board.plug()
    machine.wait(f"systemctl is-active {unit}", seconds=60)
    expect("ModemManager is kept away", machine.ask(
        "udevadm info -q property /dev/annotty/board3 | grep ID_MM_DEVICE_IGNORE").strip(),
        "ID_MM_DEVICE_IGNORE=1")
    board.prints(f"{TLS}\r\n")
    journal(machine, "ANNOTTY_SOURCE=annotty/board3", "ANNOTTY_CODE=0x11B")
    board.unplug()
    machine.wait(f"test $(systemctl is-active {unit}) = inactive", seconds=60)
    expect("it is no failure", service(machine, "Result", unit), "success")


# --- reload and restart ---------------------------------------------------------------------

@check
def a_reload_takes_up_what_is_new_and_leaves_alone_what_is_not(machine):
    pid = service(machine, "MainPID")
    machine.ask("printf '[output more]\\noutput = tcp-listen://0.0.0.0:7002\\nformat = json\\n'"
                " >/etc/annotty/annotty.conf.d/more.conf")
    with Reader(machine, 7001) as old:
        old.settle(machine.boards["board0"], "board0")
        machine.ask("systemctl reload annotty.service")
        expect_words(machine, "3 sources connected; 5 outputs.*")
        with Reader(machine, 7002) as new:
            new.settle(machine.boards["board0"], "board0")
        machine.boards["board0"].prints("after the reload\r\n")
        seen = old.until(lambda r: r.get("line") == "after the reload")
        expect("events", [r for r in seen if "event" in r], [])
        seqs = [r["seq"] for r in seen if of_board(r, "board0")]
        expect("lines are counted on", seqs, list(range(seqs[0], seqs[0] + len(seqs))))
    expect("the process is the same", service(machine, "MainPID"), pid)


@check
def a_configuration_with_a_mistake_changes_nothing(machine):
    mistake = "/etc/annotty/annotty.conf.d/wrong.conf"
    machine.ask(f"printf '[output wrong]\\noutput = nonsense://\\n' >{mistake}")
    try:
        machine.ask("systemctl reload annotty.service")
        machine.wait(f"journalctl -b -u annotty.service | grep -q '{mistake}:[12]: .*nonsense'")
    finally:
        machine.ask(f"rm -f {mistake}")
    expect_words(machine, "3 sources connected; 5 outputs.*")
    with Reader(machine, 7002) as reader:
        reader.settle(machine.boards["board0"], "board0")
    machine.ask("rm /etc/annotty/annotty.conf.d/more.conf && systemctl reload annotty.service")
    expect_words(machine, "3 sources connected; 4 outputs.*")


class Traffic:
    """Boards that print numbered lines all the time."""

    def __init__(self, machine, names, tag, pause):
        self.boards = [machine.boards[name] for name in names]
        self.tag = tag
        self.pause = pause
        self.sent = 0
        self.failure = None
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            while not self.ends.is_set():
                for board in self.boards:
                    board.prints(f"{self.tag} {self.sent:06d} nothing to report\r\n")
                self.sent += 1
                time.sleep(self.pause)
        except (Failure, OSError) as failure:
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()

    def missing(self, machine, board, seconds=60):
        """Numbers of lines that are not in the journal once, each with how often.

        A restart may cut a line in two; then both parts are there, one after the other."""
        last = f"{self.tag} {self.sent - 1:06d} "
        machine.wait(f"journalctl -b -o cat ANNOTTY_SOURCE={board} | grep -q '{last}'", seconds)
        said = machine.ask("journalctl -b -o json --output-fields=MESSAGE,ANNOTTY_EVENT"
                           f" ANNOTTY_SOURCE={board}", seconds)
        records = [json.loads(line) for line in said.splitlines()]
        text = "".join(str(r["MESSAGE"]) for r in records if "ANNOTTY_EVENT" not in r)
        counts = collections.Counter(
            int(n) for n in re.findall(f"{self.tag} ([0-9]{{6}}) nothing to report", text))
        return {n: counts.get(n, 0) for n in range(self.sent) if counts.get(n, 0) != 1}


def restarts(machine, tag, restart, times):
    with Traffic(machine, ("board0", "board1"), tag, 0.05) as traffic:
        for _ in range(times):
            before = service(machine, "MainPID")
            machine.ask(restart, seconds=90)
            expect("it is another process", service(machine, "MainPID") != before)
            expect_words(machine, "3 sources connected; 4 outputs.*")
            time.sleep(0.5)
    if traffic.failure:
        raise Failure(f"the boards could not go on: {traffic.failure}")
    if traffic.sent < 20 * times:
        raise Failure(f"only {traffic.sent} lines were printed")
    for board in ("board0", "board1"):
        expect(f"lines of {board} that are not there once, of {traffic.sent}",
               traffic.missing(machine, board), {})


@check
def ten_restarts_under_traffic_lose_nothing(machine):
    restarts(machine, "restart", "systemctl restart annotty.service", 10)


@check
def systemd_listens_in_the_place_of_annotty(machine):
    board = machine.boards["board0"]
    path = "/run/annotty/lab.sock"

    def expect_lines(name):
        """A reader that connects now, whether annotty is up or not, gets lines."""
        machine.ask(f"(timeout 600 nc -U {path} >/tmp/{name}) >/dev/null 2>&1 &")

        def has_line():
            board.prints(f"for {name}\r\n")
            return machine.shell(f"grep -q 'for {name}' /tmp/{name}")[0] == 0

        machine.until(has_line, f"a line for the reader {name}")

    machine.ask("systemctl stop annotty.service && cp /usr/share/doc/annotty/examples/"
                "annotty.socket /etc/systemd/system && systemctl daemon-reload && "
                "systemctl start annotty.socket")
    try:
        expect("annotty", service(machine, "ActiveState"), "inactive")
        inode = machine.ask(f"stat -c '%i %U %a' {path}")
        expect("owner and mode", inode.split()[1:], ["annotty", "660"])
        expect_lines("started")
        expect("annotty", service(machine, "ActiveState"), "active")
        pid = service(machine, "MainPID")
        machine.ask("systemctl restart annotty.service", seconds=90)
        expect("it is another process", service(machine, "MainPID") != pid)
        expect_lines("restarted")
        machine.ask("systemctl stop annotty.service", seconds=90)
        expect_lines("stopped")
        expect("the socket", machine.ask(f"stat -c '%i %U %a' {path}"), inode)
    finally:
        machine.ask("pkill -x nc; systemctl stop annotty.socket annotty.service; "
                    "rm -f /etc/systemd/system/annotty.socket; systemctl daemon-reload; "
                    "systemctl start annotty.service", seconds=90)
    with Reader(machine, 7001) as reader:
        reader.settle(board, "board0")
    machine.wait(f"test -S {path}")


@check
def an_upgrade_under_traffic_loses_nothing(machine):
    version = machine.ask("dpkg-query -W -f '${Version}' annotty")
    kept = service(machine, "NFileDescriptorStore")
    restarts(machine, "upgrade", "DEBIAN_FRONTEND=noninteractive apt-get -qq -y "
             "--no-install-recommends install /root/annotty-next.deb", 1)
    expect("version", machine.ask("dpkg-query -W -f '${Version}' annotty"), f"{version}+next")
    expect("descriptors that are kept", service(machine, "NFileDescriptorStore"), kept)


@check
def a_hanging_daemon_is_seen_and_replaced(machine):
    machine.ask("mkdir -p /run/systemd/system/annotty.service.d && "
                "printf '[Service]\\nWatchdogSec=12\\n' "
                ">/run/systemd/system/annotty.service.d/rig.conf && "
                "systemctl daemon-reload && systemctl restart annotty.service", 90)
    pid = service(machine, "MainPID")
    machine.ask("sleep 15")
    expect("it is left alone while it serves the watchdog", service(machine, "MainPID"), pid)
    machine.ask(f"kill -STOP {pid}")
    machine.wait(f"p=$(systemctl show -P MainPID annotty) && test $p != {pid} && test $p != 0"
                 " && systemctl is-active annotty", seconds=60)
    with Reader(machine, 7001) as reader:
        reader.settle(machine.boards["board0"], "board0")


# --- power ----------------------------------------------------------------------------------

@check
def after_a_power_failure_in_mid_stream_all_goes_on(machine):
    with Traffic(machine, ("board0",), "power", 0.02):
        machine.wait("journalctl -b -o cat ANNOTTY_SOURCE=board0 | grep -q 'power 000050 '")
        machine.ask("journalctl --sync && sync")
        machine.kill()
    machine.reboot()
    machine.wait("systemctl is-active annotty.service", seconds=180)
    kept = machine.ask("journalctl -b -1 -o cat ANNOTTY_SOURCE=board0 | grep -c '^power '")
    if int(kept) < 50:
        raise Failure(f"{kept.strip()} lines are left of those that were on the disk")
    machine.ask("head -c -1 /var/log/annotty/console.jsonl >/dev/null")
    with Reader(machine, 7001) as reader:
        reader.settle(machine.boards["board0"], "board0")
    machine.boards["board0"].prints(f"{TLS}\r\n")
    journal(machine, "ANNOTTY_SOURCE=board0", "ANNOTTY_CODE=0x11B")
    said = machine.ask("cat /var/log/annotty/console.jsonl").splitlines()
    expect("the last line of the file", of_board(json.loads(said[-1]), "board0"))
