"""Faults in mounts: their order, sources, destinations and types, and each option ignored or turned around."""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]
_ORDERED = ("/outer/inner", "/outer", "/shelf", "/shelf/deep", "/twice")
_IGNORED = (
    "ro",
    "nosuid",
    "nodev",
    "noexec",
    "noatime",
    "strictatime",
    "nodiratime",
    "sync",
    "dirsync",
    "nosymfollow",
    "lazytime",
)
_TURNED_AROUND = {
    "rw": "ro",
    "suid": "nosuid",
    "dev": "nodev",
    "exec": "noexec",
    "defaults": "nosuid",
    "relatime": "noatime",
    "shared": "private",
    "slave": "shared",
    "private": "shared",
    "unbindable": "private",
    "rshared": "rprivate",
    "rslave": "rshared",
    "rprivate": "rshared",
    "runbindable": "rprivate",
    "async": "sync",
    "atime": "noatime",
    "diratime": "nodiratime",
    "nolazytime": "lazytime",
    "nostrictatime": "strictatime",
    "symfollow": "nosymfollow",
}
_REFUSED = ("norelatime", "iversion", "noiversion", "silent", "loud")
"""Options that nothing shows: to refuse them is the only way to be wrong."""
_ON_TREE = {
    "rro": "ro",
    "rnosuid": "nosuid",
    "rnoexec": "noexec",
    "rnoatime": "noatime",
    "rrelatime": "rstrictatime",
    "rstrictatime": "strictatime",
    "rnodiratime": "nodiratime",
    "rnosymfollow": "rsymfollow",
    "rrw": "rro",
    "rsuid": "rnosuid",
    "rdev": "rnodev",
    "ratime": "rnoatime",
    "rnorelatime": "ratime",
    "rnostrictatime": "rstrictatime",
    "rdiratime": "rnodiratime",
    "rsymfollow": "rnosymfollow",
}
"""Options for a mount and those inside: done to the mount alone, or turned around, or (ratime) refused by runc 1.1.5."""


def _at(config: Config, destination: str) -> list[dict[str, Any]]:
    return [mount for mount in config["mounts"] if mount["destination"] == destination]


def _changed(destination: str, /, **properties: object) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        for mount in _at(config, destination):
            mount.update(properties)

    return change


def _option(name: str, *instead: str) -> Callable[[Config], None]:
    """Replace an option on the mounts below /m, where each option has a mount of its own."""

    def change(config: Config) -> None:
        for mount in config["mounts"]:
            options = mount.get("options", [])
            if mount["destination"].startswith("/m/") and name in options and "remount" not in options:
                mount["options"] = [each for option in options for each in (instead if option == name else (option,))]

    return change


def _relative_source_elsewhere(config: Config) -> None:
    for mount in _at(config, "/seen"):
        if not mount["source"].startswith("/"):
            mount["source"] = "rootfs/elsewhere"


def _order_reversed(config: Config) -> None:
    ordered = [mount for mount in config["mounts"] if mount["destination"] in _ORDERED]
    config["mounts"] = [mount for mount in config["mounts"] if mount not in ordered] + ordered[::-1]


def _filesystem_for_absolute_source(config: Config) -> None:
    for mount in _at(config, "/seen"):
        if mount["source"].startswith("/"):
            mount.update(type="tmpfs", options=[])


def _remounts_dropped(config: Config) -> None:
    config["mounts"] = [mount for mount in config["mounts"] if "remount" not in mount.get("options", ())]


FAULTS: tuple[Fault, ...] = (
    Fault(name="mount-order-reversed", reddens=("config.mounts.order",), config=_order_reversed),
    Fault(name="mount-type-changed", reddens=("config.mounts.linux-mount2",), config=_changed("/m/plain", type="ramfs")),
    Fault(
        name="relative-destination-from-cwd",
        reddens=("config.mounts.destination.linux-relative-to-root",),
        config=_changed("mnt/relative", destination="/srv/mnt/relative"),
    ),
    Fault(
        name="bind-file-swapped",
        reddens=("config.mounts.source.bind-file",),
        config=_changed("/seen-file", source="rootfs/shelf/other"),
    ),
    Fault(
        name="bind-source-elsewhere",
        reddens=("config.mounts.source.bind-relative-to-bundle",),
        config=_relative_source_elsewhere,
    ),
    Fault(
        name="bind-made-a-filesystem",
        reddens=("config.mounts.source.bind-definition",),
        config=_filesystem_for_absolute_source,
    ),
    Fault(name="bind-made-recursive", reddens=("config.mounts.options.bind",), config=_changed("/seen", options=["rbind"])),
    Fault(name="rbind-made-flat", reddens=("config.mounts.options.rbind",), config=_changed("/seen-whole", options=["bind"])),
    Fault(name="remount-dropped", reddens=("config.mounts.options.remount",), config=_remounts_dropped),
    Fault(
        name="tmpfs-size-dropped",
        reddens=("config.mounts.options.unknown-as-data",),
        config=_option("size=128k"),
    ),
    *(
        Fault(name=f"option-{name}-ignored", reddens=(f"config.mounts.options.{name}",), config=_option(name))
        for name in _IGNORED
    ),
    *(
        Fault(name=f"option-{name}-turned-around", reddens=(f"config.mounts.options.{name}",), config=_option(name, instead))
        for name, instead in _TURNED_AROUND.items()
    ),
    *(
        Fault(name=f"option-{name}-refused", reddens=(f"config.mounts.options.{name}",), config=_option(name, "no-such-option"))
        for name in _REFUSED
    ),
    *(
        Fault(name=f"option-{name}-not-inside", reddens=(f"config.mounts.options.{name}",), config=_option(name, instead))
        for name, instead in _ON_TREE.items()
    ),
    Fault(
        name="custom-option-swallowed",
        reddens=("config.mounts.options.custom-follow-mount8",),
        config=_option("user"),
    ),
    Fault(
        name="typed-bind-made-a-filesystem",
        reddens=("config.mounts.type.bind-dummy", "config.mounts.source.bind-relative-to-bundle"),
        config=_changed("/m/tmpfs", options=[]),
    ),
)
