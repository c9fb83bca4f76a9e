"""A host that has everything, so that every property can be generated without asking the machine."""

from conformance.record.host import Host
from tests.expectations.records import host


def rich_host() -> Host:
    """Return a host with all controllers of cgroup v1, namespaces, filesystems and capabilities."""
    controllers = ("memory", "cpu", "cpuset", "pids", "devices", "blkio", "net_cls", "net_prio")
    return host(
        controllers=frozenset(controllers),
        cgroup_mounts={name: f"/sys/fs/cgroup/{name}" for name in controllers},
        cgroup_layout="v1",
        user_namespaces=True,
        seccomp=True,
        cpus=frozenset({0, 1}),
        block_devices=frozenset({(8, 0)}),
        filesystems=frozenset({"tmpfs", "ramfs", "mqueue", "devpts", "proc", "sysfs"}),
    )
