"""docker over the reference runtime: what a container may have and may do."""

import json

import pytest

from tests.clients.docker_client import Docker


def test_resource_limits(docker: Docker) -> None:
    script = "ulimit -n; ulimit -Hn; ulimit -c"
    assert docker.run("sh", "-c", script, flags=["--ulimit=nofile=100:200", "--ulimit=core=0"]).ok().split() == [
        "100",
        "200",
        "0",
    ]


def test_a_read_only_root_with_what_may_be_written(docker: Docker) -> None:
    sizes = "grep -c ' /fast .*size=1024k' /proc/mounts; grep -c ' /dev/shm .*size=8192k' /proc/mounts"
    script = f"touch /x; touch /fast/x; ls /fast; {sizes}"
    done = docker.run("sh", "-c", script, flags=["--read-only", "--tmpfs=/fast:size=1m", "--shm-size=8m"])
    assert done.ok().split() == ["x", "1", "1"]
    assert "touch: /x: Read-only file system" in done.stderr


def test_volumes(docker: Docker) -> None:
    docker.world.path("/tmp/shared").mkdir()
    docker.world.path("/tmp/shared/file").write_text("from outside\n")
    volumes = ["--volume=/tmp/shared:/bound:ro", "--volume=kept:/kept", "--mount=type=bind,src=/tmp/shared/file,dst=/file"]
    done = docker.run(
        "sh", "-c", "cat /bound/file /file; touch /bound/x; echo inside >/file; echo kept >/kept/file", flags=volumes
    )
    assert done.ok().splitlines() == ["from outside"] * 2
    assert "touch: /bound/x: Read-only file system" in done.stderr
    assert docker.world.path("/tmp/shared/file").read_text() == "inside\n"
    assert docker.run("cat", "/kept/file", flags=volumes).ok() == "kept"


def status_of(docker: Docker, *flags: str) -> dict[str, str]:
    """Return /proc/self/status in a container."""
    lines = docker.run("cat", "/proc/self/status", flags=flags).ok().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_users_and_groups(docker: Docker) -> None:
    status = status_of(docker, "--user=1000:1000", "--group-add=2000")
    assert status["Uid"].split() == status["Gid"].split() == ["1000"] * 4
    assert {"2000"} <= set(status["Groups"].split()) <= {"1000", "2000"}
    assert int(status["CapEff"], 16) == 0


def test_capabilities(docker: Docker) -> None:
    assert status_of(docker)["CapEff"] == "00000000a80425fb"
    assert status_of(docker, "--cap-drop=ALL")["CapBnd"] == "0" * 16
    status = status_of(docker, "--cap-drop=MKNOD", "--cap-add=SYS_TIME")
    assert status["CapEff"] == status["CapBnd"] == "00000000a20425fb"


def test_seccomp_and_new_privileges(docker: Docker) -> None:
    assert (status_of(docker)["Seccomp"], status_of(docker)["NoNewPrivs"]) == ("2", "0")
    free = status_of(docker, "--security-opt=seccomp=unconfined", "--security-opt=no-new-privileges")
    assert (free["Seccomp"], free["NoNewPrivs"]) == ("0", "1")
    assert "Operation not permitted" in docker.run("unshare", "--mount", "true").stderr


def test_a_seccomp_profile_of_ones_own(docker: Docker) -> None:
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    docker.world.path("/tmp/profile.json").write_text(json.dumps(profile))
    done = docker.run("mkdir", "/x", flags=["--security-opt=seccomp=/tmp/profile.json"])
    assert (done.status, "Operation not permitted" in done.stderr) == (1, True)
    docker.run("mkdir", "/x").ok()


def test_kernel_parameters(docker: Docker) -> None:
    flags = ["--sysctl=net.ipv4.ip_forward=1", "--sysctl=kernel.msgmax=4096"]
    assert docker.run("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax", flags=flags).ok().split() == [
        "1",
        "4096",
    ]


def test_what_is_masked_and_read_only(docker: Docker) -> None:
    script = "ls /sys/firmware /proc/acpi; wc -c </proc/keys; echo 1 >/proc/sys/kernel/panic; mount -t tmpfs none /tmp"
    done = docker.run("sh", "-c", script)
    assert done.stdout.split() == ["/proc/acpi:", "/sys/firmware:", "0"]
    assert "/proc/sys/kernel/panic: Read-only file system" in done.stderr
    assert "permission denied" in done.stderr


