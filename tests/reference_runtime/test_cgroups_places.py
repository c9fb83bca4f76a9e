"""Which hierarchies there are, where a cgroup lies in them, and when a container owns it."""

import os
from pathlib import Path
from typing import Any

import pytest

from reference_runtime.cgroups import delegation
from reference_runtime.cgroups.layout import of_controller, parse, unified
from reference_runtime.cgroups.manager import Manager
from reference_runtime.cgroups.paths import beside_own, chosen
from reference_runtime.fault import RuntimeFault

V2 = "29 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID = """31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /mnt/odd\\040place rw - cgroup cgroup rw,cpu,cpuacct
33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 31 0:36 / /sys/fs/cgroup/systemd rw shared:3 - cgroup cgroup rw,xattr,name=systemd
35 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""
LINES = "9:name=systemd:/a\n4:memory:/b\n2:cpu,cpuacct:/c\n0::/d\n"


def test_a_pure_v2_host() -> None:
    (only,) = parse("0::/user.slice\n", V2)
    assert (only.point, only.v2, only.own) == ("/sys/fs/cgroup", True, "/user.slice")


def test_a_hybrid_host_shows_what_is_mounted_at_the_usual_place() -> None:
    found = parse(LINES, HYBRID)
    assert [(each.point, each.controllers, each.own) for each in found] == [
        ("/sys/fs/cgroup/unified", (), "/d"),
        ("/sys/fs/cgroup/systemd", (), "/a"),
        ("/sys/fs/cgroup/cpu,cpuacct", ("cpu", "cpuacct"), "/c"),
    ]
    assert of_controller(found, "cpuacct") is found[2]
    assert of_controller(found, "memory") is None
    assert unified(found) is found[0]
    assert parse("0::/d\n", "") == []


def test_unusual_places_are_found_too() -> None:
    (cpu,) = parse("2:cpu,cpuacct:/c\n", HYBRID.splitlines()[1] + "\n")
    assert cpu.point == "/mnt/odd place"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("/a/b", "/a/b"),
        ("//a///b/", "/a/b"),
        ("a/b", "/user/a/b"),
        ("slice:prefix:name", "/user/slice:prefix:name"),
        (None, "/user/reference-runtime-c1"),
        ("", "/user/reference-runtime-c1"),
    ],
)
def test_paths(given: str | None, place: str) -> None:
    assert chosen(given, "c1", beside="/user/") == place
    assert chosen(given, "c1") == place.removeprefix("/user")


@pytest.mark.parametrize("given", ["/", "//", "/a/../b", "..", "a/./b", "/a\nb", "/" + "x" * 256])
def test_paths_that_lead_elsewhere_are_refused(given: str) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        chosen(given, "c1")
    assert refusal.value.where == "$.linux.cgroupsPath"


def test_the_place_beside_our_own() -> None:
    assert [beside_own(own) for own in ("/", "/a", "/user.slice/session.scope")] == ["/", "/", "/user.slice"]


MOUNT = {"destination": "/sys/fs/cgroup", "source": "cgroup", "type": "cgroup", "options": ["nosuid", "rw"]}
NAMESPACE = {"type": "cgroup"}


@pytest.mark.parametrize(
    ("namespace", "mount", "wanted"),
    [
        (NAMESPACE, MOUNT, True),
        (NAMESPACE, {**MOUNT, "options": None}, True),
        ({**NAMESPACE, "path": "/proc/1/ns/cgroup"}, MOUNT, False),
        ({"type": "pid"}, MOUNT, False),
        (NAMESPACE, {**MOUNT, "options": ["ro"]}, False),
        (NAMESPACE, {**MOUNT, "source": "cgroup2"}, False),
        (NAMESPACE, {**MOUNT, "destination": "/cgroup"}, False),
    ],
)
def test_a_container_owns_its_cgroup_if_and_only_if_the_spec_says_so(
    namespace: dict[str, Any], mount: dict[str, Any], *, wanted: bool
) -> None:
    assert delegation.wanted({"linux": {"namespaces": [namespace]}, "mounts": [{"destination": "/proc"}, mount]}) == wanted


@pytest.mark.skipif(os.geteuid() != 0, reason="changing owners needs root")
@pytest.mark.parametrize("listed", [True, False])
def test_only_listed_files_change_hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, listed: bool) -> None:
    cgroup = tmp_path / "c"
    cgroup.mkdir()
    for file in ("cgroup.procs", "cgroup.threads", "memory.oom.group", "memory.max"):
        (cgroup / file).touch()
    delegate = tmp_path / "delegate"
    if listed:
        delegate.write_text("cgroup.procs\nmemory.oom.group\nmemory.reclaim\n")
    monkeypatch.setattr(delegation, "_LIST", str(delegate))
    delegation.hand_over(str(cgroup), 1234)
    changed = {path.name for path in cgroup.iterdir() if path.stat().st_uid == 1234}
    assert cgroup.stat().st_uid == 1234
    assert changed == ({"cgroup.procs", "memory.oom.group"} if listed else {"cgroup.procs", "cgroup.threads"})


def test_a_manager_survives_its_record() -> None:
    manager = Manager(parse(LINES, HYBRID), "/p/c1")
    again = Manager.recorded(manager.record())
    assert (
        again.directories()
        == manager.directories()
        == {
            "": "/sys/fs/cgroup/unified/p/c1",
            "cpu": "/sys/fs/cgroup/cpu,cpuacct/p/c1",
            "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/p/c1",
        }
    )
    assert again.record() == manager.record()
