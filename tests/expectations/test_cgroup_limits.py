"""Limits beyond the plain ones, devices, packets, huge pages and cgroup v2 files, judged on hand-made records."""

from typing import Any

import pytest

from conformance.expectations import block_io, cgroup_limits, cgroup_network, cgroup_paths, huge_pages, unified
from conformance.expectations.cgroup_paths import AGAIN
from conformance.expectations.contract import Evidence, Inconclusive, NotTestable, Violation
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.snapshot import Cgroups
from tests.expectations.records import accepted, host, judged, named, record, refused, snapshot

ALL = (
    *block_io.EXPECTATIONS,
    *cgroup_limits.EXPECTATIONS,
    *cgroup_network.EXPECTATIONS,
    *cgroup_paths.EXPECTATIONS,
    *huge_pages.EXPECTATIONS,
    *unified.EXPECTATIONS,
)
_V1 = ("blkio", "cpu", "hugetlb", "memory", "net_cls", "net_prio", "pids", "rdma")
V1 = host(
    cgroup_layout="v1",
    cgroup_mounts={name: f"/sys/fs/cgroup/{name}" for name in _V1},
    controllers=frozenset(_V1),
)
V2 = host(controllers=frozenset({"cpu", "hugetlb", "io", "memory", "pids", "rdma"}))
OLD = host(cgroup_layout="v1", cgroup_mounts=V1.cgroup_mounts, controllers=V1.controllers, kernel=(4, 19, 0))
M = 1 << 20


def _config(**resources: Any) -> dict[str, Any]:
    return {"linux": {"cgroupsPath": "/box/one", "resources": resources}}


def _seen(config: dict[str, Any], values: dict[str, str]) -> Record:
    return record(config, running=snapshot(cgroups=Cgroups(paths={}, directories={}, values=values)))


def _rate(name: str) -> dict[str, Any]:
    return {"blockIO": {f"throttle{name}Device": [{"major": 8, "minor": 0, "rate": 500}]}}


def _device(**weights: int) -> dict[str, Any]:
    return {"blockIO": {"weightDevice": [{"major": 8, "minor": 0, **weights}]}}


