"""Open what lies in a layout that may be hostile: below a directory's descriptor, without following links, regular files only."""

import errno
import os
import stat
from collections.abc import Iterator

_COMMON = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFREG: "a file",
}
CHUNK = 1 << 18


class NotOpenedError(OSError):
    """It is there, but it is not opened; the message says why, in words that follow "not judged: "."""


class WrongKindError(NotOpenedError):
    """It is something else than was asked for."""

    def __init__(self, mode: int) -> None:
        super().__init__(f"it is {kind(mode)}")
        self.is_link = stat.S_ISLNK(mode)


def open_directory(name: str, *, parent: int) -> int:
    """Open a real directory; raises FileNotFoundError and NotOpenedError."""
    return _open(name, parent=parent, wanted=stat.S_IFDIR)


def open_file(name: str, *, parent: int) -> int:
    """Open a regular file; raises FileNotFoundError and NotOpenedError. A device or FIFO is not even touched."""
    return _open(name, parent=parent, wanted=stat.S_IFREG)


def chunks(descriptor: int) -> Iterator[bytes]:
    """Yield a file's bytes from its start, leaving its offset alone."""
    offset = 0
    while chunk := os.pread(descriptor, CHUNK, offset):
        offset += len(chunk)
        yield chunk


def kind(mode: int) -> str:
    """Say what a mode stands for: "a FIFO"."""
    return _KINDS.get(stat.S_IFMT(mode), "a device")


def _open(name: str, *, parent: int, wanted: int) -> int:
    try:
        _check(os.stat(name, dir_fd=parent, follow_symlinks=False), wanted)
        descriptor = os.open(name, _COMMON, dir_fd=parent)
    except FileNotFoundError:
        raise
    except NotOpenedError:
        raise
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            raise FileNotFoundError(str(error)) from None  # no such file can exist
        raise NotOpenedError(getattr(error, "strerror", None) or str(error)) from None
    try:
        _check(os.fstat(descriptor), wanted)
    except NotOpenedError:
        os.close(descriptor)
        raise
    return descriptor


def _check(status: os.stat_result, wanted: int) -> None:
    if stat.S_IFMT(status.st_mode) != wanted:
        raise WrongKindError(status.st_mode)
