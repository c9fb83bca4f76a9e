"""Masked paths cannot be read, read-only paths cannot be written: tried by the program.

A path that is not there shows nothing, and is no breach. Paths that lead elsewhere for every reader (/proc/self and the
like) are left out.
"""

import errno
import re
import stat
import struct
from collections.abc import Sequence

from conformance.expectations.calls import AT_FDCWD, c_string, results
from conformance.expectations.contract import (
    Evidence,
    Expectation,
    Inconclusive,
    Unexercised,
    must_be_refused,
    running,
    violated,
)
from conformance.expectations.mounted import (
    absolute,
    by_id,
    judge_each,
    masked_paths,
    own_namespace,
    read_only,
    readonly_paths,
    within,
)
from conformance.expectations.places import NOWHERE, look, place, seen
from conformance.expectations.writing import O_WRONLY, open_unnamed, opened
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, CallResult, Out, Result
from conformance.record.record import Record

O_NONBLOCK = 0o4000
W_OK = 2
_DIRENT = struct.Struct("=QqHB")
"""struct linux_dirent64 before d_name: inode, offset, length, type."""
_PER_READER = re.compile(r"/proc/(self|thread-self|mounts|net|\d+)(/|$)|/dev/(fd|stdin|stdout|stderr|tty)(/|$)")
_NOT_SHOWN = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ENOSYS, errno.ELOOP}
"""What says nothing about a mask: the path is not there, or the program may not look at it anyway."""


def masked(config: Config) -> tuple[str, ...]:
    """Return the masked paths that can be judged."""
    if not own_namespace(config, "mount"):
        return ()
    return tuple(path for path in masked_paths(config) if not _PER_READER.match(path) and path != "/")


def readonly(config: Config) -> tuple[str, ...]:
    """Return the read-only paths that can be judged: a mask over one hides it, be its path as it should or without a slash."""
    if not own_namespace(config, "mount"):
        return ()
    hidden = [absolute(path) for path in lookup(config, "/linux/maskedPaths", ()) or ()]
    found = [path for path in readonly_paths(config) if not _PER_READER.match(path)]
    return tuple(path for path in found if not any(within(path, mask) for mask in hidden))


def read_attempt(path: str) -> Action:
    """Read a path as a file and as a directory. pread64 and getdents64 fail on the probe's own pipes, whatever openat returns."""
    return Action(
        f"read {path}",
        (
            Call("openat", (AT_FDCWD, c_string(path), O_NONBLOCK, 0)),
            Call("pread64", (Result(0), Out(64), 64, 0)),
            Call("getdents64", (Result(0), Out(1024), 1024)),
            Call("close", (Result(0),)),
        ),
    )


def _judge_masked(config: Config, _host: Host, record: Record) -> Evidence:
    return judge_each(masked(config), lambda path: _masked(path, results(config, record, read_attempt(path))))


def _masked(path: str, found: Sequence[CallResult]) -> Evidence:
    attempt = found[0]
    if attempt.errno in _NOT_SHOWN:
        raise Inconclusive(f"{path} cannot be opened anyway: {errno.errorcode[attempt.errno]}")
    if attempt.errno:
        return Evidence(f"nothing can be read from {path}", f"open: {errno.errorcode.get(attempt.errno)}")
    if not opened(attempt.value) or len(found) < 3:
        raise Inconclusive(f"{path} was not opened")
    content, listing = found[1:3]
    if content.value > 0:
        violated(expected=f"nothing can be read from {path}", observed=content.data[: content.value], evidence=found)
    names = _names(listing.data[: max(listing.value, 0)])
    if names:
        violated(expected=f"nothing can be read from {path}", observed=names, evidence=found)
    return Evidence(f"nothing can be read from {path}", "no entries" if listing.value > 0 else "no content")


