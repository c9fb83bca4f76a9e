"""Namespace types. Source: config-linux.md#namespaces, namespaces(7), linux/sched.h and linux/nsfs.h."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Namespace:
    """One type of namespace."""

    type: str
    """The config's word for it."""
    proc: str
    """Its name in /proc/PID/ns."""
    clone_flag: int
    """CLONE_NEW* of clone(2), which ioctl NS_GET_NSTYPE gives back too."""


NAMESPACES: Mapping[str, Namespace] = MappingProxyType(
    {
        namespace.type: namespace
        for namespace in (
            Namespace("pid", "pid", 0x20000000),
            Namespace("network", "net", 0x40000000),
            Namespace("mount", "mnt", 0x00020000),
            Namespace("ipc", "ipc", 0x08000000),
            Namespace("uts", "uts", 0x04000000),
            Namespace("user", "user", 0x10000000),
            Namespace("cgroup", "cgroup", 0x02000000),
            Namespace("time", "time", 0x00000080),
        )
    }
)
"""By the config's word."""

NS_GET_USERNS = 0xB701
NS_GET_PARENT = 0xB702
NS_GET_NSTYPE = 0xB703
NS_GET_OWNER_UID = 0xB704
"""Requests of ioctl_ns(2) on a /proc/PID/ns file."""
