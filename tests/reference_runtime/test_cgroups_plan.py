"""linux.resources planned for v1, v2 and both, value by value; what is refused, and where."""

from collections.abc import Mapping
from typing import Any

import pytest

from reference_runtime.cgroups.conversion import io_weight, weight_of_shares
from reference_runtime.cgroups.layout import Hierarchy
from reference_runtime.cgroups.plan import plan, without_zeros
from reference_runtime.fault import RuntimeFault

V2 = (
    Hierarchy(
        point="/sys/fs/cgroup", controllers=("cpu", "cpuset", "memory", "io", "pids", "hugetlb", "rdma", "misc"), v2=True, own="/"
    ),
)
V1_NAMES = ("cpu", "cpuset", "memory", "blkio", "pids", "hugetlb", "rdma", "net_cls", "net_prio", "devices", "freezer")
V1 = tuple(Hierarchy(point=f"/sys/fs/cgroup/{name}", controllers=(name,), v2=False, own="/") for name in V1_NAMES)
HYBRID = (
    Hierarchy(point="/sys/fs/cgroup/unified", controllers=("hugetlb",), v2=True, own="/"),
    Hierarchy(point="/sys/fs/cgroup/memory", controllers=("memory",), v2=False, own="/"),
)
WHERE = "$.linux.resources"


def written(
    resources: Mapping[str, Any], hierarchies: tuple[Hierarchy, ...], **current: str
) -> list[tuple[str, str] | tuple[tuple[str, str], ...]]:
    """Return (file, value), or several of them where the kernel's files decide. `current` has files with "_" for "."."""
    settings = plan(dict(resources), hierarchies, lambda file: current.get(file.replace(".", "_"), ""))
    return [setting.alternatives if len(setting.alternatives) > 1 else setting.alternatives[0] for setting in settings]


