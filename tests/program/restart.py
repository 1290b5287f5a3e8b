#!/usr/bin/env python3
"""The daemon under a service manager: what it says, and that nobody notices when it is
started anew. Without systemd, so that it can be tested anywhere."""

import faulthandler
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty
import unittest

from manager import PATIENCE_S, Manager, wait_until

ANNOTTY = os.environ["ANNOTTY"]
RESTARTS = 10
TEST_S = 180  # at most; most of them take less than one


class Console:
    """A device on a pseudo-terminal that prints numbered lines."""

    def __init__(self):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(slave)
        os.close(slave)
        self.hung_up = False  # since watch()
        self.sent = []
        self.ends = threading.Event()
        self.threads = []

    def _begin(self, target):
        self.threads.append(threading.Thread(target=target, daemon=True))
        self.threads[-1].start()

    def _watch(self):
        poll = select.poll()
        poll.register(self.master, 0)
        while not self.ends.is_set() and not self.hung_up:
            self.hung_up = any(event & select.POLLHUP for _, event in poll.poll(50))

    def watch(self):
        self._begin(self._watch)

    def write(self, data):
        """All of it; a test that goes wrong leaves nobody who takes it."""
        deadline = time.monotonic() + PATIENCE_S
        while data:
            try:
                data = data[os.write(self.master, data) :]
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise AssertionError("nobody reads the console") from None
                select.select([], [self.master], [], 0.01)

    def say(self, text):
        self.sent.append(text)
        self.write(text.encode() + b"\n")

    def _talk(self):
        """Half a line at a time."""
        while not self.ends.is_set():
            half = f"line {len(self.sent):06} of a console that "
            self.write(half.encode())
            time.sleep(0.0005)
            self.say("is busy all the time")
            self.sent[-1] = half + self.sent[-1]

    def talk(self):
        self._begin(self._talk)

    def quiet(self):
        self.ends.set()
        for thread in self.threads:
            thread.join()

    def leave(self):
        """As if it were unplugged."""
        os.close(self.master)
        self.master = os.open(os.devnull, os.O_RDWR)

    def close(self):
        self.quiet()
        os.close(self.master)


class Reader:
    """Reads from a listener, and connects again as soon as the connection is closed."""

    def __init__(self, family, address):
        self.family = family
        self.address = address
        self.connections = 0
        self.refused = 0
        self.bytes = b""
        self.ends = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        self.wait_for(1)

    def _read(self):
        while not self.ends:
            with socket.socket(self.family, socket.SOCK_STREAM) as stream:
                try:
                    stream.connect(self.address)
                except OSError:
                    self.refused += not self.ends
                    time.sleep(0.01)
                    continue
                self.connections += 1
                try:
                    while got := stream.recv(65536):
                        self.bytes += got
                except ConnectionResetError:
                    self.refused += not self.ends

    def wait_for(self, connections):
        wait_until(lambda: self.connections >= connections, "a connection")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def lines_of(text):
    """The device's lines in the text format, without what annotty itself says."""
    lines = text.decode().splitlines()
    return [line[6:] for line in lines if line.startswith("[dut] ")]


def on_alarm(*_):
    faulthandler.dump_traceback()
    raise AssertionError(f"not over after {TEST_S} s; the threads are above")


