"""Remove a tree that a runtime has had its hands on.

It may have left mounts there, even bind mounts of the host's own directories: deleting through one of those would
delete the host's files. So whatever is mounted below is detached first, and nothing is deleted while a mount is left.
"""

import contextlib
import errno
import os
import re
import shutil

from conformance.host.kernel import MNT_DETACH, umount2

_OCTAL = re.compile(rb"\\([0-7]{3})")
_ATTEMPTS = 16


def remove_tree(directory: str) -> None:
    """Detach every mount at or below `directory` and delete it; it need not exist.

    Raises OSError (EBUSY) where a mount cannot be detached; then nothing is deleted.
    """
    base = os.path.realpath(directory)
    # Mounts can be stacked, and detaching one may uncover another.
    for _ in range(_ATTEMPTS):
        points = mount_points_below(base)
        if not points:
            break
        for point in reversed(points):
            with contextlib.suppress(OSError):
                umount2(point, MNT_DETACH)
    else:
        raise OSError(errno.EBUSY, "something is still mounted there", directory)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(base)


def mount_points_below(base: str) -> list[str]:
    """Return where something is mounted at or below `base`, in the order of mounting."""
    return [point for point in mount_points() if point == base or point.startswith(f"{base}/")]


def mount_points() -> list[str]:
    """Return where anything is mounted, see proc_pid_mountinfo(5)."""
    with open("/proc/self/mountinfo", "rb") as file:
        return [os.fsdecode(_unescaped(line.split(b" ")[4])) for line in file]


def _unescaped(field: bytes) -> bytes:
    """Undo the kernel's octal escapes of space, tab, newline and backslash."""
    return _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), field) if b"\\" in field else field