PLANNED: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({}, [], []),
    ({"memory": None, "pids": {}, "hugepageLimits": None}, [], []),
    ({"memory": {"limit": 4096}}, [("memory.max", "4096")], [("memory.limit_in_bytes", "4096")]),
    ({"memory": {"reservation": 5}}, [("memory.low", "5")], [("memory.soft_limit_in_bytes", "5")]),
    (
        {"memory": {"limit": 100, "swap": 250}},
        [("memory.swap.max", "150"), ("memory.max", "100")],
        [("memory.limit_in_bytes", "100"), ("memory.memsw.limit_in_bytes", "250")],
    ),
    (
        {"memory": {"limit": 100, "swap": -1}},
        [("memory.swap.max", "max"), ("memory.max", "100")],
        [("memory.limit_in_bytes", "100"), ("memory.memsw.limit_in_bytes", "-1")],
    ),
    (
        {"memory": {"limit": 100, "swap": 100}},
        [("memory.swap.max", "0"), ("memory.max", "100")],
        [("memory.limit_in_bytes", "100"), ("memory.memsw.limit_in_bytes", "100")],
    ),
    ({"memory": {"limit": -1}}, [("memory.swap.max", "max"), ("memory.max", "max")], [("memory.limit_in_bytes", "-1")]),
    (
        {"memory": {"disableOOMKiller": False, "useHierarchy": True}},
        [],
        [("memory.oom_control", "0"), ("memory.use_hierarchy", "1")],
    ),
    ({"cpu": {"shares": 1024}}, [("cpu.weight", "100")], [("cpu.shares", "1024")]),
    ({"cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "cpus": ""}}, [], []),
    (
        {"cpu": {"quota": 70000, "period": 200000}},
        [("cpu.max", "70000 200000")],
        [("cpu.cfs_period_us", "200000"), ("cpu.cfs_quota_us", "70000")],
    ),
    ({"cpu": {"period": 50000}}, [("cpu.max", "max 50000")], [("cpu.cfs_period_us", "50000")]),
    ({"cpu": {"quota": 50000}}, [("cpu.max", "50000")], [("cpu.cfs_quota_us", "50000")]),
    ({"cpu": {"quota": -1}}, [("cpu.max", "max")], [("cpu.cfs_quota_us", "-1")]),
    (
        {"cpu": {"quota": 9000, "burst": 5000}},
        [("cpu.max", "9000"), ("cpu.max.burst", "5000")],
        [("cpu.cfs_quota_us", "9000"), ("cpu.cfs_burst_us", "5000")],
    ),
    (
        {"cpu": {"burst": 0, "idle": 0}},
        [("cpu.max.burst", "0"), ("cpu.idle", "0")],
        [("cpu.cfs_burst_us", "0"), ("cpu.idle", "0")],
    ),
    ({"cpu": {"idle": 1}}, [("cpu.idle", "1")], [("cpu.idle", "1")]),
    (
        {"cpu": {"cpus": "0-3,7", "mems": "0"}},
        [("cpuset.cpus", "0-3,7"), ("cpuset.mems", "0")],
        [("cpuset.cpus", "0-3,7"), ("cpuset.mems", "0")],
    ),
    ({"pids": {"limit": 40}}, [("pids.max", "40")], [("pids.max", "40")]),
    ({"pids": {"limit": 0}}, [("pids.max", "0")], [("pids.max", "0")]),
    ({"pids": {"limit": -1}}, [("pids.max", "max")], [("pids.max", "max")]),
    (
        {"blockIO": {"weight": 500}},
        [(("io.bfq.weight", "500"), ("io.weight", "4950"))],
        [(("blkio.weight", "500"), ("blkio.bfq.weight", "500"))],
    ),
    (
        {"blockIO": {"weight": 0, "weightDevice": [{"major": 8, "minor": 16, "weight": 10}]}},
        [(("io.bfq.weight", "8:16 10"), ("io.weight", "8:16 1"))],
        [(("blkio.weight_device", "8:16 10"), ("blkio.bfq.weight_device", "8:16 10"))],
    ),
    (
        {
            "blockIO": {
                "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}],
                "throttleWriteBpsDevice": [{"major": 8, "minor": 0, "rate": 0}],
                "throttleReadIOPSDevice": [{"major": 8, "minor": 1, "rate": 7}],
                "throttleWriteIOPSDevice": [{"major": 8, "minor": 1, "rate": 9}],
            }
        },
        [("io.max", "8:0 rbps=600"), ("io.max", "8:0 wbps=max"), ("io.max", "8:1 riops=7"), ("io.max", "8:1 wiops=9")],
        [
            ("blkio.throttle.read_bps_device", "8:0 600"),
            ("blkio.throttle.write_bps_device", "8:0 0"),
            ("blkio.throttle.read_iops_device", "8:1 7"),
            ("blkio.throttle.write_iops_device", "8:1 9"),
        ],
    ),
    (
        {"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]},
        [(("hugetlb.2MB.rsvd.max", "2097152"), ("hugetlb.2MB.max", "2097152"))],
        [(("hugetlb.2MB.rsvd.limit_in_bytes", "2097152"), ("hugetlb.2MB.limit_in_bytes", "2097152"))],
    ),
    (
        {"rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10}, "rxe3": {"hcaObjects": 4}}},
        [("rdma.max", "mlx5_1 hca_handle=3 hca_object=10"), ("rdma.max", "rxe3 hca_object=4")],
        [("rdma.max", "mlx5_1 hca_handle=3 hca_object=10"), ("rdma.max", "rxe3 hca_object=4")],
    ),
]


@pytest.mark.parametrize(("resources", "on_v2", "on_v1"), PLANNED)
def test_every_resource_becomes_its_files(resources: dict[str, Any], on_v2: list[Any], on_v1: list[Any]) -> None:
    assert written(resources, V2) == on_v2
    assert written(resources, V1) == on_v1


V1_ONLY: list[tuple[dict[str, Any], str, list[Any]]] = [
    ({"memory": {"kernel": 1}}, "memory.kernel", [("memory.kmem.limit_in_bytes", "1")]),
    ({"memory": {"kernelTCP": 1}}, "memory.kernelTCP", [("memory.kmem.tcp.limit_in_bytes", "1")]),
    ({"memory": {"swappiness": 0}}, "memory.swappiness", [("memory.swappiness", "0")]),
    ({"memory": {"disableOOMKiller": True}}, "memory.disableOOMKiller", [("memory.oom_control", "1")]),
    ({"memory": {"useHierarchy": False}}, "memory.useHierarchy", [("memory.use_hierarchy", "0")]),
    ({"cpu": {"realtimeRuntime": 9}}, "cpu.realtimeRuntime", [("cpu.rt_runtime_us", "9")]),
    ({"cpu": {"realtimePeriod": 9}}, "cpu.realtimePeriod", [("cpu.rt_period_us", "9")]),
    ({"blockIO": {"leafWeight": 10}}, "blockIO.leafWeight", [("blkio.leaf_weight", "10")]),
    (
        {"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "leafWeight": 10}]}},
        "blockIO.weightDevice[0].leafWeight",
        [("blkio.leaf_weight_device", "8:0 10")],
    ),
    ({"network": {"classID": 1048577}}, "network.classID", [("net_cls.classid", "1048577")]),
    (
        {"network": {"priorities": [{"name": "eth0", "priority": 5}, {"name": "eth1", "priority": 6}]}},
        "network.priorities[0]",
        [("net_prio.ifpriomap", "eth0 5"), ("net_prio.ifpriomap", "eth1 6")],
    ),
]


@pytest.mark.parametrize(("resources", "where", "on_v1"), V1_ONLY)
def test_what_v2_has_nothing_like_is_refused_there(resources: dict[str, Any], where: str, on_v1: list[Any]) -> None:
    assert written(resources, V1) == on_v1
    with pytest.raises(RuntimeFault) as refusal:
        plan(resources, V2)
    assert refusal.value.where == f"{WHERE}.{where}"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"memory": {"limit": -2}}, "memory.limit"),
    ({"memory": {"limit": "1g"}}, "memory.limit"),
    ({"memory": {"limit": 100, "swap": 99}}, "memory.swap"),
    ({"memory": {"limit": -1, "swap": 99}}, "memory.swap"),
    ({"memory": {"swappiness": 101}}, "memory.swappiness"),
    ({"cpu": {"quota": 5, "burst": 6}}, "cpu.burst"),
    ({"cpu": {"cpus": "3-1"}}, "cpu.cpus"),
    ({"cpu": {"cpus": "all"}}, "cpu.cpus"),
    ({"cpu": {"mems": "0-999999999"}}, "cpu.mems"),
    ({"cpu": {"idle": 2}}, "cpu.idle"),
    ({"cpu": {"shares": -1}}, "cpu.shares"),
    ({"pids": {"limit": -2}}, "pids.limit"),
    ({"blockIO": {"weight": 9}}, "blockIO.weight"),
    ({"blockIO": {"weight": 70000}}, "blockIO.weight"),
    ({"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}}, "blockIO.weightDevice[0]"),
    ({"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0}]}}, "blockIO.throttleReadBpsDevice[0].rate"),
    ({"hugepageLimits": [{"pageSize": "2M", "limit": 1}]}, "hugepageLimits[0].pageSize"),
    ({"hugepageLimits": [{"pageSize": "2MB"}]}, "hugepageLimits[0].limit"),
    ({"rdma": {"mlx5_1": {}}}, "rdma.mlx5_1"),
    ({"rdma": {"a b": {"hcaHandles": 1}}}, "rdma"),
    ({"network": {"priorities": [{"name": "eth0"}]}}, "network.priorities[0].priority"),
    ({"network": {"classID": 1 << 32}}, "network.classID"),
    ({"devices": [{"type": "c"}]}, "devices[0].allow"),
    ({"devices": [{"allow": True, "access": "rx"}]}, "devices[0].access"),
    ({"devices": [{"allow": True, "type": "p"}]}, "devices[0].type"),
    ({"unified": {"../cpu.max": "1"}}, "unified"),
    ({"unified": {"tasks": "1"}}, "unified"),
    ({"unified": {"cpu.max": 1}}, "unified.cpu.max"),
    ({"cpu": []}, "cpu"),
]


@pytest.mark.parametrize("hierarchies", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize(("resources", "where"), REFUSED)
def test_invalid_values_are_refused_with_their_path(
    resources: dict[str, Any], where: str, hierarchies: tuple[Hierarchy, ...]
) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        plan(resources, hierarchies)
    assert refusal.value.where == f"{WHERE}.{where}"


def test_unified_files_are_written_as_they_are_after_the_others() -> None:
    resources = {"pids": {"limit": 7}, "unified": {"pids.max": "5", "cgroup.max.depth": "3", "misc.future.file": "x"}}
    assert written(resources, V2) == [("pids.max", "7"), ("pids.max", "5"), ("cgroup.max.depth", "3"), ("misc.future.file", "x")]


@pytest.mark.parametrize("hierarchies", [V1, HYBRID, V2], ids=["v1", "hybrid", "v2"])
def test_unified_files_of_absent_controllers_are_refused(hierarchies: tuple[Hierarchy, ...]) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        plan({"unified": {"bogus.max": "1"}}, hierarchies)
    assert refusal.value.where == f"{WHERE}.unified.bogus.max"


def test_on_a_hybrid_host_each_controller_goes_where_it_is() -> None:
    resources = {"memory": {"limit": 5}, "hugepageLimits": [{"pageSize": "2MB", "limit": 0}], "unified": {"hugetlb.1GB.max": "0"}}
    assert written(resources, HYBRID) == [
        ("memory.limit_in_bytes", "5"),
        (("hugetlb.2MB.rsvd.max", "0"), ("hugetlb.2MB.max", "0")),
        ("hugetlb.1GB.max", "0"),
    ]


@pytest.mark.parametrize("resources", [{"pids": {"limit": 5}}, {"cpu": {"cpus": "0"}}, {"rdma": {"x": {"hcaObjects": 1}}}])
def test_a_controller_that_no_hierarchy_has_is_refused(resources: dict[str, Any]) -> None:
    with pytest.raises(RuntimeFault, match="no hierarchy here has"):
        plan(resources, HYBRID)


def test_updates_see_what_is_there() -> None:
    """Half of a pair is completed from the file, swap counts from the limit in force."""
    assert written({"cpu": {"period": 50000}}, V2, cpu_max="20000 100000\n") == [("cpu.max", "20000 50000")]
    assert written({"memory": {"swap": 300}}, V2, memory_max="100\n") == [("memory.swap.max", "200")]
    assert written({"memory": {"limit": -1}}, V1, memory_memsw_limit_in_bytes="9") == [
        ("memory.limit_in_bytes", "-1"),
        ("memory.memsw.limit_in_bytes", "-1"),
    ]
    for present in ("max\n", "400\n", ""):
        with pytest.raises(RuntimeFault, match="memory"):
            written({"memory": {"swap": 300}}, V2, memory_max=present)


def test_usage_is_checked_before_an_update_if_wanted() -> None:
    checked = {"memory": {"limit": 100, "checkBeforeUpdate": True}}
    assert written(checked, V2, memory_current="100\n") == [("memory.max", "100")]
    with pytest.raises(RuntimeFault, match="101 bytes are in use"):
        written(checked, V2, memory_current="101\n")
    assert written({"memory": {"limit": 100}}, V2, memory_current="101\n") == [("memory.max", "100")]


def test_zeros_of_an_update_are_left_out() -> None:
    given = {
        "cpu": {"shares": 0, "burst": 0},
        "memory": {"limit": 5, "kernel": 0},
        "pids": {"limit": 0},
        "blockIO": {"weight": 0},
    }
    assert without_zeros(given) == {"cpu": {"burst": 0}, "memory": {"limit": 5}, "pids": {}, "blockIO": {}}


def test_conversions_keep_ends_default_and_order() -> None:
    assert [weight_of_shares(shares) for shares in (0, 2, 1024, 262144, 1 << 40)] == [1, 1, 100, 10000, 10000]
    assert [io_weight(weight) for weight in (10, 1000)] == [1, 10000]
    weights = [weight_of_shares(shares) for shares in range(2, 262145, 97)]
    assert weights == sorted(weights)