HUGE = {"hugepageLimits": [{"pageSize": "2MB", "limit": 9 * M}]}
NUMBERS: list[tuple[str, dict[str, Any], Host, dict[str, str], dict[str, str]]] = [
    ("memory.swap.effect", {"memory": {"limit": M, "swap": 3 * M}}, V1, {"memory.memsw.limit_in_bytes": f"{3 * M}"}, {}),
    ("memory.swap.effect", {"memory": {"limit": M, "swap": 3 * M}}, V2, {"memory.swap.max": f"{2 * M}"}, {}),
    ("memory.kernel.effect", {"memory": {"kernel": M}}, OLD, {"memory.kmem.limit_in_bytes": f"{M}"}, {}),
    ("memory.kerneltcp.effect", {"memory": {"kernelTCP": M}}, V1, {"memory.kmem.tcp.limit_in_bytes": f"{M}"}, {}),
    ("memory.swappiness.effect", {"memory": {"swappiness": 37}}, V1, {"memory.swappiness": "37"}, {}),
    (
        "memory.disableoomkiller.true",
        {"memory": {"disableOOMKiller": True}},
        V1,
        {"memory.oom_control": "oom_kill_disable 1\nunder_oom 0"},
        {"memory.oom_control": "oom_kill_disable 0\nunder_oom 0"},
    ),
    ("memory.usehierarchy.effect", {"memory": {"useHierarchy": True}}, V1, {"memory.use_hierarchy": "1"}, {}),
    ("memory.unit", {"memory": {"limit": M}}, V2, {"memory.max": f"{M}"}, {"memory.max": f"{M << 10}"}),
    ("memory.unit", {"memory": {"limit": -1}}, V2, {"memory.max": "max"}, {"memory.max": "4096"}),
    (
        "memory.unit",
        {"memory": {"swap": -1}},
        V1,
        {"memory.memsw.limit_in_bytes": "9223372036854771712"},
        {"memory.memsw.limit_in_bytes": "4096"},
    ),
    ("cpu.burst.effect", {"cpu": {"quota": 7000, "burst": 2000}}, V1, {"cpu.cfs_burst_us": "2000"}, {}),
    ("cpu.burst.effect", {"cpu": {"quota": 7000, "burst": 2000}}, V2, {"cpu.max.burst": "2000"}, {}),
    ("cpu.realtimeruntime.effect", {"cpu": {"realtimeRuntime": 900}}, V1, {"cpu.rt_runtime_us": "900"}, {}),
    ("cpu.realtimeperiod.effect", {"cpu": {"realtimePeriod": 900}}, V1, {"cpu.rt_period_us": "900"}, {}),
    ("cpu.idle.effect", {"cpu": {"idle": 1}}, V2, {"cpu.idle": "1"}, {"cpu.idle": "0"}),
    ("cpu.idle.effect", {"cpu": {"idle": 0}}, V1, {"cpu.idle": "0"}, {"cpu.idle": "1"}),
    ("pids.limit.minus-one", {"pids": {"limit": -1}}, V1, {"pids.max": "max"}, {"pids.max": "40"}),
    ("pids.limit.zero", {"pids": {"limit": 0}}, V2, {"pids.max": "0"}, {"pids.max": "max"}),
    ("blockio.throttlereadbps.effect", _rate("ReadBps"), V1, {"blkio.throttle.read_bps_device": "8:0 500"}, {}),
    ("blockio.throttlewritebps.effect", _rate("WriteBps"), V1, {"blkio.throttle.write_bps_device": "8:0 500"}, {}),
    ("blockio.throttlereadiops.effect", _rate("ReadIOPS"), V1, {"blkio.throttle.read_iops_device": "8:0 500"}, {}),
    (
        "blockio.throttlewriteiops.effect",
        _rate("WriteIOPS"),
        V2,
        {"io.max": "8:0 rbps=max wbps=max riops=max wiops=500"},
        {"io.max": "8:0 rbps=500 wbps=max riops=max wiops=max"},
    ),
    ("blockio.weight.effect", {"blockIO": {"weight": 300}}, V1, {"blkio.bfq.weight": "300"}, {"blkio.bfq.weight": "100"}),
    ("blockio.leafweight.effect", {"blockIO": {"leafWeight": 300}}, OLD, {"blkio.leaf_weight": "300"}, {}),
    ("blockio.weightdevice.weight.effect", _device(weight=300), V1, {"blkio.bfq.weight_device": "default 9\n8:0 300"}, {}),
    ("blockio.weightdevice.leafweight.effect", _device(leafWeight=300), OLD, {"blkio.leaf_weight_device": "8:0 300"}, {}),
    ("network.classid.effect", {"network": {"classID": 17}}, V1, {"net_cls.classid": "17"}, {}),
    (
        "network.priorities.effect",
        {"network": {"priorities": [{"name": "lo", "priority": 7}]}},
        V1,
        {"net_prio.ifpriomap": "lo 7\neth0 0"},
        {"net_prio.ifpriomap": "lo 0\neth0 7"},
    ),
    ("rdma.hcahandles.effect", {"rdma": {"m": {"hcaHandles": 3}}}, V2, {"rdma.max": "m hca_handle=3 hca_object=max"}, {}),
    ("rdma.hcaobjects.effect", {"rdma": {"m": {"hcaObjects": 3}}}, V1, {"rdma.max": "m hca_handle=max hca_object=3"}, {}),
    ("hugepage.limit.effect", HUGE, V2, {"hugetlb.2MB.max": f"{8 * M}"}, {"hugetlb.2MB.max": "max"}),
    ("hugepage.limit.effect", HUGE, V1, {"hugetlb.2MB.rsvd.limit_in_bytes": f"{8 * M}"}, {}),
    ("hugepage.reservation-first", HUGE, V2, {"hugetlb.2MB.rsvd.max": f"{8 * M}"}, {"hugetlb.2MB.rsvd.max": "max"}),
    ("hugepage.fallback", HUGE, OLD, {"hugetlb.2MB.limit_in_bytes": f"{8 * M}"}, {}),
    ("unified.key-is-file", {"unified": {"pids.max": "7"}}, V2, {"pids.max": "7"}, {"pids.max": "max"}),
    ("unified.unknown-written", {"unified": {"cgroup.max.depth": "7"}}, V2, {"cgroup.max.depth": "7"}, {}),
    (
        "unified.controllers-enabled",
        {"unified": {"pids.max": "7"}},
        V2,
        {"cgroup.controllers": "io pids"},
        {"cgroup.controllers": "io"},
    ),
]


