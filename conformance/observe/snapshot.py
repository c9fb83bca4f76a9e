"""One look at a container's process: the standard parts always, the extended ones where they are wanted."""

import time
from collections.abc import Mapping
from typing import Any

from conformance.observe import (
    cgroups,
    devices,
    files,
    inside,
    mounts,
    namespaces,
    network,
    process,
    procfs,
    seccomp,
    sysctl,
    uts,
)
from conformance.observe.wants import Wants
from conformance.record.as_json import as_json
from conformance.record.snapshot import Cgroups, DeviceProgram, Link, Snapshot, Uts

NOTHING_MORE = Wants()
"""The standard snapshot."""


def snapshot(pid: int, *, wants: Wants = NOTHING_MORE) -> Snapshot:
    """Observe the process `pid`, a number of the harness's own pid namespace.

    Raises ProcessGone if it has ended by the time everything is read, and OSError where the host refuses to show something.
    """
    taken = time.monotonic()
    with procfs.opened(pid) as directory:
        membership = cgroups.observe(
            directory, mounts=wants.cgroup_mounts, control_files=wants.control_files, owners=wants.cgroup_owners
        )
        uts_names, parameters, links = _from_inside(pid, wants)
        return Snapshot(
            taken=taken,
            mounts=mounts.parse_mountinfo(directory.read("mountinfo")),
            namespaces=(members := namespaces.observe(directory)),
            cgroups=membership,
            uts=uts_names,
            seccomp=seccomp.observe(directory) if wants.seccomp else None,
            device_programs=_device_programs(membership) if wants.device_programs else None,
            sysctls=parameters,
            links=links,
            files=files.observe(directory, wants.files) if wants.files else None,
            process=process.observe(directory, members),
        )


def json_of(observed: Snapshot) -> dict[str, Any]:
    """Return the snapshot as plain JSON values, for an attachment."""
    document: dict[str, Any] = as_json(observed)
    return document


def _from_inside(pid: int, wants: Wants) -> tuple[Uts | None, Mapping[str, str] | None, tuple[Link, ...] | None]:
    """Read with one thread all that has to be read within the container's namespaces."""
    if not wants.uts and wants.sysctls is None and not wants.links:
        return None, None, None
    return inside.within(
        pid,
        lambda: (
            uts.observe() if wants.uts else None,
            sysctl.observe(wants.sysctls) if wants.sysctls is not None else None,
            network.observe() if wants.links else None,
        ),
    )


def _device_programs(membership: Cgroups) -> tuple[DeviceProgram, ...] | None:
    directory = membership.directories.get("")
    return devices.observe(directory) if directory is not None else None