def test_devices(docker: Docker) -> None:
    flags = ["--device=/dev/loop-control:/dev/other:r", "--device-cgroup-rule=c 1:11 rw", "--cap-add=SYSLOG"]
    script = "stat -c %t:%T /dev/other; mknod /log c 1 11; head -c0 /log; mknod /memory c 1 1; head -c1 /memory"
    done = docker.run("sh", "-c", script, flags=flags)
    assert done.stdout.split() == ["a:ed"]
    assert done.stderr == "head: /memory: Operation not permitted\n"


def test_a_privileged_container(docker: Docker) -> None:
    with docker.box(flags=["--privileged"]) as box:
        script = "grep -c Seccomp:.0 /proc/self/status; mount -t tmpfs none /tmp; echo $?; mknod /k c 1 11; head -c0 /k; echo $?"
        assert box.exec("sh", "-c", script, flags=["--privileged"]).ok().split() == ["1", "0", "0"]
        assert int(box.exec("sh", "-c", "ls /dev | wc -l").ok()) > 20


def test_names(docker: Docker) -> None:
    flags = ["--hostname=box", "--domainname=example.org", "--add-host=other:10.0.0.1"]
    script = "cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname; grep -c other /etc/hosts"
    assert docker.run("sh", "-c", script, flags=[*flags, "--network=none"]).ok().split() == ["box", "example.org", "1"]


def test_namespaces_of_another_container(docker: Docker) -> None:
    script = "for name in pid net ipc mnt; do readlink /proc/self/ns/$name; done"
    with docker.box(flags=["--ipc=shareable"]) as box:
        theirs = box.exec("sh", "-c", script).ok().split()
        flags = [f"--{kind}=container:{box.name}" for kind in ("pid", "network", "ipc")]
        ours = docker.run("sh", "-c", script, flags=flags).ok().split()
        assert [a == b for a, b in zip(ours, theirs, strict=True)] == [True, True, True, False]
    outside = docker.world.run("sh", "-c", script).ok().split()
    host = docker.run("sh", "-c", script, flags=["--pid=host", "--network=host", "--ipc=host"]).ok().split()
    assert [a == b for a, b in zip(host, outside, strict=True)] == [True, True, True, False]


def test_a_bridge_and_a_published_port(docker: Docker) -> None:
    if not docker.bridge:
        pytest.skip("docker cannot make its bridge here: the kernel has no netfilter for it")
    with docker.box("httpd", "-f", "-h", "/etc", flags=["--network=bridge", "--publish=8080:80"]) as box:
        assert "eth0" in box.exec("ip", "link").ok()
        script = "until busybox wget -qO- http://127.0.0.1:8080/passwd; do sleep .05; done"
        assert "root:x:0:0" in docker.world.run("sh", "-c", script).ok()


def test_a_parent_cgroup_and_a_cgroup_namespace(docker: Docker) -> None:
    with docker.box(flags=["--cgroup-parent=/parent", "--cgroupns=private"]) as box:
        assert list(docker.world.path("/sys/fs/cgroup").glob(f"**/parent/{box.id}/cgroup.procs"))
        seen = {line.split(":", 2)[2] for line in box.exec("cat", "/proc/self/cgroup").ok().splitlines()}
        assert seen == {"/"}


def test_a_hierarchy_that_is_not_mounted_is_left_out(docker: Docker) -> None:
    """/proc/self/cgroup names it all the same, if it is mounted in another mount namespace."""
    hierarchy = docker.world.path("/sys/fs/cgroup/perf_event")
    if not hierarchy.exists():
        pytest.skip("there are no hierarchies of cgroup v1")
    docker.world.run("umount", "/sys/fs/cgroup/perf_event").ok()
    hierarchy.rmdir()
    with docker.box() as box:
        box.exec("grep", "perf_event", "/proc/self/cgroup").ok()
        shown = box.exec("ls", "/sys/fs/cgroup").ok().split()
        assert ("memory" in shown, "perf_event" in shown) == (True, False)