@pytest.mark.parametrize("row", NUMBERS, ids=[f"{row[0]} {number}" for number, row in enumerate(NUMBERS)])
def test_control_files(row: tuple[str, dict[str, Any], Host, dict[str, str], dict[str, str]]) -> None:
    requirement, resources, on, right, wrong = row
    expectation, config = named(ALL, f"linux.{requirement}"), _config(**resources)
    judged(expectation, _seen(config, right), on)
    other = {file: "".join("9" if digit.isdigit() else digit for digit in content) for file, content in right.items()}
    with pytest.raises(Violation):
        judged(expectation, _seen(config, wrong or other), on)
    with pytest.raises(Inconclusive):
        judged(expectation, _seen(config, {}), on)
    with pytest.raises(Inconclusive):
        judged(expectation, record(config), on)
    assert expectation.applies(_config(), on) is False


@pytest.mark.parametrize(
    ("requirement", "resources", "lane"),
    [
        ("memory.swap.effect", {"memory": {"limit": M, "swap": M}}, host(controllers=frozenset())),
        ("memory.unit", {"memory": {"limit": M}}, host(controllers=frozenset())),
        ("memory.swappiness.effect", {"memory": {"swappiness": 1}}, host(controllers=frozenset())),
        ("cpu.idle.effect", {"cpu": {"idle": 1}}, host(kernel=(5, 14, 0))),
        ("pids.limit.zero", {"pids": {"limit": 0}}, host(controllers=frozenset())),
        ("blockio.leafweight.effect", {"blockIO": {"leafWeight": 3}}, V1),
        ("blockio.throttlereadbps.effect", _rate("ReadBps"), host(controllers=frozenset())),
        ("blockio.weight.effect", {"blockIO": {"weight": 3}}, host(controllers=frozenset())),
        ("network.classid.effect", {"network": {"classID": 3}}, V2),
        ("hugepage.limit.effect", HUGE, host(controllers=frozenset())),
        ("hugepage.reservation-first", HUGE, OLD),
        ("memory.kernel.effect", {"memory": {"kernel": M}}, V1),
        ("hugepage.fallback", HUGE, V2),
        ("unified.key-is-file", {"unified": {"pids.max": "7"}}, V1),
    ],
)
def test_what_a_host_lacks(requirement: str, resources: dict[str, Any], lane: Host) -> None:
    assert isinstance(named(ALL, f"linux.{requirement}").applies(_config(**resources), lane), NotTestable)


@pytest.mark.parametrize(
    ("requirement", "resources", "lane"),
    [
        ("memory.swap.effect", {"memory": {"swap": 3 * M}}, V2),
        ("memory.swap.effect", {"memory": {"limit": M, "swap": M}, "unified": {"memory.swap.max": "1"}}, V2),
        ("memory.swappiness.effect", {"memory": {"swappiness": 37}}, V2),
        ("cpu.burst.effect", {"cpu": {"quota": 7, "burst": 8}}, V1),
        ("blockio.weight.effect", {"blockIO": {"weight": 300}}, V2),
        ("hugepage.limit.effect", {**HUGE, "unified": {"hugetlb.2MB.max": "1"}}, V2),
        ("unified.key-is-file", {"unified": {"pids.max": "7"}, "pids": {"limit": 8}}, V2),
        ("unified.key-is-file", {"unified": {"io.max": "8:0 rbps=2"}}, V2),
    ],
)
def test_what_the_text_leaves_open(requirement: str, resources: dict[str, Any], lane: Host) -> None:
    assert named(ALL, f"linux.{requirement}").applies(_config(**resources), lane) is False


