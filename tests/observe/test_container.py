"""Every observer on one real runc container, against its config and against independent readings."""

import dataclasses
import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from conformance.observe.leaks import differences, watch
from conformance.observe.snapshot import json_of, snapshot
from conformance.observe.wants import Wants
from conformance.record.snapshot import File, Snapshot
from tests.observe.containers import Running, base_config, container, needs_runc
from tests.observe.hosts import cgroup_mounts

pytestmark = needs_runc

FILES = ("/dev/null", "/dev/ptmx", "/dev/fd", "/to-host", "/to-etc", "/etc/up", "/etc/../../etc", "/proc/sys", "/nothing", "a\0b")


def wants() -> Wants:
    return Wants(
        cgroup_mounts=cgroup_mounts(),
        control_files={"pids": ("pids.max", "no.such.file"), "devices": ("devices.list",), "nowhere": ("x",), "": ("pids.max",)},
        seccomp=True,
        sysctls=("net.ipv4.ip_forward", "kernel.msgmax", "no.such.parameter"),
        links=True,
        uts=True,
        files=FILES,
    )


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with container(base_config()) as started:
        yield started


@pytest.fixture(scope="module")
def seen(running: Running) -> Snapshot:
    return snapshot(running.pid, wants=wants())


def inside(running: Running, *argv: str) -> str:
    """Run a program of the host in the container's network, IPC and UTS namespaces, by nsenter(1)."""
    command = ["nsenter", "-t", str(running.pid), "-n", "-i", "-u", *argv]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_process(seen: Snapshot, running: Running) -> None:
    process = seen.process
    assert (process.pid, process.ns_pids[-1], process.state) == (running.pid, 1, "S")
    assert (process.exe, process.cwd, process.root) == ("/pause", "/work dir", "/")
    assert process.cmdline == ("/pause", "", "with space")
    assert process.environ[:3] == ("A=1", "EMPTY=", "B=x=y")
    assert (process.uids, process.gids, process.groups) == ((7,) * 4, (8,) * 4, (9, 10))
    assert process.umask == 0o027
    assert process.cap_bounding == 1 << 5 | 1 << 29
    assert (process.cap_effective, process.cap_ambient, process.cap_inheritable) == (0, 0, 0)
    assert process.no_new_privs
    assert process.limits["RLIMIT_NOFILE"] == (111, 222)
    assert process.oom_score_adj == 500
    assert {0, 1, 2} <= set(process.descriptors)
    assert process.descriptors[0] == "/dev/null"


def test_mounts(seen: Snapshot) -> None:
    mount = seen.mount_at("/with space")
    assert mount is not None
    assert (mount.source, mount.fstype) == ("a source", "tmpfs")
    assert {"ro", "noexec"} <= set(mount.options)
    readonly = seen.mount_at("/proc/sys")
    assert readonly is not None
    assert readonly.root == "/sys"
    assert "ro" in readonly.options
    assert seen.mount_at("/nothing") is None


def test_namespaces(seen: Snapshot, running: Running) -> None:
    links = {name: os.readlink(f"/proc/{running.pid}/ns/{name}") for name in seen.namespaces}
    assert {name: f"{name}:[{inode}]" for name, inode in seen.namespaces.items()} == links
    own = {name: os.stat(f"/proc/self/ns/{name}").st_ino for name in seen.namespaces}
    same = {name for name in own if own[name] == seen.namespaces[name]}
    assert {"user", "time"} & set(own) == same


def test_cgroups(seen: Snapshot, running: Running) -> None:
    assert seen.cgroups.paths
    for key, directory in seen.cgroups.directories.items():
        assert seen.cgroups.paths[key] == running.cgroup
        with open(f"{directory}/cgroup.procs") as file:
            assert str(running.pid) in file.read().split()
    assert seen.cgroups.values["pids.max"] == "77"
    assert "no.such.file" not in seen.cgroups.values
    if "devices" in seen.cgroups.directories:
        assert "c 10:229 rw" in seen.cgroups.values["devices.list"].splitlines()


