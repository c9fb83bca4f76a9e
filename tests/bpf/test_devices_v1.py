"""The meaning of devices.list, against the kernel: a child in a real v1 cgroup tries each access."""

import itertools
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from conformance.bpf.devices_v1 import allows
from tests.bpf.device_child import attempts

DEVICES = Path("/sys/fs/cgroup/devices")
RULES = ("c 1:3 rw", "c 1:5 r", "c 1:7 w", "c *:9 m", "c 1:* m", "b 7:* m", "b *:3 r")
Kind = Literal["b", "c"]


@pytest.fixture
def cgroup() -> Iterator[Path]:
    if os.geteuid() != 0 or not (DEVICES / "devices.list").exists():
        pytest.skip("needs root and the devices controller of cgroup v1")
    directory = DEVICES / f"observe-{uuid.uuid4().hex[:12]}"
    directory.mkdir()
    yield directory
    directory.rmdir()


def test_the_kernel_decides_the_same(cgroup: Path) -> None:
    (cgroup / "devices.deny").write_text("a")
    for rule in RULES:
        (cgroup / "devices.allow").write_text(rule)
    lines = (cgroup / "devices.list").read_text().splitlines()
    assert sorted(lines) == sorted(RULES)
    kinds: tuple[Kind, ...] = ("b", "c")
    asked = list(itertools.product(kinds, (1, 2, 7), (3, 5, 7, 9), ("r", "w", "rw", "m")))
    real = attempts(str(cgroup / "cgroup.procs"), asked)
    computed = [allows(lines, kind=kind, major=major, minor=minor, access=access) for kind, major, minor, access in asked]
    assert dict(zip(asked, computed, strict=True)) == dict(zip(asked, real, strict=True))
    assert len(set(real)) == 2


def test_a_cgroup_that_allows_by_default(cgroup: Path) -> None:
    lines = (cgroup / "devices.list").read_text().splitlines()
    assert lines == ["a *:* rwm"]
    assert allows(lines, kind="b", major=123, minor=45, access="rwm")


def test_one_line_must_grant_the_whole_request() -> None:
    lines = ["c 1:3 r", "c 1:3 w"]
    assert allows(lines, kind="c", major=1, minor=3, access="r")
    assert not allows(lines, kind="c", major=1, minor=3, access="rw")


@pytest.mark.parametrize("lines", [["x 1:3 r"], ["c 1:3"], ["c 1 r"], ["c 1:3 rz"]])
def test_another_form_is_an_error(lines: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        allows(lines, kind="c", major=1, minor=3, access="r")


@pytest.mark.parametrize("access", ["", "z"])
def test_access_letters(access: str) -> None:
    with pytest.raises(ValueError, match="access"):
        allows([], kind="c", major=1, minor=3, access=access)


def test_attempts_see_a_cgroup_without_rules() -> None:
    """Control: the same attempts in the harness's own cgroup are allowed, so that a refusal is the cgroup's."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    assert attempts("", [("c", 1, 3, "rw"), ("b", 7, 3, "m"), ("c", 2, 9, "r")]) == [True, True, True]