class Restart(unittest.TestCase):
    def setUp(self):
        signal.signal(signal.SIGALRM, on_alarm)
        signal.alarm(TEST_S)
        self.addCleanup(signal.alarm, 0)
        directory = tempfile.TemporaryDirectory(prefix="annotty-test.")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.command = [ANNOTTY, "run", "-c", "annotty.conf"]

    def at(self, name):
        return os.path.join(self.directory, name)

    def configure(self, text):
        with open(self.at("annotty.conf"), "w", encoding="utf-8") as conf:
            conf.write(f"[annotty]\ncontrol = {self.at('control')}\n{text}")

    def read(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def manager(self, **options):
        manager = Manager(self.command, self.directory, **options)
        self.addCleanup(manager.close)
        return manager

    def console(self):
        console = Console()
        self.addCleanup(console.close)
        return console

    def listening(self, family=socket.AF_INET, address=("127.0.0.1", 0)):
        """As systemd hands it over: it blocks."""
        listener = socket.socket(family, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.listen()
        return listener

    def bench(self, **options):
        """A device, and all that can be kept."""
        self.port = free_port()
        self.dut = self.console()
        self.configure(
            f"""
[source dut]
input = {self.dut.path}
[output log]
output = file:log.txt
[output raw]
output = file:raw.txt
format = raw
[output net]
output = tcp-listen://127.0.0.1:{self.port}
[output sock]
output = unix-listen:{self.at('sock')}
"""
        )
        manager = self.manager(**options)
        manager.start()
        manager.settle()
        return manager

    def expect_in(self, name, text):
        wait_until(lambda: text.encode() in self.read(name), f"{text} in {name}")

    def status(self):
        answer = subprocess.run(
            [ANNOTTY, "status", self.at("control"), "--json"],
            check=True,
            capture_output=True,
            timeout=PATIENCE_S,
        )
        return answer.stdout

    # --- what it says ------------------------------------------------------------------

    def test_it_is_ready_when_its_listeners_stand_and_says_so_in_words(self):
        manager = self.bench()
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.assertEqual(
            [said for _, said in manager.heard("STATUS")],
            ["1 source connected; 4 outputs"],
        )

    def test_its_words_tell_who_is_away_since_when(self):
        # The number of a pseudo-terminal may soon be that of somebody else's.
        dut = self.console()
        os.symlink(dut.path, self.at("dut"))
        self.configure(
            f"[source dut]\ninput = {self.at('dut')}?baudrate=9600\n"
            "[output log]\noutput = file:log.txt\n"
        )
        manager = self.manager()
        manager.start()
        manager.wait_for("STATUS", "1 source connected; 1 output")
        since = len(manager.said)
        os.unlink(self.at("dut"))
        begin = time.strftime("%F %T")
        dut.leave()
        _, words = manager.wait_for("STATUS", since=since)
        end = time.strftime("%F %T")
        found = re.fullmatch("0 of 1 source connected, dut away since (.*); 1 output", words)
        self.assertTrue(found, words)
        self.assertTrue(begin <= found[1] <= end, words)
        since = len(manager.said)
        os.symlink(self.console().path, self.at("dut"))
        manager.wait_for("STATUS", "1 source connected; 1 output", since)

    def test_its_words_tell_of_a_source_that_never_came_and_name_the_first_ones(self):
        self.configure(
            "".join(
                f"[source s{i}]\ninput = {self.at('none')}{i}?baudrate=9600\n"
                for i in range(5)
            )
        )
        manager = self.manager()
        manager.start()
        _, words = manager.wait_for("STATUS")
        self.assertTrue(words.startswith("0 of 5 sources connected, s0 away since "), words)
        self.assertIn(", s2 away since ", words)
        self.assertTrue(words.endswith(", 2 more away; 1 output"), words)

    def test_its_words_are_fresh_whenever_the_watchdog_is_served(self):
        manager = self.bench(watchdog_s=1)
        self.dut.say("status = 0x11B")
        self.dut.say("nothing")
        manager.wait_for("STATUS", "1 source connected; 4 outputs; 1 code in 2 lines")
        told = len(manager.heard("STATUS"))
        served = len(manager.heard("WATCHDOG"))
        wait_until(lambda: len(manager.heard("WATCHDOG")) > served + 1, "the watchdog")
        self.assertEqual(len(manager.heard("STATUS")), told)  # nothing new

    def test_it_is_not_ready_when_a_listener_does_not_stand(self):
        taken = self.listening()
        self.configure(
            f"[output net]\noutput = tcp-listen://127.0.0.1:{taken.getsockname()[1]}\n"
        )
        manager = self.manager()
        manager.start(ready=False)
        self.assertEqual(manager.process.wait(20), 3)
        manager.settle()
        self.assertEqual(manager.heard("READY"), [])
        self.assertIn("Address already in use", manager.log())

    def test_a_reload_begins_with_a_time_and_ends_with_ready(self):
        manager = self.bench()
        begin = time.clock_gettime(time.CLOCK_MONOTONIC)
        since = len(manager.said)
        manager.reload()
        when, at = manager.wait_for("MONOTONIC_USEC", since=since)
        self.assertLess(begin, int(at) / 1e6)
        self.assertLess(int(at) / 1e6, when)
        keys = [key for _, key, _ in manager.said[since:]]
        self.assertLess(keys.index("RELOADING"), keys.index("READY"))
        self.assertNotIn("FDSTORE", keys)  # nothing has changed
        self.assertNotIn("FDSTOREREMOVE", keys)

    def test_a_reload_that_fails_ends_with_ready_as_well(self):
        manager = self.bench()
        self.configure("[source dut]\nnonsense = 1\n")
        manager.reload()
        self.assertIn("the configuration stays as it was", manager.log())

    def test_the_watchdog_is_served_in_time_until_the_process_hangs(self):
        manager = self.bench(watchdog_s=1)
        wait_until(lambda: len(manager.heard("WATCHDOG", "1")) >= 4, "the watchdog")
        times = [when for when, _ in manager.heard("WATCHDOG")]
        gaps = [later - sooner for sooner, later in zip(times, times[1:])]
        self.assertLess(max(gaps), 1)
        manager.process.send_signal(signal.SIGSTOP)
        manager.settle()
        served = len(manager.heard("WATCHDOG"))
        time.sleep(1.2)
        self.assertEqual(len(manager.heard("WATCHDOG")), served)

    def test_nobody_is_told_of_a_watchdog_that_does_not_watch(self):
        manager = self.bench()
        time.sleep(0.3)
        self.assertEqual(manager.heard("WATCHDOG"), [])

    def test_it_says_that_it_is_stopping_before_its_readers_have_all(self):
        manager = self.bench()
        slow = socket.create_connection(("127.0.0.1", self.port))
        self.addCleanup(slow.close)
        for _ in range(300):  # more than sockets hold
            self.dut.write(b"x" * 30000 + b"\n")
        self.expect_in("log.txt", "x\n")
        wait_until(lambda: self.read("log.txt").count(b"\n") > 300, "all of it")
        manager.process.send_signal(signal.SIGTERM)
        manager.wait_for("STOPPING", "1")
        self.assertIsNone(manager.process.poll())

    # --- what is kept ------------------------------------------------------------------

    def test_ports_and_listeners_are_stored(self):
        manager = self.bench()
        self.assertEqual(
            {name: len(fds) for name, fds in manager.store.items()},
            {"source-dut": 1, "output-net": 1, "output-sock": 1},
        )
        self.assertTrue(os.isatty(manager.store["source-dut"][0]))

    def test_ten_restarts_under_traffic_lose_nothing(self):
        manager = self.bench()
        readers = [
            Reader(socket.AF_INET, ("127.0.0.1", self.port)),
            Reader(socket.AF_UNIX, self.at("sock")),
        ]
        # Those who connect are let in a moment later.
        wait_until(lambda: self.status().count(b'"readers":1') == 2, "readers")
        self.dut.watch()
        self.dut.talk()
        for restart in range(RESTARTS):
            lines = len(self.dut.sent)
            wait_until(lambda: len(self.dut.sent) > lines + 100, "traffic")
            self.assertEqual(manager.end(), 0)
            for reader in readers:
                reader.wait_for(restart + 2)
            manager.start()
        lines = len(self.dut.sent)
        wait_until(lambda: len(self.dut.sent) > lines + 100, "traffic")
        self.dut.quiet()
        last = self.dut.sent[-1]
        self.expect_in("log.txt", last)
        for reader in readers:
            reader.ends = True
        self.assertEqual(manager.end(), 0)
        found = {"file": self.read("log.txt")}
        for reader, name in zip(readers, ("tcp", "unix")):
            wait_until(lambda r=reader: last.encode() in r.bytes, "the last line")
            self.assertEqual(reader.refused, 0)
            found[name] = reader.bytes
        for name, text in found.items():
            lines = lines_of(text)
            split = len(lines) - len(self.dut.sent)
            print(f"{name}: {len(self.dut.sent)} lines sent, {split} split", flush=True)
            self.assertEqual("".join(lines), "".join(self.dut.sent), name)
            self.assertLessEqual(split, RESTARTS, name)
        self.assertEqual(self.read("raw.txt").decode().splitlines(), self.dut.sent)
        self.assertFalse(self.dut.hung_up)

    def test_after_a_kill_the_port_is_taken_over_as_well(self):
        manager = self.bench()
        self.dut.watch()
        self.dut.say("before")
        self.expect_in("log.txt", "before")
        self.assertEqual(manager.end(signal.SIGKILL), -signal.SIGKILL)
        self.dut.say("between")
        manager.start()
        self.dut.say("after")
        self.expect_in("log.txt", "after")
        self.assertEqual(lines_of(self.read("log.txt")), ["before", "between", "after"])
        self.assertFalse(self.dut.hung_up)

    def test_a_port_that_is_taken_over_stays_stored(self):
        manager = self.bench()
        manager.end()
        since = len(manager.said)
        manager.start()
        manager.settle()
        self.assertEqual(manager.heard("FDSTOREREMOVE", since=since), [])
        self.assertEqual(len(manager.store["source-dut"]), 1)

    def test_a_port_that_hung_up_while_nobody_was_there_is_opened_anew(self):
        manager = self.bench()
        os.symlink(self.dut.path, self.at("link"))
        self.configure(
            f"[source dut]\ninput = {self.at('link')}?baudrate=9600\n"
            "[output log]\noutput = file:log.txt\n"
        )
        manager.end()
        manager.start()
        manager.settle()
        manager.end()
        dead = self.dut
        other = self.console()
        os.close(dead.master)
        dead.master = os.dup(other.master)  # to be closed
        os.unlink(self.at("link"))
        os.symlink(other.path, self.at("link"))
        manager.start()
        other.say("new")
        self.expect_in("log.txt", "new")
        manager.settle()
        self.assertEqual(
            os.ttyname(manager.store["source-dut"][0]), other.path
        )

    def test_a_port_that_hangs_up_is_forgotten(self):
        manager = self.bench()
        self.dut.leave()
        wait_until(lambda: "source-dut" not in manager.store, "FDSTOREREMOVE")

    def test_a_source_that_is_removed_is_forgotten_and_closed(self):
        manager = self.bench()
        self.dut.watch()
        self.configure("[output log]\noutput = file:log.txt\n")
        manager.reload()
        wait_until(lambda: manager.store == {}, "an empty store")
        wait_until(lambda: self.dut.hung_up, "a hang-up")
        self.assertFalse(os.path.exists(self.at("sock")))

    def test_a_listener_that_was_taken_over_goes_with_its_path_when_removed(self):
        manager = self.bench()
        manager.end()
        manager.start()
        self.assertTrue(os.path.exists(self.at("sock")))
        self.configure("[output log]\noutput = file:log.txt\n")
        manager.reload()
        wait_until(lambda: not os.path.exists(self.at("sock")), "no path")

    def test_what_nobody_knows_is_dropped_at_the_start(self):
        manager = self.bench()
        manager.end()
        ours, theirs = socket.socketpair()
        manager.store["source-gone"] = [theirs.detach()]
        manager.start()
        manager.settle()
        self.assertNotIn("source-gone", manager.store)
        self.assertEqual(ours.recv(1), b"")  # closed there as well
        ours.close()

    def test_another_configuration_gets_no_descriptor_of_the_one_before(self):
        manager = self.bench()
        manager.end()
        other = self.console()
        port = free_port()
        self.configure(
            f"""
[source dut]
input = {other.path}
[output log]
output = file:log.txt
[output net]
output = tcp-listen://127.0.0.1:{port}
[output sock]
output = file:sock.txt
"""
        )
        manager.start()
        manager.settle()
        other.say("from the other one")
        self.expect_in("log.txt", "from the other one")
        socket.create_connection(("127.0.0.1", port)).close()
        self.assertEqual(sorted(manager.store), ["output-net", "source-dut"])
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port))

    def test_a_source_with_another_name_keeps_its_port(self):
        manager = self.bench()
        self.dut.watch()
        manager.end()
        self.configure(
            f"[source board]\ninput = {self.dut.path}\n"
            "[output log]\noutput = file:log.txt\n"
        )
        manager.start()
        self.dut.say("hello")
        self.expect_in("log.txt", "[board] hello")
        manager.settle()
        self.assertEqual(list(manager.store), ["source-board"])
        self.assertFalse(self.dut.hung_up)

    # --- socket activation -------------------------------------------------------------

    def expect_served(self, listener, output, name):
        """A reader of this listener gets the lines, and also after a restart."""
        dut = self.console()
        self.configure(
            f"[source dut]\ninput = {dut.path}\n[output lab]\noutput = {output}\n"
        )
        manager = self.manager(activated=[(name, listener.fileno())])
        manager.start()
        for text in ("first", "second"):
            with socket.socket(listener.family, socket.SOCK_STREAM) as reader:
                reader.settimeout(PATIENCE_S)
                reader.connect(listener.getsockname())
                wait_until(lambda: b'"readers":1' in self.status(), "it")
                dut.say(text)
                wait_until(lambda r=reader: text in r.recv(4096).decode(), text)
                manager.end()
            manager.start()
        manager.settle()
        self.assertEqual(list(manager.store), ["source-dut"])

    def test_a_socket_unit_listens_for_the_output_that_it_names(self):
        self.expect_served(self.listening(), "tcp-listen://127.0.0.1:1", "lab")

    def test_a_socket_unit_listens_for_the_output_with_its_address(self):
        listener = self.listening()
        port = listener.getsockname()[1]
        self.expect_served(listener, f"tcp-listen://:{port}", "annotty.socket")

    def test_a_socket_unit_listens_at_a_path(self):
        path = self.at("lab.sock")
        listener = self.listening(socket.AF_UNIX, path)
        self.expect_served(listener, f"unix-listen:{path}", "annotty.socket")
        self.assertTrue(os.path.exists(path))  # it is the unit's

    def test_a_socket_unit_listens_for_devices(self):
        listener = self.listening()
        self.configure(
            "[source lab]\ninput = tcp-listen://127.0.0.1:1\n"
            "[output log]\noutput = file:log.txt\n"
        )
        manager = self.manager(activated=[("lab", listener.fileno())])
        manager.start()
        with socket.create_connection(listener.getsockname()) as device:
            device.sendall(b"hello\n")
            self.expect_in("log.txt", "[lab] hello")

    # --- without one -------------------------------------------------------------------

    def test_descriptors_for_another_process_are_not_touched(self):
        self.configure("[output log]\noutput = file:log.txt\n")
        manager = self.manager()
        os.environ["LISTEN_FDS"] = "3"
        os.environ["LISTEN_PID"] = "1"
        self.addCleanup(os.environ.pop, "LISTEN_FDS")
        self.addCleanup(os.environ.pop, "LISTEN_PID")
        manager.start()
        self.assertEqual(manager.end(), 0)


def is_supervised():
    """Built with libsystemd, and that is here."""
    with open(ANNOTTY, "rb") as program:
        return b"libsystemd.so.0" in program.read()


if __name__ == "__main__":
    if not is_supervised():
        print("built without systemd: skipped")
        sys.exit(77)
    unittest.main()