def _names(data: bytes) -> list[str]:
    """Return the names in what getdents64 filled, but for . and .."""
    names, offset = [], 0
    while offset + _DIRENT.size <= len(data):
        length = _DIRENT.unpack_from(data, offset)[2]
        if length < _DIRENT.size:
            break
        names.append(data[offset + _DIRENT.size : offset + length].split(b"\0")[0].decode(errors="replace"))
        offset += length
    return [name for name in names if name not in {".", ".."}]


def write_attempt(host: Host, path: str) -> Action:
    """Ask whether `path` could be written: a file without name in a directory, access(2) for anything else.

    Opening a file for writing can set something off (a watchdog); access gives EROFS for a read-only mount all the same.
    """
    return Action(
        f"write {path}",
        (
            Call("faccessat", (AT_FDCWD, c_string(NOWHERE), W_OK)),
            Call("faccessat", (AT_FDCWD, c_string(path), W_OK)),
            open_unnamed(host, path, O_WRONLY),
            Call("close", (Result(2),)),
        ),
    )


def _judge_readonly(config: Config, host: Host, record: Record) -> Evidence:
    return judge_each(readonly(config), lambda path: _readonly(config, host, record, path))


def _readonly(config: Config, host: Host, record: Record, path: str) -> Evidence:
    there = place(record, _looked_at(config), path)
    found = results(config, record, write_attempt(host, path))
    nowhere, access, unnamed = found[:3]
    expected = f"EROFS for writing to {path}"
    if there is None:
        raise Inconclusive(f"there is no {path}")
    _not_masked(config, record, path)
    if opened(unnamed.value) or (access.value == 0 and nowhere.errno == errno.ENOENT and _ordinary(there.mode)):
        violated(expected=expected, observed="it can be written", evidence=found)
    if errno.EROFS in {access.errno, unnamed.errno}:
        return Evidence(expected, "EROFS")
    if record.runtime.kernel == "own":
        raise Inconclusive(f"{path} could not be written for another reason")
    mount = by_id(running(record), there.mount)
    if not read_only(mount):
        violated(expected=f"{path} is mounted read-only", observed=",".join(mount.options), evidence=mount)
    return Evidence(f"{path} is mounted read-only", ",".join(mount.options))


def _ordinary(mode: int) -> bool:
    """Whether a read-only mount keeps it from being written: device nodes and FIFOs stay writable there."""
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _looked_at(config: Config) -> tuple[str, ...]:
    return (*readonly_paths(config), *masked_paths(config))


def _not_masked(config: Config, record: Record, path: str) -> None:
    """Raise Inconclusive where a masked path leads to the same mount through a symlink."""
    found = seen(record, _looked_at(config))
    this = found.get(path)
    for mask in masked_paths(config):
        other = found.get(mask)
        if this is not None and other is not None and other.mount == this.mount and other.mount_root:
            raise Inconclusive(f"{mask} leads to {path} as well")


def relative(config: Config, pointer: str) -> bool:
    """Whether the list at `pointer` holds a path that is not absolute."""
    return any(not path.startswith("/") for path in lookup(config, pointer, ()) or ())


def _absolute(kind: str) -> Expectation:
    pointer = f"/linux/{kind}"

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        if not relative(config, pointer):
            raise Unexercised
        return must_be_refused(record, by="start", defect=f"a path of {kind} is not absolute")

    return Expectation(
        requirement=f"linux.{kind.lower()}.absolute",
        applies=lambda config, _host: relative(config, pointer),
        judge=judge,
        sees="runtime",
        judges_refusal=True,
    )


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        requirement="linux.maskedpaths.effect",
        applies=lambda config, _host: bool(masked(config)),
        probes=lambda config, _host: [read_attempt(path) for path in masked(config)],
        judge=_judge_masked,
        sees="probe",
    ),
    Expectation(
        requirement="linux.readonlypaths.effect",
        applies=lambda config, _host: bool(readonly(config)),
        probes=lambda config, host: [look(_looked_at(config)), *(write_attempt(host, path) for path in readonly(config))],
        judge=_judge_readonly,
        sees="probe",
    ),
    _absolute("maskedPaths"),
    _absolute("readonlyPaths"),
)
