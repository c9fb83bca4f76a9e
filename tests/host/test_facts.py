"""Facts about the host agree with what can be read of it in another way."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.host.facts import cpu_list, gather, hugepage_sizes, kernel_version
from tests.host.jails import PROJECT, children, each_lane, jailed, needs_root

_GATHER = """
import dataclasses, json, sys
sys.path.insert(0, sys.argv[1])
from conformance.host.facts import gather
facts = dataclasses.asdict(gather(lane=sys.argv[2]))
print(json.dumps({name: sorted(value) if isinstance(value, frozenset) else value for name, value in facts.items()}))
"""


def _said(expression: str, *wrapper: str) -> str:
    """Gather in a process of its own, started through `wrapper`, and return what it prints of the facts."""
    script = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from conformance.host.facts import gather"
    command = [*wrapper, sys.executable, "-c", f"{script}; print(gather(lane='host').{expression})"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


@needs_root
@each_lane
def test_the_layout_is_that_of_the_lane(lane: str, tmp_path: Path) -> None:
    done = jailed(sys.executable, "-c", _GATHER, str(PROJECT), lane, lane=lane, workdir=tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["lane"] == lane
    if lane == "v1":
        assert facts["cgroup_layout"] == "v1"
        assert set(facts["controllers"]) == {name for name in facts["cgroup_mounts"] if "=" not in name}
    if lane == "v2":
        assert (facts["cgroup_layout"], facts["cgroup_mounts"]) == ("v2", {"": "/sys/fs/cgroup"})
    outside = {name: os.stat(f"/proc/self/ns/{name}").st_ino for name in ("pid", "mnt", "cgroup", "net", "user")}
    differing = {name for name, inode in outside.items() if facts["namespaces"][name] != inode}
    assert differing == {"pid", "mnt", "cgroup"}


def test_they_agree_with_independent_readings() -> None:
    host = gather(lane="host")
    names = {line.rpartition("\t")[2] for line in Path("/proc/filesystems").read_text().splitlines()}
    assert host.machine == platform.machine()
    assert ".".join(map(str, host.kernel[:2])) == ".".join(platform.release().split("-")[0].split(".")[:2])
    assert host.filesystems == names
    assert host.resctrl == ("resctrl" in names)
    assert host.euid == int(subprocess.run(["id", "-u"], capture_output=True, check=True).stdout)
    assert len(host.cpus) == int(subprocess.run(["nproc"], capture_output=True, check=True).stdout)
    assert host.numa_nodes == max(1, len(list(Path("/sys/devices/system/node").glob("node[0-9]*"))))
    umask = subprocess.run(["sh", "-c", "umask"], capture_output=True, check=True, text=True).stdout
    assert host.umask == int(umask, 8)


def test_limits_agree_with_the_shells() -> None:
    host = gather(lane="host")
    for flag, name, unit in (("n", "NOFILE", 1), ("s", "STACK", 1024), ("l", "MEMLOCK", 1024), ("u", "NPROC", 1)):
        for position, kind in enumerate("SH"):
            said = subprocess.run(["bash", "-c", f"ulimit -{kind}{flag}"], capture_output=True, check=True, text=True)
            value = -1 if said.stdout.strip() == "unlimited" else int(said.stdout) * unit
            assert host.limits[f"RLIMIT_{name}"][position] == value


def test_limits_are_all_sixteen_of_the_kernel() -> None:
    assert len(gather(lane="host").limits) == len(Path("/proc/self/limits").read_text().splitlines()) - 1


@needs_root
def test_a_dropped_capability_is_seen() -> None:
    """The control is the same reading without setpriv."""
    assert _said("can(18)") == "True\n"
    assert _said("can(18)", "setpriv", "--bounding-set=-sys_chroot") == "False\n"


@needs_root
def test_user_namespaces_agree_with_unshare() -> None:
    """unshare(1) makes one with a single mapping; the kernel's limit of zero forbids them to both."""
    can = subprocess.run(["unshare", "--user", "--map-root-user", "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0
    assert gather(lane="host").user_namespaces == can


@needs_root
def test_no_user_namespace_can_be_made_without_the_right_to_map() -> None:
    if not gather(lane="host").user_namespaces:
        pytest.skip("no user namespaces here at all")
    without = ("setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid")
    assert _said("user_namespaces", *without) == "False\n"


def test_a_filtered_harness_has_no_seccomp() -> None:
    """With a filter on itself it cannot tell the runtime's from its own; the control is the same reading without."""
    script = (
        "import ctypes, sys; sys.path.insert(0, sys.argv[1]); from conformance.host.facts import gather\n"
        "before = gather(lane='host').seccomp\n"
        "libc = ctypes.CDLL(None); libc.prctl(38, 1, 0, 0, 0)\n"
        "allow = (ctypes.c_uint64 * 1)(0x7FFF0000 << 32 | 6)\n"
        "program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(allow))\n"
        "assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0\n"
        "print(before, gather(lane='host').seccomp)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(PROJECT)], capture_output=True, check=True, text=True)
    if done.stdout.startswith("False"):
        pytest.skip("no seccomp filters here, or a filter on these tests")
    assert done.stdout == "True False\n"


def test_gathering_leaves_no_child_and_no_descriptor() -> None:
    before = os.listdir("/proc/self/fd"), children(os.getpid())
    gather(lane="host")
    assert (os.listdir("/proc/self/fd"), children(os.getpid())) == before


@pytest.mark.parametrize(
    ("release", "version"),
    [("6.18.44-fc-v657", (6, 18, 44)), ("6.12.0+deb13-amd64", (6, 12, 0)), ("7.0-rc1", (7, 0, 0)), ("odd", (0, 0, 0))],
)
def test_kernel_versions(release: str, version: tuple[int, int, int]) -> None:
    assert kernel_version(release) == version


def test_lists_and_sizes_as_the_kernel_spells_them() -> None:
    assert cpu_list("0-2,5\n") == {0, 1, 2, 5}
    assert cpu_list("\n") == set()
    assert hugepage_sizes(["hugepages-1048576kB", "hugepages-64kB", "hugepages-2048kB"]) == ("64KB", "2MB", "1GB")
