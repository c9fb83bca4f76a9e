"""Device programs of cgroup v2: what runc loaded decides as its config says, and as the kernel does."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from conformance.bpf.ebpf import allows
from conformance.observe import devices
from conformance.observe.snapshot import snapshot
from conformance.observe.wants import Wants
from conformance.record.snapshot import DeviceProgram, Snapshot
from tests.bpf.device_child import attempts
from tests.observe.containers import base_config, container, needs_runc
from tests.observe.hosts import cgroup_mounts

pytestmark = needs_runc

V2_VIEW = ("unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount -t cgroup2 none /sys/fs/cgroup; exec "$@"', "sh")
RULES: list[dict[str, object]] = [
    {"allow": False, "access": "rwm"},
    {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"},
    {"allow": True, "type": "b", "major": 7, "access": "r"},
    {"allow": True, "type": "c", "major": 4, "minor": 64, "access": "r"},
]


@pytest.fixture(scope="module")
def seen() -> Iterator[Snapshot]:
    mounts = cgroup_mounts()
    if "" not in mounts:
        pytest.skip("needs a cgroup v2 hierarchy")
    config = base_config()
    config["linux"]["resources"] = {"devices": RULES}
    with container(config, prefix=V2_VIEW) as running:
        yield snapshot(running.pid, wants=Wants(cgroup_mounts=mounts, device_programs=True))


def programs(seen: Snapshot) -> tuple[DeviceProgram, ...]:
    assert seen.device_programs
    return seen.device_programs


EXPECTED: dict[tuple[Literal["b", "c"], int, int, str], bool] = {
    ("c", 10, 229, "rw"): True,
    ("c", 10, 229, "r"): True,
    ("c", 10, 228, "r"): False,
    ("b", 7, 200, "r"): True,
    ("b", 7, 200, "w"): False,
    ("b", 7, 200, "rw"): False,
    ("c", 4, 64, "r"): True,
    ("c", 4, 64, "w"): False,
    ("b", 10, 229, "r"): False,
    ("c", 1, 3, "rwm"): True,  # /dev/null is a default device
}


def test_as_configured(seen: Snapshot) -> None:
    loaded = programs(seen)
    assert {
        (kind, major, minor, access): allows(loaded, kind=kind, major=major, minor=minor, access=access)
        for kind, major, minor, access in EXPECTED
    } == EXPECTED


def test_as_the_kernel_decides(seen: Snapshot) -> None:
    kinds: tuple[Literal["b", "c"], ...] = ("b", "c")
    asked = list(itertools.product(kinds, (1, 7, 10), (3, 5, 12, 229), ("r", "w", "rw", "m")))
    computed = [allows(programs(seen), kind=kind, major=a, minor=b, access=access) for kind, a, b, access in asked]
    real = attempts(f"{seen.cgroups.directories['']}/cgroup.procs", asked)
    assert dict(zip(asked, computed, strict=True)) == dict(zip(asked, real, strict=True))
    assert len(set(real)) == 2


def test_inherited_programs_are_seen(seen: Snapshot) -> None:
    inner = Path(seen.cgroups.directories[""]) / "inner"
    inner.mkdir()
    try:
        assert devices.observe(str(inner)) == programs(seen)
    finally:
        inner.rmdir()


def test_a_cgroup_without_programs() -> None:
    mounts = cgroup_mounts()
    if "" not in mounts:
        pytest.skip("needs a cgroup v2 hierarchy")
    assert devices.observe(mounts[""]) == ()
    with pytest.raises(FileNotFoundError):
        devices.observe(mounts[""] + "/no-such-cgroup")
