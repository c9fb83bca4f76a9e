"""containerd over the reference runtime, through ctr and its shim for runc: what a container may have and may do."""

import json

from tests.clients.containerd_client import Containerd


def test_limits(ctr: Containerd) -> None:
    limits = [f"--memory-limit={64 << 20}", "--cpu-quota=50000", "--cpu-period=100000", "--cpu-shares=512"]
    with ctr.box(flags=limits) as box:
        assert box.limit("memory/default/{}/memory.limit_in_bytes", "default/{}/memory.max") == str(64 << 20)
        assert box.limit("cpu/default/{}/cpu.cfs_quota_us", "default/{}/cpu.max").split()[0] == "50000"
        # A weight on cgroup v2, for which the specification fixes no formula.
        assert 1 < int(box.limit("cpu/default/{}/cpu.shares", "default/{}/cpu.weight")) < 1024


def test_the_environment(ctr: Containerd) -> None:
    done = ctr.run("sh", "-c", r"tr '\0' '\n' </proc/1/environ", flags=["--env=A=b"])  # a shell adds to that of its children
    assert done.ok().splitlines() == ["PATH=/bin", "A=b", "HOME=/root"]


def test_a_cgroup_of_ones_own(ctr: Containerd) -> None:
    with ctr.box(flags=["--cgroup=/mine/box"]) as box:
        assert ":/mine/box\n" in box.output("cat", "/proc/self/cgroup")
        assert list(ctr.world.path("/sys/fs/cgroup").glob("**/mine/box/cgroup.procs"))


def test_file_systems(ctr: Containerd) -> None:
    ctr.world.path("/tmp/shared").mkdir()
    ctr.world.path("/tmp/shared/file").write_text("from outside\n")
    mounts = ["--mount=type=bind,src=/tmp/shared,dst=/shared,options=rbind:ro", "--mount=type=tmpfs,dst=/fast,options=size=1m"]
    script = "cat /shared/file; touch /shared/x; touch /x; touch /fast/x; ls /fast; grep -c ' /fast .*size=1024k' /proc/mounts"
    done = ctr.run("sh", "-c", script, flags=["--read-only", *mounts])
    assert done.ok().splitlines() == ["from outside", "x", "1"]
    assert done.stderr.count("Read-only file system") == 2


def test_privileges(ctr: Containerd) -> None:
    status = dict(
        line.split(":\t") for line in ctr.run("cat", "/proc/self/status", flags=["--seccomp"]).ok().splitlines() if "\t" in line
    )
    assert (status["NoNewPrivs"], status["Seccomp"], status["CapEff"]) == ("1", "2", "00000000a80425fb")
    flags = ["--allow-new-privs", "--cap-drop=CAP_MKNOD", "--cap-add=CAP_SYS_TIME"]
    status = dict(
        line.split(":\t") for line in ctr.run("cat", "/proc/self/status", flags=flags).ok().splitlines() if "\t" in line
    )
    assert (status["NoNewPrivs"], status["Seccomp"], status["CapEff"]) == ("0", "0", "00000000a20425fb")


def test_a_seccomp_profile_of_ones_own(ctr: Containerd) -> None:
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    ctr.world.path("/tmp/profile.json").write_text(json.dumps(profile))
    done = ctr.run("mkdir", "/x", flags=["--seccomp", "--seccomp-profile=/tmp/profile.json"])
    assert (done.status, "not supported" in done.stderr) == (1, True)


def test_devices(ctr: Containerd) -> None:
    script = "stat -c %F /dev/kmsg; head -c0 /dev/kmsg"
    assert ctr.run("sh", "-c", script, flags=["--device=/dev/kmsg", "--cap-add=CAP_SYSLOG"]).ok() == "character special file"
    assert "No such file" in ctr.run("head", "-c0", "/dev/kmsg").stderr


def test_namespaces(ctr: Containerd) -> None:
    with ctr.box() as box:
        joined = [f"--with-ns={kind}:/proc/{box.pid}/ns/{name}" for kind, name in (("pid", "pid"), ("network", "net"))]
        script = "for name in pid net mnt; do readlink /proc/self/ns/$name; done"
        links = ctr.run("sh", "-c", script, flags=joined).ok().split()
        theirs = box.output("sh", "-c", script).split()
        assert links[:2] == theirs[:2]
        assert links[2] != theirs[2]
    outside = ctr.world.run("readlink", "/proc/self/ns/net").ok()
    assert ctr.run("readlink", "/proc/self/ns/net", flags=["--net-host"]).ok() == outside
    assert ctr.run("readlink", "/proc/self/ns/net").ok() != outside


def test_a_user_namespace(ctr: Containerd) -> None:
    mappings = ["--uidmap=0:100000:65536", "--gidmap=0:200000:65536"]
    with ctr.box(flags=mappings) as box:
        assert box.output("sh", "-c", "id -u; stat -c %u /bin/busybox").split() == ["0", "0"]
        owner = ctr.world.path(f"/proc/{box.pid}").stat()
        assert (owner.st_uid, owner.st_gid) == (100000, 200000)
