"""Reading cgroup hierarchies and laying out lanes, on the texts of hosts unlike this one."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.host.cgroup_views import distinct, planned
from conformance.host.hierarchies import (
    CannotJailError,
    cgroup_mounts,
    free_v1_controllers,
    hierarchies,
    mounted_fstype,
    v2_parent,
)

_SYSTEMD = "0::/user.slice/user-0.slice/session-3.scope\n"
_SYSTEMD_MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
"""
_CONTAINER = "7:cpu,cpuacct:/docker/f00\n6:freezer:/docker/f00\n1:name=systemd:/docker/f00\n0::/docker/f00\n"
_CONTAINER_MOUNTS = """\
40 39 0:50 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
41 40 0:30 /docker/f00 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpuacct,cpu
42 40 0:31 /docker/f00 /sys/fs/cgroup/free\\040zer ro - cgroup cgroup rw,xattr,freezer
43 40 0:32 /docker/f00 /sys/fs/cgroup/systemd ro - cgroup cgroup rw,xattr,name=systemd
"""
_CGROUPS = """\
#subsys_name\thierarchy\tnum_cgroups\tenabled
cpu\t7\t9\t1
memory\t0\t9\t1
net_cls\t0\t1\t1
net_prio\t0\t1\t0
"""


def test_a_v2_host() -> None:
    (unified,) = hierarchies(_SYSTEMD, _SYSTEMD_MOUNTS)
    assert unified.place() == ("/sys/fs/cgroup/user.slice/user-0.slice/session-3.scope", "/sys/fs/cgroup")
    assert mounted_fstype(_SYSTEMD_MOUNTS, "/sys/fs/cgroup") == "cgroup2"


def test_a_container_on_v1() -> None:
    cpu, freezer, systemd, unified = hierarchies(_CONTAINER, _CONTAINER_MOUNTS)
    assert cpu.controllers == {"cpu", "cpuacct"}
    assert cpu.place() == ("/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct")
    assert freezer.place()[0] == "/sys/fs/cgroup/free zer"
    assert not systemd.controllers
    assert not unified.mounts


@pytest.mark.parametrize(("path", "root"), [("/../..", "/"), ("/elsewhere", "/docker/f00"), ("/docker/f00d", "/docker/f00")])
def test_a_cgroup_that_no_mount_shows(path: str, root: str) -> None:
    mountinfo = f"30 21 0:26 {root} /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
    with pytest.raises(CannotJailError, match="no mount here shows the current cgroup"):
        hierarchies(f"0::{path}\n", mountinfo)[0].place()


def test_free_controllers_are_enabled_and_on_neither_version() -> None:
    assert free_v1_controllers(_CGROUPS, ["memory"]) == ("net_cls",)
    assert free_v1_controllers(_CGROUPS, []) == ("memory", "net_cls")


def test_the_v1_view_of_co_mounted_controllers_has_an_alias_for_each() -> None:
    view = planned("v1", hierarchies(_CONTAINER, _CONTAINER_MOUNTS), ())
    assert [point for point, _ in view.mounts] == [f"/sys/fs/cgroup/{name}" for name in ("cpu,cpuacct", "freezer", "systemd")]
    assert view.links == (("/sys/fs/cgroup/cpu", "cpu,cpuacct"), ("/sys/fs/cgroup/cpuacct", "cpu,cpuacct"))


def test_the_host_view_keeps_points_and_links() -> None:
    links = (("/sys/fs/cgroup/cpu", "cpu,cpuacct"),)
    view = planned("host", hierarchies(_CONTAINER, _CONTAINER_MOUNTS), links)
    assert sorted(point for point, _ in view.mounts) == sorted(mount.point for mount in cgroup_mounts(_CONTAINER_MOUNTS))
    assert view.links == links


