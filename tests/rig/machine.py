"""A machine in QEMU, as the rig's checks see it: boards to play, plugs to pull, a shell.

Boards are usb-serial adapters (an FTDI chip to the guest) and a 16550; what a board
prints is what a check writes to its character device. Nothing in here waits without a
deadline, and every deadline is stretched by `patience`, for the guest is emulated.
"""

import base64
import json
import os
import select
import socket
import subprocess
import time


class Failure(Exception):
    """A check did not find what it looked for."""


def connect(path, deadline):
    """Connects to a unix socket that QEMU is about to make."""
    while True:
        peer = socket.socket(socket.AF_UNIX)
        try:
            peer.connect(path)
            return peer
        except OSError:
            peer.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class Lines:
    """The lines of a stream socket, each within a deadline."""

    def __init__(self, peer):
        self.peer = peer
        self.pending = b""

    def read(self, deadline, what):
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.peer], [], [], left)[0]:
                raise Failure(f"no answer in time: {what}")
            piece = self.peer.recv(1 << 16)
            if not piece:
                raise Failure(f"connection closed: {what}")
            self.pending += piece
        line, self.pending = self.pending.split(b"\n", 1)
        return line


class Board:
    """A device's side of a serial line: prints, can be unplugged, does not read."""

    def __init__(self, machine, name, path):
        self.machine = machine
        self.name = name
        self.path = path
        self.peer = connect(path, machine.deadline(20))

    def prints(self, text):
        """Sends it all; the machine takes it at the pace at which it reads."""
        data = text if isinstance(text, bytes) else text.encode()
        self.peer.settimeout(self.machine.seconds(60))
        try:
            self.peer.sendall(data)
        except TimeoutError:
            raise Failure(f"{self.name}: nobody reads what it prints") from None

    def plug(self):
        """QEMU lets go of an unplugged one a little later, so this is tried again."""
        deadline = self.machine.deadline(20)
        while True:
            try:
                self.machine.qmp(
                    "device_add", driver="usb-serial", id=self.name,
                    chardev=f"line-{self.name}", serial=self.name.upper(), bus="usb.0")
                return
            except Failure:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def unplug(self):
        self.machine.qmp("device_del", id=self.name)


class Reader:
    """Who reads JSON Lines of an output at a port of the machine."""

    def __init__(self, machine, port):
        self.machine = machine
        self.port = port
        self.seen = []

    def __enter__(self):
        self.peer = socket.create_connection(
            ("127.0.0.1", self.machine.host_port(self.port)), self.machine.seconds(20))
        self.lines = Lines(self.peer)
        return self

    def __exit__(self, *_):
        self.peer.close()

    def next(self, deadline, what="a record"):
        record = json.loads(self.lines.read(deadline, what))
        self.seen.append(record)
        return record

    def until(self, fits, seconds=30):
        """All records up to the first that fits."""
        deadline = self.machine.deadline(seconds)
        begin = len(self.seen)
        try:
            while not fits(self.next(deadline)):
                pass
        except Failure as failure:
            raise Failure(f"{failure}; last came {self.seen[-3:]}") from None
        return self.seen[begin:]

    def find(self, fits, seconds=30):
        return self.until(fits, seconds)[-1]

    def has(self, fits):
        """Did or does one come that fits? Does not wait."""
        try:
            while True:
                self.next(time.monotonic() + 0.05)
        except Failure:
            return any(fits(record) for record in self.seen)

    def settle(self, board, source):
        """Until a line that the board prints now comes out here: QEMU takes connections
        before annotty does."""
        deadline = self.machine.deadline(60)
        mark = f"settle {time.monotonic_ns()}"
        while not self.has(lambda r: r.get("source") == source and r.get("line") == mark):
            if time.monotonic() > deadline:
                raise Failure(f"nothing of {source} comes; last came {self.seen[-3:]}")
            board.prints(mark + "\r\n")


