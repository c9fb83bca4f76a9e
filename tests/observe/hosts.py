"""Facts about this host that the observers' tests need."""

import os
from collections.abc import Mapping

from conformance.observe.cgroups import parse_membership
from conformance.observe.mounts import parse_mountinfo
from conformance.record.host import Host


def cgroup_mounts() -> Mapping[str, str]:
    """Return where each hierarchy is mounted that this process can see, named ones left out."""
    with open("/proc/self/mountinfo", "rb") as file:
        mounts = parse_mountinfo(file.read())
    with open("/proc/self/cgroup") as file:
        controllers = parse_membership(file.read())
    found = {}
    for mount in mounts:
        if mount.fstype == "cgroup2":
            found[""] = mount.point
        elif mount.fstype == "cgroup":
            found.update({name: mount.point for name in mount.super_options if name in controllers and "=" not in name})
    return found


def host(mounts: Mapping[str, str], *, capabilities: int = (1 << 41) - 1, seccomp: bool = True) -> Host:
    """Return a host of which only the cgroup mounts, capabilities and seccomp matter."""
    return Host(
        machine=os.uname().machine,
        kernel=(6, 1, 0),
        lane="host",
        cgroup_layout="v2" if set(mounts) == {""} else "v1",
        cgroup_mounts=mounts,
        controllers=frozenset(mounts),
        cgroup_delegate=None,
        block_devices=frozenset(),
        namespaces={},
        capabilities=capabilities,
        filesystems=frozenset(),
        lsms=frozenset(),
        user_namespaces=True,
        seccomp=seccomp,
        veth_links=True,
        resctrl=False,
        numa_nodes=1,
        cpus=frozenset({0}),
        hugepage_sizes=("2MB",),
        euid=0,
        oom_score_adj=0,
        umask=0o022,
        limits={},
    )
