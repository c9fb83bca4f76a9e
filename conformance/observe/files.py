"""Paths of the container, looked up within its root: no symlink and no `..` leads from there to the host."""

import errno
import os
import stat
from collections.abc import Iterable

from conformance.host import kernel
from conformance.observe.procfs import ProcessDirectory
from conformance.record.snapshot import File

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.EXDEV})
"""Errors by which a lookup says that nothing can be reached there."""
_WITHIN = kernel.RESOLVE_IN_ROOT | kernel.RESOLVE_NO_MAGICLINKS
_TRIES = 100


def observe(process: ProcessDirectory, paths: Iterable[str]) -> dict[str, File | None]:
    """Return what is at each path, None where nothing is.

    Opens with O_PATH only, so that devices, pipes and sockets are not disturbed. What lies behind /proc/self cannot be
    followed from outside the container's pid namespace: such a symlink has its target, and no mode.
    """
    root = os.open("root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=process.descriptor)
    try:
        return {path: _file(root, path) for path in paths}
    finally:
        os.close(root)


def _file(root: int, path: str) -> File | None:
    itself = _open(root, path, os.O_NOFOLLOW)
    if itself is None:
        return None
    try:
        attributes = os.fstat(itself)
        if not stat.S_ISLNK(attributes.st_mode):
            return _described(attributes, link=None, entries=_entries(itself, attributes))
        link = os.readlink("", dir_fd=itself)
    finally:
        os.close(itself)
    followed = _open(root, path, 0)
    if followed is None:
        return _described(attributes, link=link, entries=None, dangling=True)
    try:
        attributes = os.fstat(followed)
        return _described(attributes, link=link, entries=_entries(followed, attributes))
    finally:
        os.close(followed)


def _open(root: int, path: str, flags: int) -> int | None:
    """Open a path of the container, None where there is nothing."""
    if "\0" in path:
        return None
    for _ in range(_TRIES):
        try:
            return kernel.openat2(root, path, os.O_PATH | flags, resolve=_WITHIN)
        except BlockingIOError:
            # Somebody moved a directory or mounted something while a `..` was walked: anywhere on the machine will do.
            continue
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise
    raise OSError(errno.EAGAIN, "the file tree never stood still", path)


def _described(attributes: os.stat_result, *, link: str | None, entries: tuple[str, ...] | None, dangling: bool = False) -> File:
    """Put a stat into our words; of a dangling symlink these are its own, but for the mode."""
    return File(
        link=link,
        mode=None if dangling else attributes.st_mode,
        rdev=(os.major(attributes.st_rdev), os.minor(attributes.st_rdev)),
        uid=attributes.st_uid,
        gid=attributes.st_gid,
        device=(os.major(attributes.st_dev), os.minor(attributes.st_dev)),
        inode=attributes.st_ino,
        size=attributes.st_size,
        entries=entries,
    )


def _entries(descriptor: int, attributes: os.stat_result) -> tuple[str, ...] | None:
    if not stat.S_ISDIR(attributes.st_mode):
        return None
    try:
        listing = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=descriptor)
    except PermissionError:
        return None
    try:
        return tuple(sorted(os.listdir(listing)))
    finally:
        os.close(listing)
