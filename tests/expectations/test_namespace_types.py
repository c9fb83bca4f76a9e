"""Types of namespaces, clocks, owners of files, and filesystems that programs expect: seen right, seen wrong, left open."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.bundle.config import base_config
from conformance.expectations import default_filesystems, devices, intel_rdt, namespace_types, personality, userns
from conformance.expectations.contract import Inconclusive, NotTestable, Unexercised, Violation
from conformance.record.record import Record
from conformance.record.snapshot import File
from specs.linux.namespaces import NAMESPACES
from tests.expectations.containers import Container, There, mount, with_mounts
from tests.expectations.records import (
    HOST_NAMESPACES,
    accepted,
    host,
    judged,
    named,
    operation,
    process,
    record,
    refused,
    snapshot,
)

SUPPORTED = named(namespace_types.EXPECTATIONS, "linux.namespaces.type.supported")
NO_CHOWN = named(userns.EXPECTATIONS, "linux.userns.no-chown")
FLAGS = named(personality.EXPECTATIONS, "linux.personality.flags.none")
RDT = named(intel_rdt.EXPECTATIONS, "linux.intelrdt.no-resctrl-error")
UNBUFFERED = named(devices.EXPECTATIONS, "linux.devices.type.u-like-c")
DIRECTORY = File(link=None, mode=0o040755, rdev=(0, 0), uid=0, gid=0, device=(0, 1), inode=2, size=0, entries=())


def _config(*kinds: str, **linux: Any) -> dict[str, Any]:
    return {"process": {"args": ["/probe"]}, "linux": {"namespaces": [{"type": kind} for kind in kinds], **linux}}


@pytest.mark.parametrize("kind", sorted(namespace_types.SHARED))
def test_each_type_is_another_than_the_runtimes(kind: str) -> None:
    expectation = named(namespace_types.EXPECTATIONS, f"linux.namespaces.type.{kind}")
    config, link = _config(kind), NAMESPACES[kind].proc
    judged(expectation, record(config, running=snapshot()))
    with pytest.raises(Violation):
        judged(expectation, record(config, running=snapshot(namespaces={link: HOST_NAMESPACES[link]})))
    with pytest.raises(Inconclusive):
        judged(expectation, record(config, running=snapshot(namespaces={})))
    with pytest.raises(Inconclusive):
        judged(expectation, record(config))
    assert expectation.applies(_config(), host()) is False
    joined = {"linux": {"namespaces": [{"type": kind, "path": "/run/it"}]}}
    assert expectation.applies(joined, host()) is False
    assert isinstance(expectation.applies(config, host(namespaces={})), NotTestable)


def _supporting(kind: str, made: Record, spec_version: str = "1.1.0") -> Record:
    made.runtime = replace(made.runtime, spec_version=spec_version)
    assert made.twin is not None
    made.config, made.twin.config = _config("mount", kind), _config("mount")
    return made


def test_a_type_is_no_reason_for_an_error() -> None:
    for kind in ("ipc", "time"):
        SUPPORTED.judge({}, host(), _supporting(kind, accepted({})))
        with pytest.raises(Violation):
            SUPPORTED.judge({}, host(), _supporting(kind, refused({})))
    with pytest.raises(Inconclusive):
        SUPPORTED.judge({}, host(), _supporting("ipc", refused({}, twin_runs=False)))
    with pytest.raises(Inconclusive):
        SUPPORTED.judge({}, host(), record(_config("ipc"), running=snapshot()))


def test_time_namespaces_came_later_and_not_every_kernel_has_them() -> None:
    with pytest.raises(Unexercised):
        SUPPORTED.judge({}, host(), _supporting("time", refused({}), "1.0.2-dev"))
    with pytest.raises(Unexercised):
        SUPPORTED.judge({}, host(), _supporting("time", refused({}), ""))
    with pytest.raises(Inconclusive):
        SUPPORTED.judge({}, host(user_namespaces=False), _supporting("user", refused({})))


def test_clocks() -> None:
    config = _config("time", timeOffsets={"monotonic": {"secs": -5, "nanosecs": 7}, "boottime": {"secs": 9}})
    right = record(config, running=snapshot(process=process(timens_offsets={"monotonic": (-5, 7), "boottime": (9, 0)})))
    wrong = record(config, running=snapshot(process=process(timens_offsets={"monotonic": (0, 0), "boottime": (9, 0)})))
    for part in ("secs", "nanosecs"):
        expectation = named(namespace_types.EXPECTATIONS, f"linux.timeoffsets.{part}.effect")
        judged(expectation, right)
        with pytest.raises(Violation):
            judged(expectation, wrong)
        with pytest.raises(Inconclusive):
            judged(expectation, record(config, running=snapshot()))
        assert expectation.applies(_config(timeOffsets={"monotonic": {"secs": 1, "nanosecs": 1}}), host()) is False
        assert expectation.applies(_config("time", timeOffsets={"other": {"secs": 1, "nanosecs": 1}}), host()) is False
        assert isinstance(expectation.applies(config, host(namespaces={})), NotTestable)


def _owned(uid: int, config: dict[str, Any]) -> Record:
    file = replace(DIRECTORY, uid=uid)
    return record(config, running=snapshot(files={"/": DIRECTORY, "/probe": file}))


def test_files_keep_their_owner() -> None:
    config = _config("user", uidMappings=[{"containerID": 0, "hostID": 100_000, "size": 10}])
    judged(NO_CHOWN, _owned(0, config))
    with pytest.raises(Violation):
        judged(NO_CHOWN, _owned(100_000, config))
    with pytest.raises(Inconclusive):
        judged(NO_CHOWN, record(config, running=snapshot()))
    covered = config | {"mounts": [{"destination": "/probe"}]}
    judged(NO_CHOWN, _owned(100_000, covered))
    same = _config("user", uidMappings=[{"containerID": 0, "hostID": 0, "size": 10}])
    assert NO_CHOWN.applies(same, host()) is False


def test_flags_of_the_personality_have_to_be_refused() -> None:
    config = _config(personality={"domain": "LINUX", "flags": ["X"]})
    judged(FLAGS, refused(config))
    with pytest.raises(Violation):
        judged(FLAGS, replaced_operations(accepted(config)))
    assert FLAGS.applies(_config(personality={"domain": "LINUX", "flags": []}), host()) is False


def replaced_operations(made: Record) -> Record:
    """Return it with a create and a start that report success."""
    made.operations = [operation("create"), operation("start")]
    return made


def test_intel_rdt_without_resctrl() -> None:
    config = _config(intelRdt={})
    judged(RDT, refused(config))
    with pytest.raises(Violation):
        judged(RDT, accepted(config))
    assert isinstance(RDT.applies(config, host(resctrl=True)), NotTestable)
    assert RDT.applies(_config(), host()) is False


def test_unbuffered_devices_and_fifos() -> None:
    config = base_config(oci_version="1.0.2")
    config["linux"]["devices"] = [{"path": "/dev/u", "type": "u", "major": 1, "minor": 3}, {"path": "/dev/p", "type": "p"}]
    fifo = There(mode=0o010600)
    right = Container(config, paths={"/dev/u": There(mode=0o020600, rdev=(1, 3)), "/dev/p": fifo})
    judged(UNBUFFERED, right.record(UNBUFFERED))
    for wrong in (fifo, There(mode=0o060600, rdev=(1, 3)), There(mode=0o020600, rdev=(1, 5))):
        with pytest.raises(Violation):
            judged(UNBUFFERED, Container(config, paths={"/dev/u": wrong, "/dev/p": fifo}).record(UNBUFFERED))


@pytest.mark.parametrize("name", sorted(default_filesystems.FILESYSTEMS))
def test_default_filesystems(name: str) -> None:
    point, fstype = default_filesystems.FILESYSTEMS[name]
    expectation = named(default_filesystems.EXPECTATIONS, f"linux.default-fs.{name}")
    config = with_mounts()
    judged(expectation, Container(config, (mount(2, point, fstype=fstype),)).record())
    with pytest.raises(Violation):
        judged(expectation, Container(config, (mount(2, point, fstype="ramfs"),)).record())
    with pytest.raises(Violation):
        judged(expectation, Container(config).record())
    with pytest.raises(Unexercised):
        judged(expectation, Container(with_mounts({"destination": point, "type": "ramfs"})).record())
    with pytest.raises(Unexercised):
        judged(expectation, Container(with_mounts(maskedPaths=[point])).record())
