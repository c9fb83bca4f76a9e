"""Mount options. Source: the table in config.md#linux-mount-options, mount(8) for their meaning, linux/mount.h for the flags.

The table is taken as it stands in 1.3.0, but for three slips: `rexec` is described there as recursive dev, `rrelatime` has stray
blanks, and `rnodev` is missing, so that it has no level and is not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from specs.verdicts import Level

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_SYNCHRONOUS = 16
MS_REMOUNT = 32
MS_MANDLOCK = 64
MS_DIRSYNC = 128
MS_NOSYMFOLLOW = 256
MS_NOATIME = 1 << 10
MS_NODIRATIME = 1 << 11
MS_BIND = 1 << 12
MS_REC = 1 << 14
MS_SILENT = 1 << 15
MS_UNBINDABLE = 1 << 17
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MS_SHARED = 1 << 20
MS_RELATIME = 1 << 21
MS_I_VERSION = 1 << 23
MS_STRICTATIME = 1 << 24
MS_LAZYTIME = 1 << 25

PER_MOUNT: Mapping[int, str] = MappingProxyType(
    {
        MS_RDONLY: "ro",
        MS_NOSUID: "nosuid",
        MS_NODEV: "nodev",
        MS_NOEXEC: "noexec",
        MS_NOATIME: "noatime",
        MS_NODIRATIME: "nodiratime",
        MS_RELATIME: "relatime",
        MS_NOSYMFOLLOW: "nosymfollow",
    }
)
"""Flags of one mount to their word in the sixth field of mountinfo (fs/proc_namespace.c, show_mnt_opts)."""

PER_FILESYSTEM: Mapping[int, str] = MappingProxyType(
    {MS_SYNCHRONOUS: "sync", MS_DIRSYNC: "dirsync", MS_MANDLOCK: "mand", MS_LAZYTIME: "lazytime"}
)
"""Flags of the whole filesystem to their word in the last field of mountinfo (show_sb_opts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MountOption:
    """One row of the table. Flags are those of mount(2)."""

    name: str
    level: Level
    set: int = 0
    clear: int = 0
    recursive: bool = False
    """It reaches the mounts below too."""
    propagation: int = 0
    """MS_SHARED and the like, without MS_REC; such an option is a mount(2) call of its own."""


def _plain(name: str, *, level: Level = Level.MUST, sets: int = 0, clears: int = 0) -> MountOption:
    return MountOption(name=name, level=level, set=sets, clear=clears)


def _recursive(option: MountOption) -> MountOption:
    """Return the r-form of an attribute; mount_setattr(2) with AT_RECURSIVE carries it out."""
    return MountOption(name="r" + option.name, level=Level.SHOULD, set=option.set, clear=option.clear, recursive=True)


def _propagation(name: str, flag: int) -> tuple[MountOption, ...]:
    return tuple(
        MountOption(name=prefix + name, level=Level.MUST, recursive=bool(prefix), propagation=flag) for prefix in ("", "r")
    )


_ATTRIBUTES = (
    _plain("ro", sets=MS_RDONLY),
    _plain("rw", clears=MS_RDONLY),
    _plain("nosuid", sets=MS_NOSUID),
    _plain("suid", clears=MS_NOSUID),
    _plain("noexec", sets=MS_NOEXEC),
    _plain("exec", clears=MS_NOEXEC),
    _plain("dev", clears=MS_NODEV),
    _plain("noatime", sets=MS_NOATIME),
    _plain("atime", clears=MS_NOATIME),
    _plain("nodiratime", sets=MS_NODIRATIME),
    _plain("diratime", clears=MS_NODIRATIME),
    _plain("relatime", sets=MS_RELATIME),
    _plain("norelatime", clears=MS_RELATIME),
    _plain("strictatime", sets=MS_STRICTATIME),
    _plain("nostrictatime", clears=MS_STRICTATIME),
    _plain("nosymfollow", level=Level.SHOULD, sets=MS_NOSYMFOLLOW),
    _plain("symfollow", level=Level.SHOULD, clears=MS_NOSYMFOLLOW),
)

_OPTIONS = (
    *_ATTRIBUTES,
    *(_recursive(option) for option in _ATTRIBUTES),
    _plain("nodev", sets=MS_NODEV),
    _plain("sync", sets=MS_SYNCHRONOUS),
    _plain("async", clears=MS_SYNCHRONOUS),
    _plain("dirsync", sets=MS_DIRSYNC),
    _plain("lazytime", sets=MS_LAZYTIME),
    _plain("nolazytime", clears=MS_LAZYTIME),
    _plain("iversion", sets=MS_I_VERSION),
    _plain("noiversion", clears=MS_I_VERSION),
    _plain("mand", level=Level.MAY, sets=MS_MANDLOCK),
    _plain("nomand", level=Level.MAY, clears=MS_MANDLOCK),
    _plain("silent", sets=MS_SILENT),
    _plain("loud", clears=MS_SILENT),
    _plain("remount", sets=MS_REMOUNT),
    _plain("defaults"),
    _plain("bind", sets=MS_BIND),
    MountOption(name="rbind", level=Level.MUST, set=MS_BIND | MS_REC, recursive=True),
    *_propagation("shared", MS_SHARED),
    *_propagation("slave", MS_SLAVE),
    *_propagation("private", MS_PRIVATE),
    *_propagation("unbindable", MS_UNBINDABLE),
    _plain("tmpcopyup", level=Level.MAY),
    _plain("idmap", level=Level.SHOULD),
    MountOption(name="ridmap", level=Level.SHOULD, recursive=True),
)

MOUNT_OPTIONS: Mapping[str, MountOption] = MappingProxyType({option.name: option for option in _OPTIONS})
"""The table, by name. `defaults`, `tmpcopyup`, `idmap` and `ridmap` stand for no flag."""
