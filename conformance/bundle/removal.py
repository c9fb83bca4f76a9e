"""Remove a tree that a runtime has had its hands on.

It may have left mounts there, even bind mounts of the host's own directories: deleting through one of those would
delete the host's files. So whatever is mounted below is detached first, and nothing is deleted while a mount is left.
"""

import contextlib
import errno
import os
import re

from conformance.host.kernel import MNT_DETACH, umount2

_OCTAL = re.compile(rb"\\([0-7]{3})")
_ATTEMPTS = 16


def remove_tree(*directories: str) -> None:
    """Detach every mount at or below `directories` and delete them; they need not exist.

    Raises OSError (EBUSY) where a mount cannot be detached; then nothing is deleted.
    """
    bases = [os.path.realpath(directory) for directory in directories]
    # Mounts can be stacked, and detaching one may uncover another.
    for _ in range(_ATTEMPTS):
        points = mount_points_below(*bases)
        if not points:
            break
        for point in reversed(points):
            with contextlib.suppress(OSError):
                umount2(point, MNT_DETACH)
    else:
        raise OSError(errno.EBUSY, "something is still mounted there", directories[0])
    for base in bases:
        with contextlib.suppress(FileNotFoundError):
            _delete(base)


def mount_points_below(*bases: str) -> list[str]:
    """Return where something is mounted at or below one of `bases`, in the order of mounting."""
    below = tuple(f"{base}/" for base in bases)
    return [point for point in mount_points() if f"{point}/".startswith(below)]


def mount_points() -> list[str]:
    """Return where anything is mounted, see proc_pid_mountinfo(5)."""
    with open("/proc/self/mountinfo", "rb", buffering=0) as file:
        return [os.fsdecode(_unescaped(line.split(b" ", 5)[4])) for line in file.read().split(b"\n")[:-1]]


def _unescaped(field: bytes) -> bytes:
    """Undo the kernel's octal escapes of space, tab, newline and backslash."""
    return _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), field) if b"\\" in field else field


def _delete(directory: str, *, parent: int | None = None) -> None:
    """Delete a directory, named relative to the open directory `parent`. No symlink is followed."""
    try:
        os.rmdir(directory, dir_fd=parent)  # most of a bundle's directories are mount points, and empty
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
    else:
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        with os.scandir(descriptor) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for name, is_directory in found:
            if is_directory:
                _delete(name, parent=descriptor)
            else:
                os.unlink(name, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    os.rmdir(directory, dir_fd=parent)
