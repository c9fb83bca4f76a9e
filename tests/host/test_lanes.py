"""Each lane shows the cgroups that it should, and a runtime's cgroups land in the session's own."""

import os
from pathlib import Path

import pytest

from conformance.host.hierarchies import cgroup_mounts, hierarchies, read
from tests.host.jails import Start, bundle, command_line, each_lane, jailed, needs_root, needs_runc, shell, traces


def _shown(lane: str, workdir: Path) -> tuple[str, str]:
    done = jailed("cat", "/proc/self/mountinfo", "/proc/self/cgroup", lane=lane, workdir=workdir)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if " - " in line), "".join(line for line in lines if " - " not in line)


@needs_root
def test_the_host_lane_has_the_layout_of_the_host(tmp_path: Path) -> None:
    mountinfo, _ = _shown("host", tmp_path)
    here = {(mount.point, mount.v2) for mount in cgroup_mounts(read("/proc/self/mountinfo"))}
    assert {(mount.point, mount.v2) for mount in cgroup_mounts(mountinfo)} == here


@needs_root
def test_the_v1_lane_has_v1_hierarchies_alone(tmp_path: Path) -> None:
    mountinfo, _ = _shown("v1", tmp_path)
    mounts = cgroup_mounts(mountinfo)
    assert mounts
    assert not any(mount.v2 for mount in mounts)
    assert all(mount.point.startswith("/sys/fs/cgroup/") for mount in mounts)
    active = {hierarchy.name for hierarchy in hierarchies(read("/proc/self/cgroup"), "") if hierarchy.name}
    assert {mount.point.removeprefix("/sys/fs/cgroup/") for mount in mounts} >= {
        name.removeprefix("name=") for name in active if "," not in name
    }


@needs_root
def test_the_v1_lane_adds_controllers_that_the_kernel_has_free(tmp_path: Path) -> None:
    rows = {line.split()[0]: line.split()[1] for line in read("/proc/cgroups").splitlines()[1:]}
    free = {name for name in ("net_cls", "net_prio", "perf_event", "freezer", "devices") if name in rows}
    if not free:
        pytest.skip("this kernel has none of the controllers that only v1 shows")
    mountinfo, _ = _shown("v1", tmp_path)
    assert free <= {option for mount in cgroup_mounts(mountinfo) for option in mount.options}


@needs_root
def test_the_v2_lane_has_the_unified_hierarchy_alone(tmp_path: Path) -> None:
    mountinfo, _ = _shown("v2", tmp_path)
    assert [(mount.point, mount.v2) for mount in cgroup_mounts(mountinfo)] == [("/sys/fs/cgroup", True)]


@needs_root
def test_a_view_in_a_view_takes_its_place(tmp_path: Path) -> None:
    inner = command_line("cat", "/proc/self/mountinfo", lane="v2", workdir=tmp_path)
    done = jailed(*inner, lane="v2", workdir=tmp_path)
    assert [mount.root for mount in cgroup_mounts(done.stdout)] == ["/"]


@needs_root
@each_lane
def test_the_command_sees_its_own_cgroups_as_roots(lane: str, tmp_path: Path) -> None:
    mountinfo, cgroup = _shown(lane, tmp_path)
    assert {mount.root for mount in cgroup_mounts(mountinfo)} <= {"/"}
    for hierarchy in hierarchies(cgroup, mountinfo):
        if hierarchy.mounts:
            assert hierarchy.path == ("/" if hierarchy.name else "/harness")


@needs_root
@pytest.mark.parametrize("lane", ["host", "v2"])
def test_v2_controllers_are_handed_on_to_containers(lane: str, tmp_path: Path) -> None:
    script = """
        [ -e /sys/fs/cgroup/unified ] && cd /sys/fs/cgroup/unified || cd /sys/fs/cgroup
        cat cgroup.controllers; mkdir container; cat container/cgroup.controllers; wc -l < cgroup.procs"""
    if not any(mount.v2 for mount in cgroup_mounts(read("/proc/self/mountinfo"))):
        pytest.skip("no cgroup v2 here")
    offered, handed_on, processes = jailed("sh", "-c", script, lane=lane, workdir=tmp_path).stdout.split("\n")[:3]
    assert offered == handed_on
    assert processes == "0"
    top = next(mount.point for mount in cgroup_mounts(read("/proc/self/mountinfo")) if mount.v2)
    if not os.path.exists(f"{top}/cgroup.type"):
        assert offered.split() == read(f"{top}/cgroup.controllers").split()


@needs_runc
@pytest.mark.parametrize("lane", ["v1", "v2"])
def test_an_absolute_cgroups_path_lands_in_the_sessions_own_directory(lane: str, tmp_path: Path, start: Start) -> None:
    """Created with runc, looked for from outside the jail, deleted."""
    with_limit = bundle(tmp_path / "bundle", cgroupsPath="/oci/below", resources={})
    lines = [
        f"runc create -b {with_limit} jailed </dev/null >/dev/null || exit 9",
        "echo created; read line; runc delete --force jailed; echo deleted; read line",
    ]
    jailed("true", lane=lane, workdir=tmp_path)
    started = start(*shell(lines), lane=lane, workdir=tmp_path)
    assert started.said() == "created"
    created = [trace for trace in traces(started.name, tmp_path) if trace.endswith(f"{started.name}/oci/below")]
    started.tell()
    assert started.said() == "deleted"
    deleted = [trace for trace in traces(started.name, tmp_path) if trace.endswith("/oci/below")]
    started.tell()
    assert started.janitor.wait(timeout=20) == 0
    assert created
    assert not deleted
    assert not traces(started.name, tmp_path)
