"""To whom the container's cgroup belongs, judged on hand-made records."""

from typing import Any

import pytest

from conformance.expectations.cgroup_owner import EXPECTATIONS
from conformance.expectations.contract import Inconclusive, NotTestable, Unexercised, Violation
from conformance.record.record import Record
from conformance.record.snapshot import Cgroups
from tests.expectations.containers import entry, with_mounts
from tests.expectations.records import accepted, host, judged, named, record, refused, snapshot

ALONE = {".": 0, "cgroup.procs": 0, "cgroup.threads": 0, "cgroup.subtree_control": 0, "pids.max": 0}
GIVEN = ALONE | {".": 1000, "cgroup.procs": 1000, "cgroup.threads": 1000, "cgroup.subtree_control": 1000}
MOUNT = entry("/sys/fs/cgroup", "cgroup", "", "rw")
V1 = host(cgroup_layout="v1", cgroup_mounts={"pids": "/sys/fs/cgroup/pids"}, controllers=frozenset({"pids"}))


def _config(*mounts: dict[str, Any], kinds: tuple[str, ...] = ("mount", "cgroup"), **linux: Any) -> dict[str, Any]:
    config = with_mounts(*mounts, namespaces=[{"type": kind} for kind in kinds], **linux)
    config["process"]["user"] = {"uid": 1000, "gid": 0}
    return config


def _owned(config: dict[str, Any], owners: dict[str, int], hierarchy: str = "") -> Record:
    seen = Cgroups(paths={hierarchy: "/box"}, directories={}, values={}, owners={hierarchy: owners})
    return record(config, running=snapshot(cgroups=seen))


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("not-without-mount", _config()),
        ("rw-mount-definition", _config(entry("/sys/fs/cgroup", "cgroup", "", "ro"))),
        ("only-new-cgroupns", _config(MOUNT, kinds=("mount",))),
    ],
)
def test_left_alone(name: str, config: dict[str, Any]) -> None:
    expectation = named(EXPECTATIONS, f"linux.cgroups.owner.{name}")
    judged(expectation, _owned(config, ALONE))
    with pytest.raises(Violation):
        judged(expectation, _owned(config, GIVEN))
    with pytest.raises(Inconclusive):
        judged(expectation, record(config, running=snapshot()))
    assert expectation.applies(_config(MOUNT), host()) is False
    assert isinstance(expectation.applies(config, V1), NotTestable)
    config["process"]["user"]["uid"] = 0
    assert expectation.applies(config, host()) is False


def test_left_alone_on_v1() -> None:
    expectation = named(EXPECTATIONS, "linux.cgroups.owner.not-v1")
    judged(expectation, _owned(_config(MOUNT), ALONE, "pids"), V1)
    with pytest.raises(Violation):
        judged(expectation, _owned(_config(MOUNT), GIVEN, "pids"), V1)
    assert isinstance(expectation.applies(_config(MOUNT), host()), NotTestable)


@pytest.mark.parametrize("name", ["only-delegate-files", "no-other-files"])
def test_no_further_files(name: str) -> None:
    expectation = named(EXPECTATIONS, f"linux.cgroups.owner.{name}")
    judged(expectation, _owned(_config(MOUNT), GIVEN))
    with pytest.raises(Violation):
        judged(expectation, _owned(_config(MOUNT), GIVEN | {"pids.max": 1000}))
    with pytest.raises(Unexercised):
        judged(expectation, _owned(_config(MOUNT), ALONE))


def test_every_delegate_file_that_is_there() -> None:
    existing = named(EXPECTATIONS, "linux.cgroups.owner.existing-files")
    judged(existing, _owned(_config(MOUNT), GIVEN))
    with pytest.raises(Violation):
        judged(existing, _owned(_config(MOUNT), GIVEN | {"cgroup.threads": 0}))


def test_without_a_list_of_the_kernel() -> None:
    fallback, without = named(EXPECTATIONS, "linux.cgroups.owner.fallback-list"), host(cgroup_delegate=None)
    judged(fallback, _owned(_config(MOUNT), GIVEN), without)
    for wrong in (GIVEN | {"cgroup.threads": 0}, GIVEN | {"pids.max": 1000}):
        with pytest.raises(Violation):
            judged(fallback, _owned(_config(MOUNT), wrong), without)
    assert isinstance(fallback.applies(_config(MOUNT), host()), NotTestable)


def test_missing_files_are_no_reason_to_fail() -> None:
    missing, config = named(EXPECTATIONS, "linux.cgroups.owner.missing-files-no-fail"), _config(MOUNT)
    assert judged(missing, _owned(config, GIVEN)).observed == ["memory.oom.group"]
    with pytest.raises(Violation):
        judged(missing, refused(config))
    with pytest.raises(Inconclusive):
        judged(missing, refused(config, twin_runs=False))
    with pytest.raises(Inconclusive):
        judged(missing, _owned(config, GIVEN | {"memory.oom.group": 1000}))
    with pytest.raises(Inconclusive):
        judged(missing, accepted(config))


@pytest.mark.parametrize("name", ["allowed", "iff-rw-mount"])
def test_the_change_itself_is_recorded(name: str) -> None:
    expectation = named(EXPECTATIONS, f"linux.cgroups.owner.{name}")
    judged(expectation, _owned(_config(MOUNT), GIVEN))
    with pytest.raises(Violation):
        judged(expectation, _owned(_config(MOUNT), ALONE))


def test_the_user_is_that_of_the_host() -> None:
    mapped = _config(
        kinds=("mount", "cgroup", "user"),
        uidMappings=[{"containerID": 0, "hostID": 0, "size": 1000}, {"containerID": 1000, "hostID": 7000, "size": 9}],
    )
    expectation = named(EXPECTATIONS, "linux.cgroups.owner.not-without-mount")
    judged(expectation, _owned(mapped, GIVEN))
    with pytest.raises(Violation):
        judged(expectation, _owned(mapped, ALONE | {".": 7000}))
    joined = _config()
    joined["linux"]["namespaces"].append({"type": "user", "path": "/ns"})
    assert expectation.applies(joined, host()) is False
