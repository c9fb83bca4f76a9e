"""Write small trees of files: the root filesystem of a bundle, and what a case wants beside it."""

import os
import stat
from collections.abc import Iterable

from conformance.bundle import probe
from conformance.cases.case import Directory, Entry, RegularFile, Symlink

_PARENT_MODE = 0o755
_BESIDE_MKDIR = stat.S_ISUID | stat.S_ISGID
"""Bits of a mode that mkdir(2) does not give."""


class OutsideError(Exception):
    """An entry's path leads out of the tree that it belongs to."""


def standard_entries(machine: str) -> tuple[Entry, ...]:
    """Return what every root filesystem has: the mount points of the base config and the program."""
    return (
        *(Directory(name) for name in ("dev", "etc", "proc", "run", "sys")),
        Directory("tmp", 0o1777),
        RegularFile("probe", probe.build(machine, "proxy"), 0o755),
    )


def hook_entry(machine: str) -> Entry:
    """Return the program of hooks."""
    return RegularFile("hook", probe.build(machine, "hook"), 0o755)


def write_tree(base: str, entries: Iterable[Entry]) -> None:
    """Make the directory `base` and write `entries` below it, in order; a later one takes the place of an earlier one.

    Modes do not depend on the umask. Raises OutsideError, and OSError.
    """
    umask = os.umask(0)
    try:
        _directories(base)
        for entry in entries:
            _write(entry, _path_below(base, entry.path))
    finally:
        os.umask(umask)


def _write(entry: Entry, path: str) -> None:
    match entry:
        case Directory(mode=mode):
            _directory(path, mode)
        case RegularFile(content=content, mode=mode):
            _make_way(path)
            with open(path, "xb", buffering=0, opener=lambda name, flags: os.open(name, flags, mode)) as file:
                file.write(content)
        case Symlink(target=target):
            _make_way(path)
            os.symlink(target, path)


def _path_below(base: str, relative: str) -> str:
    """Return the entry's path, its parents made. No symlink in the tree may lead the harness to files of the host."""
    *parents, name = relative.strip("/").split("/")
    if name in {"", "."} or ".." in (*parents, name):
        raise OutsideError(f"{relative!r} names nothing below {base}")
    path = base
    for parent in parents:
        path = f"{path}/{parent}"
        if os.path.islink(path):
            raise OutsideError(f"{relative!r} leads through the symlink {path}")
        if not os.path.isdir(path):
            _directory(path, _PARENT_MODE)
    return f"{path}/{name}"


def _directories(path: str) -> None:
    """Make a directory and its parents, so that containers with other ids get in, unless they are there."""
    try:
        os.mkdir(path, _PARENT_MODE)
    except FileNotFoundError:
        _directories(os.path.dirname(path))
        os.mkdir(path, _PARENT_MODE)
    except FileExistsError:
        return


def _directory(path: str, mode: int) -> None:
    """Make a directory, or change the mode of one that an earlier entry made."""
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        if os.path.islink(path) or not os.path.isdir(path):
            os.unlink(path)
            os.mkdir(path)
    else:
        if not mode & _BESIDE_MKDIR:
            return
    os.chmod(path, mode)


def _make_way(path: str) -> None:
    """Remove the file, symlink or empty directory that an earlier entry made there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        os.rmdir(path)
