"""Trying to write without leaving anything: a file that never gets a name."""

from conformance.expectations.calls import AT_FDCWD, c_string
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Result

O_WRONLY, O_RDWR = 0o1, 0o2
_O_TMPFILE_BIT = 0o20000000
_O_DIRECTORY, _O_DIRECTORY_ARM = 0o200000, 0o40000
"""arm has the numbers of O_DIRECTORY and O_DIRECT the other way round than the generic ones."""
_LOWEST_NEW_DESCRIPTOR = 3


def open_unnamed(host: Host, directory: str, access: int, mode: int = 0o600) -> Call:
    """Make the call that opens a file without a name in `directory`: it shows whether one could be written, and leaves nothing.

    open(2), O_TMPFILE: on a read-only mount EROFS comes before any question of permission.
    """
    a_directory = _O_DIRECTORY_ARM if host.machine == "aarch64" else _O_DIRECTORY
    return Call("openat", (AT_FDCWD, c_string(directory), _O_TMPFILE_BIT | a_directory | access, mode))


def write_attempt(host: Host, directory: str) -> Action:
    """Make the action that tries to make a file in `directory`. Its first result is the attempt."""
    return Action(f"write into {directory}", (open_unnamed(host, directory, O_WRONLY), Call("close", (Result(0),))))


def opened(value: int) -> bool:
    """Whether a call returned a descriptor that it made: the lower numbers are the probe's own, or a seccomp filter's 0."""
    return value >= _LOWEST_NEW_DESCRIPTOR
