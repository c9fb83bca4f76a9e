"""Where paths of the container lead, as its own program sees them: statx(2) called by the probe.

The kernel follows symlinks and mounts there, so nothing has to be guessed from names: STATX_MNT_ID says which line of
mountinfo a path ends in, and STATX_ATTR_MOUNT_ROOT whether something is mounted on exactly that path.
"""

import errno
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from conformance.expectations.calls import AT_FDCWD, c_string, results
from conformance.expectations.contract import Inconclusive
from conformance.record.config import remembered
from conformance.record.probe import Action, Call, CallResult, Out
from conformance.record.record import Record

NOWHERE = "/no-such-path-of-oci-conformance"
"""A path that no container has: where a call on it does not give ENOENT, something else than the kernel answers."""

_STATX_BASIC_STATS = 0x7FF
_STATX_MNT_ID = 0x1000
_STATX_ATTR_MOUNT_ROOT = 0x2000
_SIZE = 256
_LAYOUT = struct.Struct("=IIQIIIHHQQQQ64xIIIIQ")
"""struct statx up to stx_mnt_id; the 64 bytes left out are the four timestamps."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a path leads to, symlinks followed. Ids are those that the program sees in its user namespace."""

    mode: int
    uid: int
    gid: int
    rdev: tuple[int, int]
    device: tuple[int, int]
    inode: int
    mount: int | None
    """Id of the mount it lies on, as in mountinfo; None before Linux 5.8."""
    mount_root: bool
    """Something is mounted on exactly this path."""


def look(paths: Iterable[str]) -> Action:
    """Make the action that looks where each of `paths` leads."""
    return _look(tuple(paths)).action


@dataclass(frozen=True, slots=True)
class _Look:
    asked: tuple[str, ...]
    action: Action


@lru_cache(maxsize=64)
def _look(paths: tuple[str, ...]) -> _Look:
    asked = tuple(sorted(set(paths)))
    action = Action("look at " + " ".join(asked), tuple(_statx(path) for path in ("/", NOWHERE, *asked)))
    return _Look(asked, action)


def seen(record: Record, paths: Iterable[str]) -> Mapping[str, Place | None]:
    """Return what each of `paths` leads to, None where nothing is, by the answer to `look` for the same paths.

    Paths that could not be looked at (no search permission, a loop) are left out.
    Raises Inconclusive where the probe gave no answer, or where statx itself is not what the kernel makes of it:
    a seccomp filter can make it return any error, and any success.
    """
    looked = _look(tuple(paths))
    return _decoded(results(record.config, record, looked.action), looked)


@remembered
def _decoded(answers: Sequence[CallResult], looked: _Look) -> Mapping[str, Place | None]:
    root, nowhere, *rest = answers
    if root.value != 0 or _place(root) is None or nowhere.errno != errno.ENOENT:
        raise Inconclusive("the program cannot use statx")
    found: dict[str, Place | None] = {}
    for path, result in zip(looked.asked, rest, strict=True):
        if result.errno in {errno.ENOENT, errno.ENOTDIR}:
            found[path] = None
        elif result.value == 0 and (place := _place(result)) is not None:
            found[path] = place
    return found


def place(record: Record, paths: Iterable[str], path: str) -> Place | None:
    """Return what one of `paths` leads to, None where nothing is. Raises Inconclusive as `seen` does, or if it is unknown."""
    found = seen(record, paths)
    if path not in found:
        raise Inconclusive(f"the program may not look at {path}")
    return found[path]


@lru_cache(maxsize=512)
def _statx(path: str) -> Call:
    return Call("statx", (AT_FDCWD, c_string(path), 0, _STATX_BASIC_STATS | _STATX_MNT_ID, Out(_SIZE)))


@lru_cache(maxsize=512)
def _place(result: CallResult) -> Place | None:
    if len(result.data) < _LAYOUT.size:
        return None
    mask, _, attributes, _, uid, gid, mode, _, inode, _, _, _, *numbers, mount = _LAYOUT.unpack_from(result.data)
    if not mask & _STATX_BASIC_STATS:
        return None
    return Place(
        mode=mode,
        uid=uid,
        gid=gid,
        rdev=(numbers[0], numbers[1]),
        device=(numbers[2], numbers[3]),
        inode=inode,
        mount=mount if mask & _STATX_MNT_ID else None,
        mount_root=bool(attributes & _STATX_ATTR_MOUNT_ROOT),
    )
