"""Remove a tree that a runtime has had its hands on.

It may have left mounts there, even bind mounts of the host's own directories: deleting through one of those would
delete the host's files. So the kernel is told to enter no mount; what stands in the way is detached.
"""

import contextlib
import errno
import os
import re

from conformance.host.kernel import MNT_DETACH, RESOLVE_NO_XDEV, openat2, umount2

_OCTAL = re.compile(rb"\\([0-7]{3})")
_ATTEMPTS = 16


def remove_tree(*directories: str) -> None:
    """Delete `directories`, which need not exist; what is mounted at or below them is detached.

    Raises OSError: EBUSY where a mount cannot be detached, ENOTDIR where a symlink has taken a directory's place.
    """
    for directory in directories:
        # Mounts can be stacked, and detaching one may uncover another.
        for _ in range(_ATTEMPTS):
            if _deleted(directory):
                break
            for point in reversed(mount_points_below(os.path.realpath(directory))):
                with contextlib.suppress(OSError):
                    umount2(point, MNT_DETACH)
        else:
            raise OSError(errno.EBUSY, "something is still mounted there", directory)


def _deleted(directory: str) -> bool:
    """Delete as much as there is without a mount; return whether that was all."""
    try:
        parent = os.open(os.path.dirname(directory) or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        _delete(os.path.basename(directory), parent)
    except FileNotFoundError:
        return True
    except OSError as error:
        # The kernel removes no mount point, and with RESOLVE_NO_XDEV opens nothing that is mounted, bind mounts included.
        if error.errno in {errno.EBUSY, errno.EXDEV}:
            return False
        raise
    finally:
        os.close(parent)
    return True


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


def _delete(name: str, parent: int) -> None:
    """Delete a directory in the open directory `parent`. No symlink is followed, and no mount entered."""
    try:
        os.rmdir(name, dir_fd=parent)  # most of a bundle's directories are mount points, and empty
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
    else:
        return
    descriptor = openat2(parent, name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, resolve=RESOLVE_NO_XDEV)
    try:
        with os.scandir(descriptor) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for entry_name, is_directory in found:
            if is_directory:
                _delete(entry_name, descriptor)
            else:
                os.unlink(entry_name, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    os.rmdir(name, dir_fd=parent)
