"""The allowed device list, judged on hand-made records."""

import errno
from typing import Any

import pytest

from conformance.expectations.contract import Inconclusive, NotTestable, Violation
from conformance.expectations.device_list import EXPECTATIONS, Device, rulings, try_device
from conformance.record.probe import Answer, CallResult
from conformance.record.record import Record
from conformance.record.snapshot import Cgroups, DeviceProgram
from tests.expectations.records import host, judged, named, process, record, snapshot

ALLOW = named(EXPECTATIONS, "linux.device-list.allow.effect")
LETTERS = named(EXPECTATIONS, "linux.device-list.access.letters")
ORDER = named(EXPECTATIONS, "linux.device-list.order")
TYPE = named(EXPECTATIONS, "linux.device-list.type.default")
NUMBERS = named(EXPECTATIONS, "linux.device-list.major-minor.default")
V1 = host(cgroup_layout="v1", cgroup_mounts={"devices": "/sys/fs/cgroup/devices"}, controllers=frozenset({"devices"}))
NOTHING = {"allow": False, "type": "a", "access": "rwm"}
DEVICE = Device("c", 121, 1)
ALLOWS_ALL = DeviceProgram(id=1, instructions=((0xB7, 0, 0, 0, 1), (0x95, 0, 0, 0, 0)))
ALLOWS_NOTHING = DeviceProgram(id=2, instructions=((0xB7, 0, 0, 0, 0), (0x95, 0, 0, 0, 0)))


def _entry(access: str = "rwm", *, allow: bool = True, minor: int = 1, **members: Any) -> dict[str, Any]:
    return {"allow": allow, "type": "c", "major": 121, "minor": minor, "access": access, **members}


def _config(*entries: dict[str, Any], **linux: Any) -> dict[str, Any]:
    return {"linux": {"resources": {"devices": list(entries)}, **linux}}


def _listed(config: dict[str, Any], *lines: str, **changes: Any) -> Record:
    cgroups = Cgroups(paths={}, directories={}, values={"devices.list": "\n".join(lines)})
    return record(config, running=snapshot(cgroups=cgroups), **changes)


def _tried(read: int, write: int) -> dict[Any, Answer]:
    results = (0, -read, -write, -errno.EBADF, -errno.EBADF, 0)
    return {try_device(DEVICE): Answer(tuple(map(CallResult, results)))}


def test_the_list_of_the_cgroup_decides() -> None:
    config = _config(_entry("rm"))
    judged(ALLOW, _listed(config, "c 121:1 rm"), V1)
    with pytest.raises(Violation):
        judged(ALLOW, _listed(config, "c 121:1 w"), V1)
    with pytest.raises(Violation):
        judged(ALLOW, _listed(_config(NOTHING), "c *:* rm"), V1)


def test_trying_decides_where_the_list_hides_its_exceptions() -> None:
    denied = _config(_entry("rw", allow=False))
    judged(ALLOW, _listed(denied, "a *:* rwm", answers=_tried(errno.EPERM, errno.EPERM)), V1)
    with pytest.raises(Violation):
        judged(ALLOW, _listed(denied, "a *:* rwm", answers=_tried(errno.EPERM, errno.ENXIO)), V1)
    with pytest.raises(Inconclusive):
        judged(ALLOW, _listed(denied, "a *:* rwm"), V1)


def test_a_denial_may_come_from_a_cgroup_above() -> None:
    config = _config(_entry())
    with pytest.raises(Inconclusive):
        judged(ALLOW, record(config, running=snapshot(), answers=_tried(errno.EPERM, errno.EPERM)))
    with pytest.raises(Inconclusive):
        judged(ALLOW, record(config, running=snapshot(device_programs=(ALLOWS_ALL, ALLOWS_NOTHING))))


def test_programs_of_version_2() -> None:
    judged(ALLOW, record(_config(_entry()), running=snapshot(device_programs=(ALLOWS_ALL,))))
    with pytest.raises(Violation):
        judged(ALLOW, record(_config(_entry()), running=snapshot(device_programs=(ALLOWS_NOTHING,))))
    judged(ALLOW, record(_config(NOTHING), running=snapshot(device_programs=(ALLOWS_NOTHING,))))
    with pytest.raises(Violation):
        judged(ALLOW, record(_config(NOTHING), running=snapshot(device_programs=())))


def test_letters() -> None:
    config = _config(NOTHING, _entry("rm"))
    judged(LETTERS, _listed(config, "c 121:1 rm"), V1)
    with pytest.raises(Violation):
        judged(LETTERS, _listed(config, "c 121:1 rwm"), V1)
    assert LETTERS.applies(_config(NOTHING, _entry()), V1) is False


def test_order() -> None:
    config = _config(_entry(), _entry(allow=False))
    judged(ORDER, _listed(config, "c *:* m"), V1)
    with pytest.raises(Violation):
        judged(ORDER, _listed(config, "c 121:1 rw"), V1)
    assert ORDER.applies(_config(_entry()), V1) is False


def test_type_and_numbers_that_are_not_set() -> None:
    everything = {"allow": True, "access": "rwm"}
    judged(TYPE, _listed(_config(everything), "b *:* rwm", "c *:* rwm"), V1)
    with pytest.raises(Violation):
        judged(TYPE, _listed(_config(everything), "c *:* rwm"), V1)
    blocks = {"allow": True, "type": "b", "access": "rw"}
    judged(NUMBERS, _listed(_config(blocks), "b *:* rw"), V1)
    with pytest.raises(Violation):
        judged(NUMBERS, _listed(_config(blocks), "b 0:0 rw"), V1)


@pytest.mark.parametrize(
    "entries",
    [
        [{"allow": True, "type": "a", "major": 121, "access": "rwm"}],
        [{"allow": False, "access": "r"}],
        [_entry(""), _entry()],
        [_entry("rwx")],
        [_entry(minor=-1)],
        [_entry(), {"allow": False, "type": "c", "major": 121, "access": "rw"}],
        [_entry(major=1, minor=3)],
        [_entry("m")],
    ],
)
def test_what_can_be_read_in_two_ways_is_left_out(entries: list[dict[str, Any]]) -> None:
    assert all(ruling.device.minor == 97 for ruling in rulings(_config(*entries)))
    assert not any(ruling.device == DEVICE for ruling in rulings(_config(*entries)))


def test_where_nobody_can_restrict_devices() -> None:
    assert ALLOW.applies(_config(NOTHING, namespaces=[{"type": "user"}]), V1) is False
    assert isinstance(ALLOW.applies(_config(NOTHING), host(cgroup_mounts={})), NotTestable)
    mapped = snapshot(process=process(uid_map=((0, 100000, 65536),)), device_programs=())
    with pytest.raises(Inconclusive):
        judged(ALLOW, record(_config(NOTHING), running=mapped))
