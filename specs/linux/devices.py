"""Default devices and symlinks. Source: config-linux.md#default-devices, runtime-linux.md, the kernel's devices.txt."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Device:
    """A character device that a runtime has to supply."""

    path: str
    major: int
    minor: int

    @property
    def rdev(self) -> tuple[int, int]:
        """Major and minor."""
        return self.major, self.minor


DEFAULT_DEVICES: Mapping[str, Device] = MappingProxyType(
    {
        device.path: device
        for device in (
            Device("/dev/null", 1, 3),
            Device("/dev/zero", 1, 5),
            Device("/dev/full", 1, 7),
            Device("/dev/random", 1, 8),
            Device("/dev/urandom", 1, 9),
            Device("/dev/tty", 5, 0),
        )
    }
)
"""By path. Beside these, /dev/ptmx leads to the container's own /dev/pts/ptmx, and a terminal's pty is on /dev/console."""

PTMX = Device("/dev/ptmx", 5, 2)

SYMLINKS: Mapping[str, str] = MappingProxyType(
    {
        "/dev/fd": "/proc/self/fd",
        "/dev/stdin": "/proc/self/fd/0",
        "/dev/stdout": "/proc/self/fd/1",
        "/dev/stderr": "/proc/self/fd/2",
    }
)
"""Symlink to its target; to be made where the target exists after all mounts."""
