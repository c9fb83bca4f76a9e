"""Faults in devices: wrong numbers, modes and owners, and something else in place of the default ones."""

from collections.abc import Callable
from typing import Any

from conformance.expectations.devices import DEFAULT_DEVICES, SYMLINKS
from tests.faulty.fault import Fault

Config = dict[str, Any]

_REPLACE_PTMX = """
bundle=$(sed -n 's/.*"bundle":"\\([^"]*\\)".*/\\1/p')
rm "$bundle/rootfs/dev/ptmx" && mknod -m 666 "$bundle/rootfs/dev/ptmx" c 5 2
"""
"""Run as a createContainer hook: in the container's mount namespace, before its root is changed."""


def _bound_over(path: str, source: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        config["mounts"].append({"destination": path, "type": "none", "source": source, "options": ["bind"]})

    return change


def _first_device(change: Callable[[dict[str, Any]], object]) -> Callable[[Config], None]:
    def alter(config: Config) -> None:
        for device in config["linux"].get("devices", ()):
            if device["path"] == "/dev/conformance":
                change(device)

    return alter


def _device_in_the_way_dropped(config: Config) -> None:
    linux = config["linux"]
    if "devices" in linux:
        linux["devices"] = [device for device in linux["devices"] if device["path"] != "/opt/plain"]


def _own_ptmx(config: Config) -> None:
    hook = {"path": "/bin/sh", "args": ["sh", "-c", _REPLACE_PTMX], "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}
    config.setdefault("hooks", {}).setdefault("createContainer", []).append(hook)


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="device-number-changed",
        reddens=("linux.devices.available",),
        config=_first_device(lambda device: device.update(minor=5)),
    ),
    Fault(
        name="device-mode-changed",
        reddens=("linux.devices.filemode.effect",),
        config=_first_device(lambda device: device.update(fileMode=0o600)),
    ),
    Fault(
        name="device-uid-ignored",
        reddens=("linux.devices.uid.effect",),
        config=_first_device(lambda device: device.pop("uid", None)),
    ),
    Fault(
        name="device-gid-ignored",
        reddens=("linux.devices.gid.effect",),
        config=_first_device(lambda device: device.pop("gid", None)),
    ),
    Fault(
        name="device-over-file-dropped",
        reddens=("linux.devices.path.mismatch-error",),
        config=_device_in_the_way_dropped,
    ),
    *(
        Fault(
            name=f"default-{name}-is-another-device",
            reddens=(f"linux.default-devices.{name}",),
            config=_bound_over(f"/dev/{name}", "/dev/full" if name == "zero" else "/dev/zero"),
        )
        for name in DEFAULT_DEVICES
    ),
    Fault(name="default-ptmx-is-a-node", reddens=("linux.default-devices.ptmx",), config=_own_ptmx),
    *(
        Fault(
            name=f"dev-{name}-is-no-symlink",
            reddens=(f"runtime-linux.dev-symlinks.{name}",),
            config=_bound_over(f"/dev/{name}", "/dev/zero"),
        )
        for name in SYMLINKS
    ),
)
