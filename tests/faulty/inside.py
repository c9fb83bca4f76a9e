"""Faults that change something in the namespaces of a container: its network interfaces, its console."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

from conformance.host import kernel, links
from tests.faulty.call import Behaviour, Call

_ORIGINAL_MTU = 1400
"""What a fault sets back that is to leave an interface alone."""


def _enter(pid: int, kind: int) -> None:
    """Move this process, which performs one call, into a namespace of another."""
    handle = os.pidfd_open(pid)
    kernel.setns(handle, kind)
    os.close(handle)


def _each_interface(change: Callable[[str], None]) -> None:
    """Change those that the cases have the runtime move."""
    for _, name in socket.if_nameindex():
        if name.startswith(("ocisrc", "ocidst")):
            change(name)


def _after_create(change: Callable[[str], None]) -> Behaviour:
    def behaviour(call: Call) -> int:
        status = call.run()
        if call.operation == "create" and status == 0 and "netDevices" in _config(call.rest[call.rest.index("--bundle") + 1]):
            _enter(int(Path(call.rest[call.rest.index("--pid-file") + 1]).read_text()), kernel.CLONE_NEWNET)
            _each_interface(change)
        return status

    return behaviour


def _config(bundle: str) -> dict[str, object]:
    linux: dict[str, object] = json.loads(Path(bundle, "config.json").read_text())["linux"]
    return linux


def start_sets_interfaces_back(call: Call) -> int:
    """Undo at start what was changed of an interface since create."""
    state = call.document() if call.operation == "start" else {}
    status = call.run()
    if state and status == 0 and "netDevices" in _config(state["bundle"]):
        _enter(state["pid"], kernel.CLONE_NEWNET)
        _each_interface(lambda name: links.change(name, mtu=_ORIGINAL_MTU))
    return status


def delete_moves_interfaces_back(call: Call) -> int:
    """Take interfaces out of a network namespace that was joined."""
    state = call.document() if call.operation == "delete" else {}
    config = _config(state["bundle"]) if state else {}
    if "netDevices" in config:
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        for entry in json.loads(json.dumps(config["namespaces"])):
            if entry["type"] == "network" and "path" in entry:
                with links.elsewhere(entry["path"]):
                    _each_interface(lambda name: links.change(name, namespace=home))
    return call.run()


def create_without_console(call: Call) -> int:
    """Take the terminal away from /dev/console."""
    status = call.run()
    if call.operation == "create" and status == 0 and "--console-socket" in call.rest:
        _enter(int(Path(call.rest[call.rest.index("--pid-file") + 1]).read_text()), kernel.CLONE_NEWNS)
        kernel.umount2("/dev/console", kernel.MNT_DETACH)
    return status


INSIDE: dict[str, Behaviour] = {
    "create_leaves_interfaces_down": _after_create(lambda name: links.change(name, up=False)),
    "create_changes_interfaces": _after_create(lambda name: links.change(name, mtu=1281)),
} | {
    function.__name__: function for function in (start_sets_interfaces_back, delete_moves_interfaces_back, create_without_console)
}
