"""What a container left behind: the same light look before its first operation and after its last, and their difference.

Meant for the session jail, where nobody else makes mounts, processes or cgroups.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from conformance.observe.mounts import unescape
from conformance.observe.procfs import read, state_of
from conformance.record.leak import Leak

Kind = Literal["mount", "process", "cgroup", "state", "descriptor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """All that there is at one moment: what names a thing for good, to its description for a report."""

    mounts: Mapping[str, str]
    processes: Mapping[str, str]
    """Pid and start time to pid and name; zombies are left out, since their end is the harness's to collect."""
    cgroups: Mapping[str, str]
    state: Mapping[str, str]
    """Entries of the runtime's state directory."""
    descriptors: Mapping[str, str]
    """The harness's own, if they were asked for."""


def watch(*, cgroup_mounts: Mapping[str, str], state_directory: str, own_descriptors: bool = True) -> Watch:
    """Look at everything; a state directory that does not exist is empty. Raises OSError if /proc cannot be read."""
    return Watch(
        mounts=dict(_mounts()),
        processes=dict(_processes()),
        cgroups=dict(_cgroups(set(cgroup_mounts.values()))),
        state=dict(_state(state_directory)),
        descriptors=dict(_descriptors()) if own_descriptors else {},
    )


def differences(before: Watch, after: Watch, *, expected_descriptors: Iterable[int] = ()) -> tuple[Leak, ...]:
    """Return what is in `after` and was not in `before`, by kind and in order of appearance.

    `expected_descriptors` are those that the harness itself has opened between and means to keep.
    """
    expected = {str(number) for number in expected_descriptors}
    pairs: tuple[tuple[Kind, Mapping[str, str], Mapping[str, str]], ...] = (
        ("mount", before.mounts, after.mounts),
        ("process", before.processes, after.processes),
        ("cgroup", before.cgroups, after.cgroups),
        ("state", before.state, after.state),
        ("descriptor", before.descriptors, {k: v for k, v in after.descriptors.items() if k.split(" ")[0] not in expected}),
    )
    return tuple(
        Leak(kind, description) for kind, earlier, later in pairs for name, description in later.items() if name not in earlier
    )


def _mounts() -> Iterator[tuple[str, str]]:
    """Name a mount by its id together with what it shows where: the kernel gives the id of a removed mount to the next."""
    for line in os.fsdecode(read("/proc/self/mountinfo")).split("\n")[:-1]:
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


def _cgroups(roots: Iterable[str]) -> Iterator[tuple[str, str]]:
    pending = sorted(roots)
    while pending:
        directory = pending.pop()
        yield directory, directory
        try:
            # A cgroup has one link for itself, one for its name and one for each child; so leaves need no listing.
            if os.stat(directory).st_nlink > 2:
                with os.scandir(directory) as entries:
                    pending += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            continue


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
