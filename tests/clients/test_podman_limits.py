"""podman run: limits of resources and of power."""

import json
import resource

import pytest

from tests.clients.engines import IMAGE, Podman

_STATUS = ("cat", "/proc/self/status")


def _status(text: str) -> dict[str, str]:
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def _capabilities(text: str) -> dict[str, int]:
    return {name: int(value, 16) for name, value in _status(text).items() if name.startswith("Cap")}


def _processes() -> str:
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    return f"{soft}:{hard}"


def _limit(podman: Podman, option: str, v1: str, v2: str) -> str:
    """Return what the container's cgroup says of a limit."""
    script = f"cat /sys/fs/cgroup/{v1} 2>/dev/null || cat /sys/fs/cgroup/{v2}"
    return podman.run("--cgroupns=private", option, IMAGE, "sh", "-c", script).ok()


@pytest.mark.parametrize(
    ("option", "v1", "v2", "values"),
    [
        ("--memory=64m", "memory/memory.limit_in_bytes", "memory.max", {str(64 << 20)}),
        ("--memory-reservation=32m", "memory/memory.soft_limit_in_bytes", "memory.low", {str(32 << 20)}),
        ("--pids-limit=50", "pids/pids.max", "pids.max", {"50"}),
        ("--cpus=0.5", "cpu/cpu.cfs_quota_us", "cpu.max", {"50000", "50000 100000"}),
        ("--cpu-shares=512", "cpu/cpu.shares", "cpu.weight", {"512", "20", "59"}),
        ("--cpuset-cpus=0", "cpuset/cpuset.cpus", "cpuset.cpus", {"0"}),
    ],
)
def test_the_cgroup_has_the_limit(podman: Podman, option: str, v1: str, v2: str, values: set[str]) -> None:
    assert _limit(podman, option, v1, v2) in values


def test_too_much_memory_ends_the_container(podman: Podman) -> None:
    """Whether podman says OOMKilled is left out: conmon does not notice it on this cgroup layout, whatever the runtime."""
    assert podman.run("--memory=32m", IMAGE, "dd", "if=/dev/zero", "of=/dev/null", "bs=256M", "count=1").status == 137


def test_too_many_processes_are_refused(podman: Podman) -> None:
    done = podman.run("--pids-limit=5", IMAGE, "sh", "-c", "for i in 1 2 3 4 5 6 7; do sleep 1 & done")
    assert "can't fork" in done.stderr


def test_one_processor(podman: Podman) -> None:
    assert podman.run("--cpuset-cpus=0", IMAGE, "nproc").ok() == "1"


def test_resource_limits_of_the_process(podman: Podman) -> None:
    # Without one for processes, podman 4.3 asks for more than root without CAP_SYS_RESOURCE can give.
    done = podman.run(
        "--ulimit=nofile=100:200",
        "--ulimit=core=0:0",
        f"--ulimit=nproc={_processes()}",
        IMAGE,
        "sh",
        "-c",
        "ulimit -Sn; ulimit -Hn; ulimit -c",
    )
    assert done.ok().split() == ["100", "200", "0"]


def test_out_of_memory_score(podman: Podman) -> None:
    assert podman.run("--oom-score-adj=500", IMAGE, "cat", "/proc/self/oom_score_adj").ok() == "500"


def test_a_user_by_number(podman: Podman) -> None:
    done = podman.run("--user=1234:2345", "--group-add=77", IMAGE, "id").ok()
    assert done == "uid=1234(1234) gid=2345(2345) groups=77,2345(2345)"


def test_a_user_by_name_has_its_groups(podman: Podman) -> None:
    assert podman.run("--user=user", IMAGE, "id").ok() == "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)"


def test_umask(podman: Podman) -> None:
    assert podman.run("--umask=0077", IMAGE, "sh", "-c", "umask").ok() == "0077"


def test_mapped_ids(podman: Podman) -> None:
    done = podman.run(
        "--uidmap=0:100000:1000",
        "--gidmap=0:200000:1000",
        IMAGE,
        "sh",
        "-c",
        "cat /proc/self/[ug]id_map; id -u; stat -c %u /bin/busybox",
    )
    assert done.ok().split() == ["0", "200000", "1000", "0", "100000", "1000", "0", "0"]