def test_a_limit_that_is_not_in_force_says_nothing_of_its_unit() -> None:
    with pytest.raises(Inconclusive):
        judged(named(ALL, "linux.memory.unit"), _seen(_config(memory={"limit": M}), {"memory.max": "max"}))


@pytest.mark.parametrize("requirement", ["linux.cpu.burst.quota-error-allowed", "linux.cpu.quota.burst-error-allowed"])
def test_a_burst_above_the_quota_may_be_refused(requirement: str) -> None:
    expectation, config = named(ALL, requirement), _config(cpu={"quota": 7, "burst": 8})
    assert judged(expectation, refused(config)).kind == "refused"
    with pytest.raises(Violation):
        judged(expectation, accepted(config))


def _refused_or_not(requirement: str, config: dict[str, Any], lane: Host) -> Evidence:
    expectation = named(ALL, requirement)
    with pytest.raises(Violation):
        judged(expectation, accepted(config), lane)
    return judged(expectation, refused(config), lane)


def test_what_cgroup_v2_cannot_do_is_refused() -> None:
    absent = _config(unified={"conformance.max": "1"})
    assert _refused_or_not("linux.unified.controller-missing-error", absent, V2).kind == "refused"
    impossible = _config(memory={"swappiness": 37})
    assert _refused_or_not("linux.unified.conversion-impossible-error", impossible, V2).kind == "refused"
    conversion = named(ALL, "linux.unified.conversion-impossible-error")
    assert conversion.applies(_config(memory={"kernel": M}), V2) is False
    assert conversion.applies(impossible, V1) is False


def test_a_controller_that_is_there_after_all() -> None:
    expectation = named(ALL, "linux.unified.controller-missing-error")
    config = _config(unified={"misc.max": "1"})
    with pytest.raises(Inconclusive):
        judged(expectation, _seen(config, {"misc.max": "x 1"}), V2)
    assert expectation.applies(_config(unified={"memory.pressure": "1", "pids.max": "1"}), V2) is False


def test_conversions_are_allowed() -> None:
    expectation, config = named(ALL, "linux.unified.conversion-allowed"), _config(memory={"limit": M})
    judged(expectation, accepted(config), V2)
    with pytest.raises(Violation):
        judged(expectation, refused(config), V2)


def _at(config: dict[str, Any], path: str, again: str = "") -> Record:
    made = record(config, running=snapshot(cgroups=Cgroups(paths={"pids": path}, directories={}, values={})))
    if again:
        made.snapshots[AGAIN] = snapshot(cgroups=Cgroups(paths={"pids": again}, directories={}, values={}))
    return made


def test_one_path_leads_to_one_place() -> None:
    consistent, config = named(ALL, "linux.cgroups.path.consistent"), _config()
    assert consistent.judge(config, V1, _at(config, "/box/one", "/box/one"))
    with pytest.raises(Violation):
        consistent.judge(config, V1, _at(config, "/box/one", "/box/two"))
    with pytest.raises(Inconclusive):
        consistent.judge(config, V1, _at(config, "/box/one"))


def test_a_missing_cgroup_is_made() -> None:
    judged(named(ALL, "linux.cgroups.created"), _at(_config(), "/box/one"), V1)
    with pytest.raises(Violation):
        judged(named(ALL, "linux.cgroups.created"), _at(_config(), "/elsewhere"), V1)


def test_places_of_the_runtimes_choice() -> None:
    relative = {"linux": {"cgroupsPath": "box"}}
    for requirement, config in (("linux.cgroups.path.relative", relative), ("linux.cgroups.path.default", {})):
        judged(named(ALL, requirement), _at(config, "/any"), V1)
        with pytest.raises(Violation):
            judged(named(ALL, requirement), _at(config, "/"), V1)
    more = named(ALL, "linux.cgroups.more-controllers")
    assert more.judge(_config(), V1, _at(_config(), "/any")).observed == ["pids"]
    with pytest.raises(Violation):
        more.judge(_config(), V1, _at(_config(), "/"))
