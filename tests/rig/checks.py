"""What has to be true on a booted machine. Each function is a check, in this order; its
name is what it says."""

import json

from machine import Failure

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def expect(what, found, wanted=True):
    if found != wanted:
        raise Failure(f"{what}: found {found!r}, expected {wanted!r}")


def by_id(name):
    """The stable path of a board's adapter, as udev makes it."""
    return f"/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_{name.upper()}-if00-port0"


@check
def the_machine_boots(machine):
    state = machine.wait(
        "systemctl is-system-running --wait || true", seconds=120).strip()
    if state not in ("running", "degraded"):
        raise Failure(f"systemd is {state}")


@check
def the_installed_program_works(machine):
    found = machine.ask("annotty explain 0x107")
    expect("explain", "NX_SECURE_TLS_HANDSHAKE_FAILURE" in found)


@check
def the_units_are_fine_on_this_machine(machine):
    expect("verify", machine.ask(
        "systemd-analyze verify --man=no annotty.service annotty@ttyS1.service 2>&1"), "")


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
