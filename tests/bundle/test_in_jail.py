"""Set-up, removal and real containers, inside session jails of their own; inside.py has what happens there."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.bundle.config import base_config
from conformance.host.cgroup_views import LANES
from specs.linux.capabilities import mask
from tests.host.jails import jailed, needs_root

pytestmark = needs_root
each_lane = pytest.mark.parametrize("lane", LANES)
each_runtime = pytest.mark.parametrize("runtime", ["runc", "crun"])


@pytest.fixture
def workdir() -> Iterator[Path]:
    """Return a directory with a short name, since hooks connect to a socket below it; it is empty again at the end."""
    directory = tempfile.mkdtemp(prefix="oci-")
    yield Path(directory)
    os.rmdir(directory)


def scenario(workdir: Path, *arguments: str, lane: str = "host") -> dict[str, Any]:
    """Run a scenario of inside.py in a jail and return what it reports."""
    done = jailed(sys.executable, "-m", "tests.bundle.inside", *arguments, workdir=workdir, lane=lane)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert isinstance(report, dict)
    return report


def runtime_path(runtime: str, lane: str) -> str:
    path = shutil.which(runtime)
    if path is None:
        pytest.skip(f"{runtime} is not installed")
    if runtime == "crun" and lane == "host" and os.path.isdir("/sys/fs/cgroup/unified"):
        pytest.skip("crun refuses a hybrid cgroup layout")
    return path


def test_every_kind_of_namespace_is_held_and_let_go(workdir: Path) -> None:
    report = scenario(workdir, "namespaces")
    made = report["made"]
    assert {"network", "uts", "ipc", "pid", "mount", "user", "cgroup"} <= set(made)
    assert not set(made.values()) & set(report["ours"].values())
    assert all(report["devices"])
    for kind, text in report["entered"].items():
        pid, uid, inode = (int(word) for word in text.split())
        assert uid == 0
        # A process in the held pid namespace still reads the jail's /proc, and so cannot look itself up there.
        assert kind == "pid" or inode == made[kind]
        assert (pid < 10) == (kind == "pid") or kind != "pid"
    assert report["foreign"] == {f"namespace my-{kind}": True for kind in made}
    assert report["lost"] == [report["first"]]
    assert report["unchanged"]
    assert report["files"] == []


def test_mounts_are_made_as_wanted_and_removed(workdir: Path) -> None:
    report = scenario(workdir, "mounts")
    first, second = (line.split() for line in report["lines"])
    assert first[4].endswith("/c1-host/a")
    assert {"ro", "noexec"} <= set(first[5].split(","))
    assert "size=64k" in first[-1]
    assert "shared:" not in " ".join(first)
    assert second[4].endswith("/c1/rootfs/srv")
    assert second[6].startswith("shared:")
    assert set(report["foreign"].values()) == {True}
    assert set(report["after"].values()) == {False}
    assert report["unchanged"]


def test_a_set_up_that_fails_midway_leaves_nothing(workdir: Path) -> None:
    report = scenario(workdir, "failure")
    assert "/no/such/place" in report["message"]
    assert report["unchanged"]


def test_removal_does_not_reach_through_mounts(workdir: Path) -> None:
    assert scenario(workdir, "leftovers") == {"seen": 5, "precious": ["file"], "gone": True}


@each_runtime
@each_lane
def test_base_config_runs_and_the_probe_answers(runtime: str, lane: str, workdir: Path) -> None:
    report = scenario(workdir, "plain", runtime_path(runtime, lane), lane=lane)
    assert [report[operation] for operation in ("create", "start", "kill", "delete")] == [0, 0, 0, 0]
    assert (report["getpid"], report["uid"]) == (1, 0)
    seen = report["seen"]
    assert seen["program"]
    assert sorted(seen["own"]) == ["cgroup", "ipc", "mnt", "net", "pid", "uts"]
    granted = base_config(oci_version="1.0.2")["process"]["capabilities"]["bounding"]
    allowed = mask(granted)
    assert len(granted) == 14
    assert seen["capabilities"] == {"CapInh": 0, "CapPrm": allowed, "CapEff": allowed, "CapBnd": allowed, "CapAmb": 0}
    assert {"/proc", "/dev", "/dev/pts", "/dev/shm", "/sys"} <= set(seen["mounts"])
    assert any(path.endswith("/c1") for path in seen["cgroups"])


@each_runtime
def test_hooks_inside_and_outside_reach_the_socket_and_a_namespace_is_joined(runtime: str, workdir: Path) -> None:
    report = scenario(workdir, "container", runtime_path(runtime, "v1"), lane="v1")
    assert [report[operation] for operation in ("create", "start", "kill", "delete")] == [0, 0, 0, 0]
    assert report["createRuntime"] == report["startContainer"] == {"id": "c1", "ended": True}
    assert report["seen"]["joined"]
    assert report["foreign"] == {"namespace net": True}
    assert report["mounts left"] == report["files left"] == []
