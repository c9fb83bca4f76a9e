"""A made-up container with a mount table: its snapshot, and what the probe would answer about any path in it."""

import errno
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.bundle.config import base_config
from conformance.expectations.contract import Expectation
from conformance.expectations.places import NOWHERE
from conformance.record.probe import Action, Answer, Call, CallResult
from conformance.record.record import Record
from conformance.record.snapshot import Mount
from tests.expectations.records import host, record, snapshot

_STATX_SIZE = 256
_MOUNT_ROOT = 0x2000
_ROOT = Mount(
    id=1,
    parent=0,
    device=(0, 1),
    root="/rootfs",
    point="/",
    options=("rw", "relatime"),
    shared=None,
    master=None,
    unbindable=False,
    fstype="ext4",
    source="disk",
    super_options=("rw",),
)


def mount(number: int, point: str, *, parent: int = 1, **changes: Any) -> Mount:
    """Return a tmpfs on `point` with these fields changed."""
    made = replace(_ROOT, id=number, parent=parent, point=point, device=(0, number), root="/", fstype="tmpfs", source="tmpfs")
    return replace(made, **changes)


@dataclass(frozen=True, slots=True)
class There:
    """What a path leads to."""

    mount: int = 1
    top: bool = False
    mode: int = 0o040755
    uid: int = 0
    gid: int = 0
    rdev: tuple[int, int] = (0, 0)
    device: tuple[int, int] = (0, 1)
    inode: int = 2

    def statx(self) -> bytes:
        """Return struct statx as the kernel fills it."""
        head = struct.pack(
            "=IIQIIIHHQQQQ", 0x1FFF, 4096, _MOUNT_ROOT * self.top, 1, self.uid, self.gid, self.mode, 0, self.inode, 0, 0, 0
        )
        tail = struct.pack("=IIIIQ", *self.rdev, *self.device, self.mount)
        return (head + bytes(64) + tail).ljust(_STATX_SIZE, b"\0")


def on(number: int, **changes: Any) -> There:
    """Return the top directory of the mount with that number."""
    return replace(There(mount=number, top=True, device=(0, number), inode=1), **changes)


@dataclass(slots=True)
class Container:
    """A config, the mounts that became of it, and where paths lead; a path that is not listed leads nowhere."""

    config: dict[str, Any] = field(default_factory=lambda: base_config(oci_version="1.0.2"))
    mounts: tuple[Mount, ...] = ()
    paths: Mapping[str, There | int] = field(default_factory=dict)
    """A number is the error that looking there gives."""
    calls: Mapping[str, Iterable[CallResult]] = field(default_factory=dict)
    """Action name to results, for actions other than looking at paths."""

    def record(self, *expectations: Expectation) -> Record:
        """Return the record of it running, with an answer to everything that the expectations ask."""
        seen = snapshot(mounts=(_ROOT, *self.mounts))
        actions = [action for expectation in expectations for action in expectation.probes(self.config, host())]
        answers = {action: found for action in actions if (found := self._answer(action)) is not None}
        return record(self.config, created=seen, running=seen, answers=answers)

    def _answer(self, action: Action) -> Answer | None:
        if action.name in self.calls:
            return Answer(tuple(self.calls[action.name]))
        if all(call.name == "statx" for call in action.calls):
            return Answer(tuple(self._statx(call) for call in action.calls))
        return None

    def _statx(self, call: Call) -> CallResult:
        path = call.arguments[1]
        assert isinstance(path, bytes)
        found = ({"/": There(top=True)} | dict(self.paths)).get(path.rstrip(b"\0").decode(), errno.ENOENT)
        assert path.rstrip(b"\0").decode() != NOWHERE or found == errno.ENOENT
        return CallResult(-found) if isinstance(found, int) else CallResult(0, found.statx())


def entry(destination: str, kind: str = "tmpfs", source: str = "", *options: str) -> dict[str, Any]:
    """Return an entry of `mounts`."""
    return {"destination": destination, "type": kind, "source": source or kind, "options": list(options)}


def with_mounts(*mounts: dict[str, Any], **linux: Any) -> dict[str, Any]:
    """Return the base config with these mounts alone, and these properties of linux."""
    config = base_config(oci_version="1.0.2")
    config["mounts"] = list(mounts)
    config["linux"] |= linux
    return config


def named(requirement: str, expectations: Iterable[Expectation]) -> Expectation:
    """Return the one expectation of that requirement."""
    (found,) = [each for each in expectations if each.requirement == requirement]
    return found