def test_mapped_ids_of_podmans_choice(podman: Podman) -> None:
    for name in ("subuid", "subgid"):
        podman.world.path(f"/etc/{name}").write_text("containers:300000:65536\n")
    assert podman.run("--userns=auto:size=512", IMAGE, "cat", "/proc/self/uid_map").ok().split() == ["0", "300000", "512"]


def test_capabilities_are_those_asked_for(podman: Podman) -> None:
    found = _capabilities(podman.run("--cap-drop=all", "--cap-add=net_raw,chown", IMAGE, *_STATUS).ok())
    assert {found["CapPrm"], found["CapEff"], found["CapBnd"]} == {1 << 13 | 1 << 0}


def test_another_user_has_no_capabilities(podman: Podman) -> None:
    found = _capabilities(podman.run("--user=1000", IMAGE, *_STATUS).ok())
    assert (found["CapEff"], found["CapPrm"]) == (0, 0)
    assert found["CapBnd"] != 0


def test_a_privileged_container_has_what_the_machines_root_has(podman: Podman) -> None:
    outside = _capabilities(podman.world.run(*_STATUS).ok())
    done = podman.run(
        "--privileged",
        IMAGE,
        "sh",
        "-c",
        "cat /proc/self/status; ls /dev/kmsg; mount -t tmpfs x /tmp && grep -c ' /tmp ' /proc/mounts",
    )
    assert _capabilities(done.ok())["CapBnd"] == outside["CapBnd"]
    assert done.stdout.endswith("/dev/kmsg\n1\n")


def test_no_new_privileges(podman: Podman) -> None:
    found = _status(podman.run("--security-opt=no-new-privileges", IMAGE, *_STATUS).ok())
    assert found["NoNewPrivs"] == "1"


def test_the_default_seccomp_profile_filters(podman: Podman) -> None:
    script = "grep -w Seccomp: /proc/self/status; unshare --user true"
    assert podman.run(IMAGE, "sh", "-c", script).stdout.split() == ["Seccomp:", "2"]
    free = podman.run("--security-opt=seccomp=unconfined", IMAGE, "sh", "-c", script)
    assert free.ok().split() == ["Seccomp:", "0"]


def test_a_seccomp_profile_of_ones_own(podman: Podman) -> None:
    refuse = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}
    podman.world.path("/var/tmp/profile.json").write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [refuse]}))
    done = podman.run("--security-opt=seccomp=/var/tmp/profile.json", IMAGE, "mkdir", "/tmp/x")
    assert (done.status, "No space left on device" in done.stderr) == (1, True)


def test_a_device_that_may_be_written_only(podman: Podman) -> None:
    script = ": >/dev/mine && echo writable; : </dev/mine && echo readable"
    may = {
        way: podman.run(f"--device=/dev/kmsg:/dev/mine:{way}", "--cap-add=syslog", IMAGE, "sh", "-c", script)
        for way in ("w", "rw")
    }
    assert may["w"].stdout.split() == ["writable"]
    assert "Operation not permitted" in may["w"].stderr
    assert may["rw"].ok().split() == ["writable", "readable"]


def test_a_device_that_is_not_allowed(podman: Podman) -> None:
    script = ("sh", "-c", "mknod /tmp/kmsg c 1 11 && : >/tmp/kmsg")
    refused = podman.run("--cap-add=mknod", IMAGE, *script)
    assert refused.status != 0
    assert "Operation not permitted" in refused.stderr
    podman.run("--cap-add=mknod", "--device-cgroup-rule=c 1:11 rwm", IMAGE, *script).ok()


def test_what_is_masked_cannot_be_read(podman: Podman) -> None:
    script = ("sh", "-c", "head -c 1 /proc/timer_list | wc -c; ls /sys/firmware | wc -l")
    assert podman.world.run(*script).ok().split()[0] == "1"
    assert podman.run(IMAGE, *script).ok().split() == ["0", "0"]
    assert podman.run("--security-opt=unmask=/proc/timer_list", IMAGE, *script).ok().split() == ["1", "0"]


def test_kernel_parameters_cannot_be_written(podman: Podman) -> None:
    done = podman.run(IMAGE, "sh", "-c", "cat /proc/sys/kernel/panic >/proc/sys/kernel/panic")
    assert "Read-only file system" in done.stderr
