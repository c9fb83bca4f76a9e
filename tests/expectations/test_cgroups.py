"""The chapter on control groups, judged on hand-made records."""

import errno
from typing import Any

import pytest

from conformance.expectations import cgroup_paths
from conformance.expectations.cgroups import EXPECTATIONS, forks
from conformance.expectations.contract import Inconclusive, NotTestable, Violation
from conformance.record.host import Host
from conformance.record.probe import Answer, CallResult
from conformance.record.record import Record
from conformance.record.snapshot import Cgroups
from tests.expectations.records import host, judged, named, process, record, snapshot

PATH = named(cgroup_paths.EXPECTATIONS, "linux.cgroups.path.absolute")
PIDS = named(EXPECTATIONS, "linux.pids.limit.effect")
V1 = host(
    cgroup_layout="v1",
    cgroup_mounts={name: f"/sys/fs/cgroup/{name}" for name in ("cpu", "cpuset", "memory", "pids", "name=systemd")},
    controllers=frozenset({"cpu", "cpuset", "memory", "pids"}),
    numa_nodes=2,
)
V2 = host(numa_nodes=2)


def _config(**resources: Any) -> dict[str, Any]:
    return {"linux": {"cgroupsPath": "/box/one", "resources": resources}}


def _seen(config: dict[str, Any], *, paths: dict[str, str] | None = None, values: dict[str, str] | None = None) -> Record:
    return record(config, running=snapshot(cgroups=Cgroups(paths=paths or {}, directories={}, values=values or {})))


def test_the_path_is_demanded_only_of_hierarchies_that_limits_need() -> None:
    paths = {"pids": "/box/one", "memory": "/", "name=systemd": "/"}
    judged(PATH, _seen(_config(pids={"limit": 30}), paths=paths), V1)
    with pytest.raises(Violation):
        judged(PATH, _seen(_config(memory={"limit": 1 << 26}), paths=paths), V1)


def test_the_path_has_to_be_in_some_hierarchy() -> None:
    judged(PATH, _seen(_config(), paths={"": "/box/one/leaf"}))
    with pytest.raises(Violation):
        judged(PATH, _seen(_config(), paths={"": "/elsewhere/box/one"}))
    with pytest.raises(Violation):
        judged(PATH, _seen(_config(), paths={"name=systemd": "/box/one", "pids": "/box/two"}), V1)
    with pytest.raises(Inconclusive):
        judged(PATH, _seen(_config(), paths={"memory": "/"}))


@pytest.mark.parametrize("path", ["box", "/", "/a/../b", "//a", "system.slice:runc:a", None, 3])
def test_other_paths_are_left_out(path: object) -> None:
    assert PATH.applies({"linux": {"cgroupsPath": path}}, host()) is False


def _forked(observed: str, fork: int) -> Record:
    made = _seen(_config(pids={"limit": 30}), values={"pids.max": observed})
    made.answers = {forks(30): Answer((CallResult(fork),))}
    return made


def test_a_fork_beyond_the_limit_has_to_fail() -> None:
    judged(PIDS, _forked("30", -errno.EAGAIN))
    for wrong in (_forked("max", -errno.EAGAIN), _forked("31", -errno.EAGAIN), _forked("30", 35)):
        with pytest.raises(Violation):
            judged(PIDS, wrong)
    with pytest.raises(Inconclusive):
        judged(PIDS, _forked("30", -errno.ENOMEM))


def test_as_many_forks_are_tried_as_the_limit_allows_processes() -> None:
    (action,) = PIDS.probes(_config(pids={"limit": 30}), host())
    assert (action.calls[0].times, action.calls[0].pause_if_zero, action.destructive) == (30, True, True)
    assert PIDS.probes(_config(pids={"limit": 100_000}), host()) == []