class Machine:
    """QEMU with the rig's disk; `with Machine(...) as machine` boots it and ends it."""

    USB = ("board1", "board2", "board3")

    def __init__(self, image, work, patience):
        self.image = image
        self.work = work
        self.patience = patience
        self.ports = {}
        self.process = None

    def seconds(self, seconds):
        return seconds * self.patience

    def deadline(self, seconds):
        return time.monotonic() + self.seconds(seconds)

    def path(self, name):
        return os.path.join(self.work, name)

    # --- life ---------------------------------------------------------------------------

    def __enter__(self):
        disk = self.path("disk")
        if not os.path.exists(disk):
            subprocess.run(["cp", "--sparse=always", os.path.join(self.image, "disk"), disk],
                           check=True)
        try:
            self.start(disk)
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self, disk):
        """Boots; comes back when the guest's shell answers."""
        with open(self.path("qemu.log"), "ab") as log:
            self.process = subprocess.Popen(
                self.command(disk), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.monitor = Lines(connect(self.path("qmp"), self.deadline(20)))
        self.monitor.read(self.deadline(20), "greeting of QMP")
        self.qmp("qmp_capabilities")
        self.boards = {
            name: Board(self, name, self.path(name)) for name in ("board0", *self.USB)}
        self.agent = Lines(connect(self.path("shell"), self.deadline(20)))
        if self.agent.read(self.deadline(300), "the boot") != b"ready":
            raise Failure("the guest's shell is not itself")

    def reboot(self):
        """On the same disk; plugs are out again."""
        for name in ("qmp", "shell", "board0", *self.USB):
            os.unlink(self.path(name))
        self.start(self.path("disk"))

    def kill(self):
        """What a power failure is to the machine."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def command(self, disk):
        forwards = "".join(
            f",hostfwd=tcp:127.0.0.1:{self.host_port(guest)}-:{guest}"
            for guest in (7001, 7002))
        command = [
            "qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot",
            # Not KVM: it runs in any container, and always as slowly.
            "-accel", "tcg,thread=multi",
            "-cpu", "max", "-smp", "2", "-m", "1024",
            "-kernel", os.path.join(self.image, "kernel"),
            "-initrd", os.path.join(self.image, "initrd"),
            "-append", "root=/dev/vda rw console=ttyS0 quiet mitigations=off "
                       "systemd.show_status=no fsck.mode=skip module_blacklist="
                       "cfg80211,ata_piix,floppy,psmouse,pcspkr,kvm_amd,i2c_piix4",
            "-drive", f"file={disk},if=virtio,format=raw",
            "-qmp", f"unix:{self.path('qmp')},server=on,wait=off",
            "-netdev", f"user,id=net{forwards}", "-device", "virtio-net-pci,netdev=net",
            "-object", "rng-random,id=rng,filename=/dev/urandom",
            "-device", "virtio-rng-pci,rng=rng",
            # The first 16550 is the machine's own console, the second a board.
            "-chardev", f"file,id=console,path={self.path('console.log')},append=on",
            "-serial", "chardev:console",
            "-chardev", f"socket,id=line-board0,path={self.path('board0')},server=on,wait=off",
            "-serial", "chardev:line-board0",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=shell,path={self.path('shell')},server=on,wait=off",
            "-device", "virtserialport,chardev=shell,name=rig",
            "-device", "qemu-xhci,id=usb",
        ]
        for name in self.USB:
            command += ["-chardev",
                        f"socket,id=line-{name},path={self.path(name)},server=on,wait=off"]
        return command

    def host_port(self, guest):
        """The port of this host that leads to the guest's."""
        if guest not in self.ports:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.ports[guest] = probe.getsockname()[1]
        return self.ports[guest]

    # --- asking -------------------------------------------------------------------------

    def qmp(self, command, **arguments):
        self.monitor.peer.sendall(
            json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self.monitor.read(self.deadline(20), f"QMP {command}"))
            if "error" in answer:
                raise Failure(f"QMP {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def shell(self, command, seconds=60):
        """Runs it as root in the guest: (exit status, what it printed)."""
        self.agent.peer.sendall(base64.b64encode(command.encode()) + b"\n")
        status, _, said = self.agent.read(
            self.deadline(seconds), f"guest: {command}").partition(b" ")
        return int(status), base64.b64decode(said).decode(errors="replace")

    def ask(self, command, seconds=60):
        """What the command printed; it has to succeed."""
        status, said = self.shell(command, seconds)
        if status != 0:
            raise Failure(f"guest: {command}: exit status {status}: {said.strip()[-500:]}")
        return said

    def until(self, true, what, seconds=60):
        """Until true() is so."""
        deadline = self.deadline(seconds)
        while not true():
            if time.monotonic() > deadline:
                raise Failure(f"not in time: {what}")
            time.sleep(0.2)

    def wait(self, command, seconds=30):
        """Until the command succeeds in the guest; what it printed."""
        deadline = self.deadline(seconds)
        while True:
            status, said = self.shell(command)
            if status == 0:
                return said
            if time.monotonic() > deadline:
                raise Failure(f"not in time: {command}: {said.strip()[-500:]}")
            time.sleep(0.2)
