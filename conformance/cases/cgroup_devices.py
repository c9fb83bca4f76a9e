"""Control groups for block devices, packets, RDMA devices and huge pages."""

from collections.abc import Callable

from conformance.cases.case import Case
from conformance.record.config import put
from conformance.record.host import Host

_MEBIBYTE = 1 << 20
_DISKS = ((8, 0), (252, 0), (253, 0), (254, 0), (259, 0))
"""First disks of the usual drivers: SCSI, virtio on various kernels, NVMe."""


def _needs_disk(major: int, minor: int) -> Callable[[Host], str]:
    def needs(host: Host) -> str:
        return "" if (major, minor) in host.block_devices else f"the block device {major}:{minor}"

    return needs


def _disk(major: int, minor: int) -> tuple[Case, ...]:
    rates = {
        f"throttle{name}Device": [{"major": major, "minor": minor, "rate": rate}]
        for name, rate in (
            ("ReadBps", _MEBIBYTE),
            ("WriteBps", 2 * _MEBIBYTE),
            ("ReadIOPS", 500),
            ("WriteIOPS", 600),
        )
    }
    weight = {"major": major, "minor": minor, "weight": 300}
    return (
        Case(
            name=f"block-io/throttle-{major}-{minor}",
            title=f"Rates of reading and writing on the device {major}:{minor}",
            edits=(put("/linux/resources", {"blockIO": rates}),),
            needs=_needs_disk(major, minor),
        ),
        Case(
            name=f"block-io/weight-{major}-{minor}",
            title=f"A weight on the device {major}:{minor}",
            edits=(put("/linux/resources", {"blockIO": {"weightDevice": [weight]}}),),
            needs=_needs_disk(major, minor),
        ),
        Case(
            name=f"block-io/leaf-weight-{major}-{minor}",
            title=f"A leaf weight on the device {major}:{minor}",
            edits=(put("/linux/resources", {"blockIO": {"weightDevice": [weight | {"leafWeight": 200}]}}),),
            needs=_needs_disk(major, minor),
        ),
    )


CASES: tuple[Case, ...] = (
    *(case for disk in _DISKS for case in _disk(*disk)),
    Case(
        name="block-io/weight",
        title="A weight on all devices",
        edits=(put("/linux/resources", {"blockIO": {"weight": 300}}),),
    ),
    Case(
        name="block-io/leaf-weight",
        title="A weight of the cgroup's own processes",
        edits=(put("/linux/resources", {"blockIO": {"leafWeight": 300}}),),
    ),
    Case(
        name="cgroups/network",
        title="A class of packets, and a priority on the loopback interface",
        edits=(put("/linux/resources", {"network": {"classID": 0x100001, "priorities": [{"name": "lo", "priority": 7}]}}),),
    ),
    Case(
        name="cgroups/rdma",
        title="Limits of an RDMA device",
        edits=(put("/linux/resources", {"rdma": {"mlx5_0": {"hcaHandles": 3, "hcaObjects": 10_000}}}),),
    ),
    Case(
        name="cgroups/huge-pages",
        title="A limit of huge pages",
        edits=(put("/linux/resources", {"hugepageLimits": [{"pageSize": "2MB", "limit": 8 * _MEBIBYTE}]}),),
    ),
)