NUMBERS = [
    ("linux.memory.limit.effect", {"memory": {"limit": 1 << 26}}, V1, "memory.limit_in_bytes", "67108864", "67104768"),
    ("linux.memory.limit.effect", {"memory": {"limit": 1 << 26}}, V2, "memory.max", "67108864", "max"),
    ("linux.memory.limit.effect", {"memory": {"limit": 100001}}, V2, "memory.max", "98304", "102400"),
    ("linux.memory.reservation.effect", {"memory": {"reservation": 1 << 26}}, V1, "memory.soft_limit_in_bytes", "67108864", "0"),
    ("linux.cpu.quota.effect", {"cpu": {"quota": 7000}}, V1, "cpu.cfs_quota_us", "7000", "-1"),
    ("linux.cpu.quota.effect", {"cpu": {"quota": 7000}}, V2, "cpu.max", "7000 100000", "max 100000"),
    ("linux.cpu.period.effect", {"cpu": {"period": 50000}}, V1, "cpu.cfs_period_us", "50000", "100000"),
    ("linux.cpu.period.effect", {"cpu": {"period": 50000}}, V2, "cpu.max", "max 50000", "50000 100000"),
    ("linux.cpu.shares.effect", {"cpu": {"shares": 517}}, V1, "cpu.shares", "517", "1024"),
    ("linux.cpu.shares.effect", {"cpu": {"shares": 1 << 20}}, V1, "cpu.shares", "262144", "1048576"),
    ("linux.cpu.cpus.effect", {"cpu": {"cpus": "0-1"}}, V1, "cpuset.cpus", "0,1", "0-2"),
    ("linux.cpu.mems.effect", {"cpu": {"mems": "0,1"}}, V2, "cpuset.mems", "0-1", "0"),
]


@pytest.mark.parametrize("number", NUMBERS, ids=[f"{row[3]} {row[4]}" for row in NUMBERS])
def test_control_files(number: tuple[str, dict[str, Any], Host, str, str, str]) -> None:
    requirement, resources, on, file, right, wrong = number
    expectation, config = named(EXPECTATIONS, requirement), _config(**resources)
    judged(expectation, _seen(config, values={file: right}), on)
    with pytest.raises(Violation):
        judged(expectation, _seen(config, values={file: wrong}), on)
    with pytest.raises(Inconclusive):
        judged(expectation, _seen(config), on)
    with pytest.raises(Inconclusive):
        judged(expectation, record(config), on)
    assert isinstance(expectation.applies(config, host(controllers=frozenset())), NotTestable)
    assert expectation.applies(_config(), on) is False


def test_processors_in_use_have_to_be_among_the_listed() -> None:
    cpus, config = named(EXPECTATIONS, "linux.cpu.cpus.effect"), _config(cpu={"cpus": "0"})
    made = _seen(config, values={"cpuset.cpus": "0"})
    with pytest.raises(Violation):
        judged(cpus, made)  # the ordinary process may run on 0 and 1
    made.snapshots["running"] = snapshot(process=process(cpus_allowed=frozenset({0})), cgroups=made.snapshots["running"].cgroups)
    judged(cpus, made)


@pytest.mark.parametrize(
    ("requirement", "resources"),
    [
        ("linux.cpu.shares.effect", {"cpu": {"shares": 517}}),
        ("linux.memory.reservation.effect", {"memory": {"reservation": 1 << 26}}),
        ("linux.memory.limit.effect", {"memory": {"limit": 1 << 26}, "unified": {"memory.max": "max"}}),
        ("linux.memory.limit.effect", {"memory": {"limit": -1}}),
        ("linux.cpu.cpus.effect", {"cpu": {"cpus": "0-"}}),
        ("linux.pids.limit.effect", {"pids": {"limit": 0}}),
    ],
)
def test_what_the_text_leaves_open_on_v2(requirement: str, resources: dict[str, Any]) -> None:
    assert named(EXPECTATIONS, requirement).applies(_config(**resources), host()) is False


def test_an_idle_cgroup_has_shares_of_its_own() -> None:
    assert named(EXPECTATIONS, "linux.cpu.shares.effect").applies(_config(cpu={"shares": 517, "idle": 1}), V1) is False


def test_one_memory_node_leaves_nothing_to_choose() -> None:
    mems = named(EXPECTATIONS, "linux.cpu.mems.effect")
    assert isinstance(mems.applies(_config(cpu={"mems": "0"}), host(numa_nodes=1)), NotTestable)
