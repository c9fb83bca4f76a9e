"""Who we are: capabilities that we hold, and those that the kernel knows."""

import posix

from reference_runtime.kernel.files import read_text
from reference_runtime.kernel.syscall import syscall

_VERSION_3 = 0x20080522
_LAST_OF_5_9 = 40


def permitted_capabilities() -> int:
    """Return the mask of the capabilities that this process is permitted (capget(2))."""
    header = bytearray(_VERSION_3.to_bytes(4, "little") + bytes(4))
    sets = bytearray(24)
    syscall("capget", header, sets)
    return int.from_bytes(sets[4:8], "little") | int.from_bytes(sets[16:20], "little") << 32


def last_capability() -> int:
    """Return the number of the highest capability that the kernel knows."""
    try:
        return int(read_text("/proc/sys/kernel/cap_last_cap"))
    except (OSError, ValueError):
        return _LAST_OF_5_9


def is_root() -> bool:
    """Whether we have all rights that root has."""
    return posix.geteuid() == 0
