"""What a container left behind: the same light look before its first operation and after its last, and their difference.

Meant for the session jail, where nobody else makes mounts, processes or cgroups.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from conformance.observe.mounts import unescape
from conformance.observe.procfs import read, state_of
from conformance.record.leak import Leak

Kind = Literal["mount", "process", "cgroup", "state", "descriptor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """All that there is at one moment: what names a thing for good, to its description for a report."""

    mountinfo: bytes
    """As read: most looks find nothing new there, and need not take it apart."""
    processes: Mapping[str, str]
    """Pid and start time to pid and name; zombies are left out, since their end is the harness's to collect."""
    cgroups: Mapping[str, Sequence[str]]
    """Every directory to those directly in it."""
    state: Mapping[str, str]
    """Entries of the runtime's state directory."""
    descriptors: Mapping[str, str]
    """The harness's own, if they were asked for."""


def watch(
    *,
    cgroup_mounts: Mapping[str, str],
    state_directory: str,
    own_descriptors: bool = True,
    mountinfo: bytes | None = None,
    alone: bool = False,
    like: Watch | None = None,
) -> Watch:
    """Look at everything; a state directory that does not exist is empty. Raises OSError if /proc cannot be read.

    The caller may know the `mountinfo` of this moment already, or, with `alone`, that there is no process but its own.
    `like` is an earlier look: what is as it was then takes less time.
    """
    return Watch(
        mountinfo=read("/proc/self/mountinfo") if mountinfo is None else mountinfo,
        processes={} if alone else dict(_processes()),
        cgroups=_cgroups(cgroup_mounts.values(), like.cgroups if like else {}),
        state=dict(_state(state_directory)),
        descriptors=dict(_descriptors()) if own_descriptors else {},
    )


def differences(before: Watch, after: Watch, *, expected_descriptors: Iterable[int] = ()) -> tuple[Leak, ...]:
    """Return what is in `after` and was not in `before`, by kind and in order of appearance.

    `expected_descriptors` are those that the harness itself has opened between and means to keep.
    """
    expected = {str(number) for number in expected_descriptors}
    leaks: list[Leak] = []
    if before.mountinfo != after.mountinfo:
        leaks += _new("mount", dict(_mounts(before.mountinfo)), dict(_mounts(after.mountinfo)))
    leaks += _new("process", before.processes, after.processes)
    leaks += [Leak("cgroup", directory) for directory in after.cgroups if directory not in before.cgroups]
    leaks += _new("state", before.state, after.state)
    kept = {name: what for name, what in after.descriptors.items() if name.split(" ")[0] not in expected}
    leaks += _new("descriptor", before.descriptors, kept)
    return tuple(leaks)


def _new(kind: Kind, before: Mapping[str, str], after: Mapping[str, str]) -> list[Leak]:
    return [Leak(kind, description) for name, description in after.items() if name not in before]


def _mounts(mountinfo: bytes) -> Iterator[tuple[str, str]]:
    """Name a mount by its id together with what it shows where: the kernel gives the id of a removed mount to the next."""
    for line in os.fsdecode(mountinfo).split("\n")[:-1]:
        identity = line.split(" ", 5)[:5]
        yield " ".join(identity), unescape(identity[4])


def _processes() -> Iterator[tuple[str, str]]:
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            stat = os.fsdecode(read(f"/proc/{name}/stat"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state_of(stat) not in "ZXx":
            start_time = stat[stat.rindex(")") + 2 :].split(" ", 20)[19]
            yield f"{name} {start_time}", stat[: stat.rindex(")") + 1]


def _cgroups(roots: Iterable[str], known: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Walk down from the roots; where the children known from an earlier look are all there are, none are listed."""
    found: dict[str, Sequence[str]] = {}
    pending = sorted(set(roots))
    while pending:
        directory = pending.pop()
        children = known.get(directory, ())
        try:
            # A cgroup has one link for itself, one for its name and one for each child.
            if os.stat(directory).st_nlink - 2 != len(children) or not all(map(os.path.isdir, children)):
                children = _directories(directory)
        except FileNotFoundError:
            continue
        found[directory] = children
        pending += children
    return found


def _directories(directory: str) -> Sequence[str]:
    with os.scandir(directory) as entries:
        return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]


def _state(directory: str) -> Iterator[tuple[str, str]]:
    try:
        for name in os.listdir(directory):
            yield name, os.path.join(directory, name)
    except FileNotFoundError:
        return


def _descriptors() -> Iterator[tuple[str, str]]:
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # the listing's own
            continue
        yield f"{name} {target}", f"{name} -> {target}"
