"""A service manager, for tests: systemd's side of sd_notify(3), sd_listen_fds(3), of
the watchdog and of the store of descriptors."""

import array
import fcntl
import os
import signal
import socket
import subprocess
import threading
import time

PATIENCE_S = 20


def wait_until(true, what):
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.005)


class Manager:
    """Starts one service again and again, listens to it, keeps what it gives."""

    def __init__(self, command, directory, watchdog_s=None, activated=()):
        self.command = command
        self.directory = directory
        self.watchdog_s = watchdog_s
        self.activated = activated  # (name, descriptor), as of socket units
        self.store = {}  # name: descriptors
        self.said = []  # (when, key, value)
        self.process = None
        self.notify = os.path.join(directory, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.notify)
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    # --- what the service says ---------------------------------------------------------

    def _listen(self):
        room = socket.CMSG_SPACE(16 * array.array("i").itemsize)
        while True:
            text, ancillary, _, _ = self.socket.recvmsg(4096, room)
            if text == b"":
                return
            fds = array.array("i")
            for level, kind, data in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
            self._hear(text.decode(), list(fds))

    def _hear(self, text, fds):
        now = time.clock_gettime(time.CLOCK_MONOTONIC)
        said = dict(line.split("=", 1) for line in text.splitlines())
        name = said.get("FDNAME", "stored")
        if said.get("FDSTOREREMOVE") == "1":
            for fd in self.store.pop(name, []):
                os.close(fd)
        if said.get("FDSTORE") == "1":
            self.store.setdefault(name, []).extend(fds)
        elif fds:
            raise AssertionError(f"descriptors without FDSTORE: {text}")
        self.said.extend((now, key, value) for key, value in said.items())

    def heard(self, key, value=None, since=0):
        return [
            (when, said)
            for when, found, said in self.said[since:]
            if found == key and value in (None, said)
        ]

    def wait_for(self, key, value=None, since=0):
        wait_until(
            lambda: self.heard(key, value, since) or self.process.poll() is not None,
            f"{key}={value}",
        )
        answer = self.heard(key, value, since)
        assert answer, f"it ended before {key}={value}: {self.log()}"
        return answer[0]

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8") as log:
            return log.read()

    # --- what is done to the service ---------------------------------------------------

    def start(self, ready=True):
        """As systemd does: descriptors from 3 on, those of socket units first."""
        handed = list(self.activated)
        handed += [(name, fd) for name in sorted(self.store) for fd in self.store[name]]
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for _, fd in handed]
        moves = "".join(f"exec {3 + i}<&{fd} {fd}<&-\n" for i, fd in enumerate(high))
        environment = dict(os.environ, NOTIFY_SOCKET=self.notify)
        if handed:
            environment["LISTEN_FDS"] = str(len(handed))
            environment["LISTEN_FDNAMES"] = ":".join(name for name, _ in handed)
            moves += "export LISTEN_PID=$$\n"
        if self.watchdog_s is not None:
            environment["WATCHDOG_USEC"] = str(int(self.watchdog_s * 1e6))
        since = len(self.said)
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", moves + 'exec "$@"', "bash", *self.command],
                cwd=self.directory,
                env=environment,
                pass_fds=high,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        for fd in high:
            os.close(fd)
        if ready:
            self.wait_for("READY", "1", since)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.send_signal(signal.SIGCONT)
        status = self.process.wait(PATIENCE_S)
        self.settle()
        return status

    def settle(self):
        """Until all that the service has said is heard."""
        mark = f"MARK={len(self.said)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(mark.encode(), self.notify)
        wait_until(lambda: self.heard("MARK", mark[5:]), mark)

    def reload(self):
        since = len(self.said)
        self.process.send_signal(signal.SIGHUP)
        self.wait_for("RELOADING", "1", since)
        self.wait_for("READY", "1", since)
        self.settle()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.end(signal.SIGKILL)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self.notify)
        self.listener.join()
        self.socket.close()
        for fds in self.store.values():
            for fd in fds:
                os.close(fd)