@pytest.mark.parametrize(
    ("lane", "cgroup", "mountinfo", "reason"),
    [
        ("v1", _SYSTEMD, _SYSTEMD_MOUNTS, "v1 view: this kernel has no free cgroup v1 controller"),
        ("v1", "1:name=systemd:/docker/f00\n", _CONTAINER_MOUNTS, "v1 view: this kernel has no free cgroup v1 controller"),
        ("v2", _CONTAINER, _CONTAINER_MOUNTS, "v2 view: cgroup v2 is not mounted here"),
        ("v2", "6:freezer:/docker/f00\n", _CONTAINER_MOUNTS, "v2 view: this kernel has no cgroup v2"),
    ],
)
def test_a_view_that_the_host_cannot_have(lane: str, cgroup: str, mountinfo: str, reason: str) -> None:
    with pytest.raises(CannotJailError, match=reason):
        planned(lane, hierarchies(cgroup, mountinfo), ())


_HYBRID_MOUNTS = _CONTAINER_MOUNTS + "44 40 0:33 /docker/f00 /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n"
_TWICE_MOUNTS = _SYSTEMD_MOUNTS + "31 21 0:26 / /mnt/cgroups rw - cgroup2 cgroup2 rw\n"


@pytest.mark.parametrize(
    ("cgroup", "mountinfo", "lanes"),
    [
        (_SYSTEMD, _SYSTEMD_MOUNTS, ("host", "v1")),
        ("1:name=systemd:/\n" + _SYSTEMD, _SYSTEMD_MOUNTS, ("host", "v1")),
        (_SYSTEMD, _TWICE_MOUNTS, ("host", "v1", "v2")),
        (_CONTAINER, _HYBRID_MOUNTS, ("host", "v1", "v2")),
        (_CONTAINER, _CONTAINER_MOUNTS, ("host", "v1", "v2")),
    ],
    ids=["pure-v2", "named-v1-not-mounted", "v2-at-two-places", "hybrid", "v1"],
)
def test_no_layout_has_two_lanes(cgroup: str, mountinfo: str, lanes: tuple[str, ...]) -> None:
    assert distinct(hierarchies(cgroup, mountinfo), ()) == lanes


def _tree(top: Path, cgroups: Mapping[str, tuple[str, str, str]], *, real_root: bool) -> None:
    """Write cgroups as (controllers, subtree_control, procs)."""
    for path, (controllers, subtree_control, procs) in cgroups.items():
        directory = top / path
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "cgroup.controllers").write_text(controllers)
        (directory / "cgroup.subtree_control").write_text(subtree_control)
        (directory / "cgroup.procs").write_text(procs)
        if path or not real_root:
            (directory / "cgroup.type").write_text("domain\n")


def test_below_a_systemd_scope_the_session_goes_where_all_controllers_are(tmp_path: Path) -> None:
    slices = {
        "": ("cpu io memory pids", "memory pids", "2\n"),
        "user.slice": ("memory pids", "pids", ""),
        "user.slice/session-3.scope": ("pids", "", "77\n"),
    }
    _tree(tmp_path, slices, real_root=True)
    scope = f"{tmp_path}/user.slice/session-3.scope"
    assert v2_parent(scope, str(tmp_path)) == (str(tmp_path), frozenset({"cpu", "io", "memory", "pids"}))


def test_the_nearest_of_equal_places_wins(tmp_path: Path) -> None:
    _tree(tmp_path, {"": ("pids", "pids", ""), "a": ("pids", "pids", ""), "a/harness": ("pids", "", "1\n")}, real_root=True)
    assert v2_parent(f"{tmp_path}/a/harness", str(tmp_path)) == (f"{tmp_path}/a", frozenset({"pids"}))


def test_a_container_whose_root_cgroup_has_processes_is_refused(tmp_path: Path) -> None:
    _tree(tmp_path, {"": ("cpu memory", "", "1\n")}, real_root=False)
    with pytest.raises(CannotJailError, match="has processes of its own"):
        v2_parent(str(tmp_path), str(tmp_path))


def test_a_v2_hierarchy_without_controllers_is_used_as_it_is(tmp_path: Path) -> None:
    _tree(tmp_path, {"": ("", "", "1\n")}, real_root=True)
    assert v2_parent(str(tmp_path), str(tmp_path)) == (str(tmp_path), frozenset())
