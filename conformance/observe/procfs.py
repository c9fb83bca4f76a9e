"""Read one /proc/PID directory, held open: what is read belongs to one process, even if its pid is used again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.observe.errors import ProcessGone

_CHUNK = 1 << 16
_ENDED_STATES = frozenset("ZXx")
_PF_EXITING = 0x4
"""In the flags of stat: set before memory, files and namespaces are given up, and so before the state says so."""


def read(path: str, *, directory: int | None = None) -> bytes:
    """Return a whole file of /proc; `path` may be relative to an open directory. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        chunk = os.read(descriptor, _CHUNK)
        content = chunk
        # A read of /proc may come back short before the end, so only an empty one ends it.
        while chunk:
            chunk = os.read(descriptor, _CHUNK)
            content += chunk
        return content
    finally:
        os.close(descriptor)


def read_record(path: str, *, directory: int | None = None) -> bytes:
    """Return a file of /proc that is one record, such as "status": the kernel gives it whole to a buffer that it fits into.

    A table, as mountinfo or environ can be, takes `read`. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return os.read(descriptor, _CHUNK)
    finally:
        os.close(descriptor)


class ProcessDirectory:
    """An open /proc/PID. Its methods raise OSError; `opened` turns that into ProcessGone where the process has ended."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self.descriptor = descriptor
        self.seen_alive = False
        """By the last thing that was read."""

    def read(self, name: str) -> bytes:
        """Return a whole file of the directory ("status", "attr/current")."""
        self.seen_alive = False
        return read(name, directory=self.descriptor)

    def text(self, name: str) -> str:
        """Return a whole file, decoded as os.fsdecode does."""
        return os.fsdecode(self.read(name))

    def record(self, name: str) -> str:
        """Return a file that is one record ("status", "limits"), decoded likewise; see `read_record`."""
        self.seen_alive = False
        return os.fsdecode(read_record(name, directory=self.descriptor))

    def link(self, name: str) -> str:
        """Return where a link of the directory leads to ("exe", "fd/0")."""
        self.seen_alive = False
        return os.readlink(name, dir_fd=self.descriptor)

    def stat(self) -> list[str]:
        """Return the fields of stat that come after the name. Read last, it spares the question whether the process lives."""
        fields = self.record("stat").rpartition(")")[2].split()
        self.seen_alive = fields[0] not in _ENDED_STATES and not int(fields[6]) & _PF_EXITING
        return fields

    def alive(self) -> bool:
        """Look whether the process is there, no zombie, and not on its way out."""
        try:
            self.stat()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return self.seen_alive


@contextmanager
def opened(pid: int) -> Iterator[ProcessDirectory]:
    """Hold /proc/PID open.

    Raises ProcessGone if the process has ended by the end of the block, whatever was raised or read in it:
    what was read while it ended cannot be trusted to be whole.
    """
    try:
        descriptor = os.open(f"/proc/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessGone(pid) from None
    directory = ProcessDirectory(pid, descriptor)
    try:
        yield directory
        if not directory.seen_alive and not directory.alive():
            raise ProcessGone(pid)
    except Exception as error:
        # Not OSError alone: a zombie's files lack lines, so that a KeyError can mean the same. ESRCH and ECHILD come
        # from system calls too, and a moment before /proc shows that the process is on its way out.
        if isinstance(error, ProcessLookupError | ChildProcessError) or not directory.alive():
            raise ProcessGone(pid) from None
        raise
    finally:
        os.close(descriptor)


def state_of(stat: str) -> str:
    """Return the state letter of a /proc/PID/stat line; the name before it is in parentheses and may hold anything."""
    return stat[stat.rindex(")") + 2]