def test_names_parameters_links(seen: Snapshot, running: Running) -> None:
    assert seen.uts is not None
    assert seen.uts.hostname == "observed" == inside(running, "hostname").strip()
    assert seen.uts.domainname == inside(running, "cat", "/proc/sys/kernel/domainname").strip()
    assert seen.sysctls == {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4242"}
    with open("/proc/sys/kernel/msgmax") as file:
        assert file.read().strip() != "4242", "the host's own value would be no evidence"
    assert seen.links is not None
    listed = json.loads(inside(running, "ip", "-j", "address"))
    assert [(link.index, link.name, link.mtu, link.address) for link in seen.links] == [
        (row["ifindex"], row["ifname"], row["mtu"], row["address"]) for row in listed
    ]
    assert [set(link.addresses) for link in seen.links] == [
        {f"{a['local']}/{a['prefixlen']}" for a in row["addr_info"]} for row in listed
    ]


def test_a_changed_value_is_seen(running: Running, seen: Snapshot) -> None:
    """Negative control: each of these readings follows what it reads."""
    inside(running, "hostname", "renamed")
    inside(running, "sh", "-c", "echo 4243 >/proc/sys/kernel/msgmax")
    inside(running, "sh", "-c", "ip link set lo mtu 1234; ip address add 10.9.8.7/24 dev lo")
    with open(f"{seen.cgroups.directories['pids' if 'pids' in seen.cgroups.directories else '']}/pids.max", "w") as file:
        file.write("78")
    later = snapshot(running.pid, wants=wants())
    assert later.uts is not None
    assert later.uts.hostname == "renamed"
    assert later.sysctls is not None
    assert later.sysctls["kernel.msgmax"] == "4243"
    assert later.cgroups.values["pids.max"] == "78"
    assert later.links is not None
    loopback = next(link for link in later.links if link.name == "lo")
    assert loopback.mtu == 1234
    assert "10.9.8.7/24" in loopback.addresses


def test_files(seen: Snapshot, running: Running) -> None:
    assert seen.files is not None
    assert set(seen.files) == set(FILES)
    null = present(seen, "/dev/null")
    real = os.stat(f"/proc/{running.pid}/root/dev/null")
    assert (null.rdev, null.mode, null.inode, null.link) == ((1, 3), real.st_mode, real.st_ino, None)
    pseudo_terminals = present(seen, "/dev/ptmx")
    assert (pseudo_terminals.link, pseudo_terminals.rdev) == ("pts/ptmx", (5, 2))
    assert present(seen, "/dev/fd").link == "/proc/self/fd"
    assert present(seen, "/to-etc").entries == ("up",)
    assert "kernel" in (present(seen, "/proc/sys").entries or ())
    assert seen.files["/nothing"] is None
    assert seen.files["a\0b"] is None


def test_no_path_leads_to_the_host(seen: Snapshot) -> None:
    """/etc/passwd exists on the host, not in the container; both ways to it end in the container's root."""
    assert os.path.exists("/etc/passwd")
    assert present(seen, "/to-host").mode is None
    assert present(seen, "/etc/up").mode is None
    assert present(seen, "/etc/../../etc").entries == ("up",)


def present(seen: Snapshot, path: str) -> File:
    file = (seen.files or {})[path]
    assert file is not None
    return file


def test_no_seccomp_filter(seen: Snapshot) -> None:
    assert (seen.seccomp, seen.process.seccomp_filters) == ((), 0)


def test_standard_snapshot_has_nothing_more(running: Running) -> None:
    standard = snapshot(running.pid)
    extended = ("uts", "seccomp", "device_programs", "sysctls", "links", "files")
    assert all(getattr(standard, name) is None for name in extended)
    assert standard.cgroups.values == {}


def test_json(seen: Snapshot) -> None:
    document = json.loads(json.dumps(json_of(seen)))
    assert set(document) == {field.name for field in dataclasses.fields(Snapshot)}
    assert document["process"]["limits"]["RLIMIT_NOFILE"] == [111, 222]
    assert document["files"]["/to-etc"]["entries"] == ["up"]


def test_leaks() -> None:
    """A container that is there shows in every kind but mounts; one that is gone in none."""
    mounts = cgroup_mounts()
    before = watch(cgroup_mounts=mounts, state_directory="/nowhere")
    with container(base_config()) as started:
        while_there = watch(cgroup_mounts=mounts, state_directory=f"{started.bundle}/state")
        found = {(leak.kind, leak.what.split(" ")[0]) for leak in differences(before, while_there)}
        assert ("process", str(started.pid)) in found
        assert {("cgroup", mounts[key] + started.cgroup) for key in mounts} <= found
        assert ("state", f"{started.bundle}/state/{started.cgroup[1:]}") in found
        with open(f"/proc/{started.pid}/cgroup") as file:
            assert file.read()
    after = watch(cgroup_mounts=mounts, state_directory="/nowhere")
    left = [leak for leak in differences(before, after) if started.cgroup in leak.what or str(started.pid) in leak.what]
    assert left == []
