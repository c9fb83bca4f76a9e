"""docker, with a daemon of its own, over the reference runtime."""

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.clients.daemons import docker
from tests.clients.engines import CHOSEN, rootfs
from tests.clients.programs import ON_INTERRUPT, ON_TERM, TICK, grows
from tests.clients.shim_breaches import WHOLE, assert_noticed, install_breaches
from tests.clients.terminal import Terminal
from tests.clients.world import ENVIRONMENT, Completed, World

IMAGE = "busybox"


@dataclass(frozen=True)
class Box:
    """A container that was started in the background."""

    docker: "Docker"
    name: str

    def __call__(self, operation: str, *words: str) -> Completed:
        """`docker OPERATION FLAGS... NAME`."""
        return self.docker(operation, *words, self.name)

    def exec(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        return self.docker("exec", *flags, self.name, *command)

    def asked(self, template: str) -> str:
        """Return what `docker inspect` knows."""
        return self("inspect", f"--format={template}").ok()

    def status(self) -> str:
        return self.asked("{{.State.Status}}")

    def wait_until(self, status: str) -> None:
        deadline = time.monotonic() + self.docker.seconds
        while self.status() != status:
            assert time.monotonic() < deadline, f"{self.name} is {self.status()!r}, not {status!r}"
            time.sleep(0.02)

    def file(self, path: str) -> Path:
        """Return the path of a file in it, while it runs."""
        return self.docker.world.path(f"/proc/{self.asked('{{.State.Pid}}')}/root{path}")

    def wait_for(self, path: str) -> None:
        """Return when the program has made a file. Raises AssertionError."""
        self.exec("sh", "-c", f"until test -e {path}; do sleep .01; done").ok()


@dataclass(frozen=True)
class Docker:
    """A client that asks for one of the daemon's runtimes."""

    world: World
    bridge: bool
    runtime: str = "reference"
    seconds: float = 60
    """How long a command, or waiting for its effect, may take."""

    def __call__(self, *words: str, **more: Any) -> Completed:
        """Run a command; `more` as for World.run."""
        return self.world.run("docker", *words, **{"timeout": self.seconds, **more})

    def words(self, *command: str, flags: Sequence[str] = ()) -> list[str]:
        return [
            "run",
            f"--runtime={self.runtime}",
            *(() if "--network" in "".join(flags) else ("--network=none",)),
            *flags,
            IMAGE,
            *command,
        ]

    def run(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        return self(*self.words(*command, flags=("--rm", *flags)))

    @contextlib.contextmanager
    def box(self, *command: str, flags: Sequence[str] = ()) -> Iterator[Box]:
        """Run a container in the background; at the end it is removed."""
        box = Box(self, f"box-{secrets.token_hex(4)}")
        try:
            self(*self.words(*(command or ("sleep", "1000")), flags=("--detach", f"--name={box.name}", *flags))).ok()
            yield box
        finally:
            box("rm", "--force", "--volumes")


@pytest.fixture(scope="module")
def breaches(world: World) -> dict[str, str]:
    return install_breaches(world)


@pytest.fixture(scope="module")
def running(world: World, breaches: dict[str, str]) -> Iterator[Docker]:
    with docker(world, {"reference": CHOSEN, **breaches}) as bridge:
        world.path("/tmp/rootfs.tar").write_bytes(rootfs(world))
        world.run("docker", "import", "/tmp/rootfs.tar", IMAGE).ok()
        yield Docker(world, bridge)


@pytest.fixture(name="docker")
def fixture_docker(running: Docker) -> Docker:
    return running


def test_output_and_status_are_the_programs(docker: Docker) -> None:
    done = docker.run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_standard_input_reaches_the_program(docker: Docker) -> None:
    done = docker(*docker.words("head", "-n1", flags=["--rm", "-i"]), input="from outside\n")
    assert done.ok() == "from outside"


@pytest.mark.parametrize(("program", "status"), [("nope", 127), ("/nope", 127), ("/etc", 126), ("/etc/passwd", 126)])
def test_what_cannot_be_executed_has_a_status_of_its_own(docker: Docker, program: str, status: int) -> None:
    done = docker.run(program)
    assert (done.status, "unable to retrieve" in done.stderr) == (status, False), done.stderr
    assert f'exec: "{program}": ' in done.stderr
    with docker.box() as box:
        done = box.exec(program)
        assert done.status in {126, 127}  # which of them depends on docker's version
        assert f'exec: "{program}": ' in done.stdout + done.stderr


def test_an_error_of_the_runtime_is_told(docker: Docker) -> None:
    done = docker.run("true", flags=["--sysctl=kernel.msgmax=many"])
    assert (done.status, "msgmax" in done.stderr, "invalid argument" in done.stderr) == (125, True, True), done.stderr


def test_logs_of_a_container_in_the_background(docker: Docker) -> None:
    with docker.box("sh", "-c", "echo out; echo err >&2; exit 3") as box:
        assert box("wait").ok() == "3"
        done = box("logs")
        assert (done.stdout, done.stderr) == ("out\n", "err\n")
        assert (box.status(), box.asked("{{.State.ExitCode}}")) == ("exited", "3")


def test_nothing_is_left_of_a_removed_container(docker: Docker) -> None:
    with docker.box() as box:
        number = box.asked("{{.Id}}")
        places = [place for place in docker.world.path("/sys/fs/cgroup").glob(f"**/docker/{number}") if place.is_dir()]
        state = docker.world.path(f"/run/docker/runtime-runc/moby/{number}")
        assert places
        assert state.exists()
    assert not any(place.exists() for place in places)
    assert not state.exists()


def test_exec(docker: Docker) -> None:
    with docker.box() as box:
        done = box.exec("sh", "-c", "id -u; pwd; echo $WORD; exit 3", flags=["--user=1000", "--workdir=/tmp", "--env=WORD=word"])
        assert (done.status, done.stdout.split()) == (3, ["1000", "/tmp", "word"])
        done = docker("exec", "-i", box.name, "head", "-n1", input="from outside\n")
        assert done.ok() == "from outside"
        box.exec("touch", "/tmp/detached", flags=["--detach"]).ok()
        box.wait_for("/tmp/detached")
        places = ["cat", "/proc/1/cgroup"], ["cat", "/proc/self/cgroup"]
        assert len({box.exec(*place).ok() for place in places}) == 1


def test_a_terminal(docker: Docker) -> None:
    with Terminal(docker.world, ("docker", *docker.words("sh", flags=["--rm", "-it"]))) as terminal:
        terminal.expect("# ")
        terminal.type("until stty size | grep '^30 90'; do sleep .01; done; tty\r")
        terminal.expect("\n30 90")
        terminal.expect("/dev/pts/0")
        terminal.resize(20, 60)
        terminal.type("until stty size | grep '^20 60'; do sleep .01; done\r")
        terminal.expect("\n20 60")
        terminal.type(ON_INTERRUPT)
        terminal.expect("started")
        terminal.type("\x03")
        terminal.expect("interrupted")
        terminal.type("exit 5\r")
        assert terminal.running.wait() == 5


def test_exec_with_a_terminal(docker: Docker) -> None:
    with docker.box() as box, Terminal(docker.world, ("docker", "exec", "-it", box.name, "sh")) as terminal:
        terminal.expect("# ")
        terminal.type("until stty size | grep '^30 90'; do sleep .01; done\r")
        terminal.expect("\n30 90")
        terminal.type("exit 6\r")
        assert terminal.running.wait() == 6


def test_attaching_to_a_terminal(docker: Docker) -> None:
    with docker.box("sh", flags=["-it"]) as box, Terminal(docker.world, ("docker", "attach", box.name)) as terminal:
        terminal.type("echo att''ached\r")
        terminal.expect("attached")
        terminal.type("exit 4\r")
        assert terminal.running.wait() == 4


def test_processes_are_listed(docker: Docker) -> None:
    with docker.box() as box:
        box.exec("sleep", "999", flags=["--detach"]).ok()
        listed = box("top").ok()
        assert ("sleep 1000" in listed, "sleep 999" in listed) == (True, True)
        assert len(listed.splitlines()) == 3


def test_statistics(docker: Docker) -> None:
    with docker.box(flags=["--memory=32m"]) as box:
        shown = json.loads(box("stats", "--no-stream", "--format={{json .}}").ok())
        used, _, limit = shown["MemUsage"].partition(" / ")
        assert (limit, shown["PIDs"]) == ("32MiB", "1")
        assert not used.startswith("0B")


def test_pause_and_unpause(docker: Docker) -> None:
    with docker.box("sh", "-c", TICK) as box:
        box.wait_for("/ticks")
        ticks = box.file("/ticks")
        box("pause").ok()
        assert box.status() == "paused"
        assert not grows(ticks)
        box("unpause").ok()
        assert box.status() == "running"
        assert grows(ticks)


def test_a_paused_container_can_be_killed_and_removed(docker: Docker) -> None:
    with docker.box() as box:
        box("pause").ok()
        box("rm", "--force").ok()
        assert box("inspect").status == 1


def test_stop_asks_and_then_kills(docker: Docker) -> None:
    with docker.box("sh", "-c", ON_TERM) as asked, docker.box("sh", "-c", "trap '' TERM; touch /ready; sleep 1000") as ignoring:
        asked.wait_for("/ready")
        asked("stop", "--time=4").ok()
        assert asked.asked("{{.State.ExitCode}}") == "9"
        ignoring.wait_for("/ready")
        ignoring("stop", "--time=1").ok()
        assert ignoring.asked("{{.State.ExitCode}}") == "137"


def test_stop_with_a_signal_of_ones_own(docker: Docker) -> None:
    with docker.box("sh", "-c", ON_TERM.replace("TERM", "USR1"), flags=["--stop-signal=USR1"]) as box:
        box.wait_for("/ready")
        box("stop").ok()
        assert box.asked("{{.State.ExitCode}}") == "9"


def test_kill(docker: Docker) -> None:
    with docker.box("sh", "-c", ON_TERM) as box:
        box.wait_for("/ready")
        box("kill", "--signal=TERM").ok()
        assert box("wait").ok() == "9"
        assert "is not running" in box("kill").stderr
    with docker.box() as box:
        box("kill").ok()
        assert box("wait").ok() == "137"


def test_a_stopped_container_starts_again(docker: Docker) -> None:
    with docker.box("sh", "-c", "echo run >>/runs; sleep 1000") as box:
        box.wait_for("/runs")
        for operation in ("kill", "start", "restart"):
            box(operation, *(("--time=0",) if operation == "restart" else ())).ok()
        box.exec("sh", "-c", "until test $(wc -l </runs) = 3; do sleep .01; done").ok()


def test_a_container_that_its_runtime_has_deleted_already(docker: Docker) -> None:
    """The daemon deletes it once more before it starts it again, and goes on if the runtime says that it does not exist."""
    with docker.box() as box:
        runtime = json.loads(docker("info", "--format={{json .Runtimes}}").ok())[docker.runtime]["path"]
        docker.world.run(runtime, "--root=/run/docker/runtime-runc/moby", "delete", "--force", box.asked("{{.Id}}")).ok()
        box.wait_until("exited")
        box("start").ok()
        assert box.exec("echo", "again").ok() == "again"


def test_a_container_starts_again_after_its_shim_was_killed(docker: Docker) -> None:
    with docker.box() as box:
        pid = box.asked("{{.State.Pid}}")
        shim = docker.world.path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
        assert b"containerd-shim-runc-v2" in docker.world.path(f"/proc/{shim}/cmdline").read_bytes()
        docker.world.run("kill", "-KILL", shim).ok()
        box.wait_until("exited")
        assert not docker.world.path(f"/proc/{pid}").exists()
        box("start").ok()
        assert box.exec("echo", "again").ok() == "again"


def test_restarting_on_failure(docker: Docker) -> None:
    with docker.box("sh", "-c", "echo run; exit 3", flags=["--restart=on-failure:2"]) as box:
        box.wait_until("exited")
        assert box.asked("{{.RestartCount}} {{.State.ExitCode}}") == "2 3"
        assert box("logs").ok().split() == ["run"] * 3


def value(box: Box, *places: str) -> str:
    """Return what a container's cgroup says, in the file for cgroup v1 or in that for v2."""
    number = box.asked("{{.Id}}")
    files = [box.docker.world.path(f"/sys/fs/cgroup/{place.format(number)}") for place in places]
    return next(file.read_text().strip() for file in files if file.exists())


MEMORY = ("memory/docker/{}/memory.limit_in_bytes", "docker/{}/memory.max")
PIDS = ("pids/docker/{}/pids.max", "docker/{}/pids.max")
QUOTA = ("cpu/docker/{}/cpu.cfs_quota_us", "docker/{}/cpu.max")
SHARES = ("cpu/docker/{}/cpu.shares", "docker/{}/cpu.weight")
CPUS = ("cpuset/docker/{}/cpuset.cpus", "docker/{}/cpuset.cpus")


def test_limits(docker: Docker) -> None:
    flags = ["--memory=64m", "--pids-limit=20", "--cpus=0.5", "--cpu-shares=512", "--cpuset-cpus=0", "--oom-score-adj=500"]
    with docker.box(flags=flags) as box:
        assert (value(box, *MEMORY), value(box, *PIDS), value(box, *CPUS)) == (str(64 << 20), "20", "0")
        assert value(box, *QUOTA).split()[0] == "50000"
        assert 1 < int(value(box, *SHARES)) < 1024  # a weight on cgroup v2
        assert box.exec("sh", "-c", "nproc; cat /proc/1/oom_score_adj").ok().split() == ["1", "500"]


def test_update(docker: Docker) -> None:
    with docker.box(flags=["--memory=64m", "--memory-swap=64m", "--pids-limit=20", "--cpus=0.5"]) as box:
        box("update", "--memory=48m", "--memory-swap=48m", "--pids-limit=30", "--cpuset-cpus=0").ok()
        assert (value(box, *MEMORY), value(box, *PIDS), value(box, *CPUS)) == (str(48 << 20), "30", "0")
        assert value(box, *QUOTA).split()[0] == "50000"  # what was not named stays


def test_out_of_memory(docker: Docker) -> None:
    command = ("dd", "if=/dev/zero", "of=/dev/null", "bs=64M")
    with docker.box(*command, flags=["--memory=16m", "--memory-swap=16m"]) as box:
        assert box("wait").ok() == "137"
        assert box.asked("{{.State.OOMKilled}}") == "true"


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
        number = box.asked("{{.Id}}")
        assert list(docker.world.path("/sys/fs/cgroup").glob(f"**/parent/{number}/cgroup.procs"))
        seen = {line.split(":", 2)[2] for line in box.exec("cat", "/proc/self/cgroup").ok().splitlines()}
        assert seen == {"/"}


def test_an_init_that_reaps(docker: Docker) -> None:
    with docker.box("sh", "-c", "sh -c 'sleep .1 &'; touch /ready; tail -f /dev/null", flags=["--init"]) as box:
        assert "docker-init" in box.file("/proc/1/cmdline").read_text()
        box.wait_for("/ready")
        script = "until ! grep -q '^Name:.sleep' $(grep -l '^PPid:.1$' /proc/[0-9]*/status); do sleep .01; done"
        box.exec("sh", "-c", script).ok()


def test_health_checks(docker: Docker) -> None:
    with docker.box(flags=["--health-cmd=test -e /healthy", "--health-interval=100ms", "--health-retries=1"]) as box:
        for health, command in (("unhealthy", "touch"), ("healthy", "rm")):
            deadline = time.monotonic() + docker.seconds
            while box.asked("{{.State.Health.Status}}") != health:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            box.exec(command, "/healthy").ok()


def test_an_image_is_built(docker: Docker) -> None:
    assert docker("info", "--format={{.DefaultRuntime}}").ok() == "reference"
    folder = docker.world.path("/tmp/build")
    folder.mkdir()
    (folder / "Dockerfile").write_text('FROM busybox\nUSER user\nRUN id -u >/tmp/made\nCMD ["cat", "/tmp/made"]\n')
    number = docker("build", "--quiet", "/tmp/build", env={**ENVIRONMENT, "DOCKER_BUILDKIT": "0"}).ok().splitlines()[-1]
    assert docker("run", "--rm", "--network=none", number).ok() == "1000"


def test_a_program_that_is_not_there(docker: Docker) -> None:
    test_what_cannot_be_executed_has_a_status_of_its_own(docker, "/nope", 127)


NOTICED: list[tuple[str, Callable[[Docker], None]]] = [
    ("newline-in-the-pid-file", test_output_and_status_are_the_programs),
    ("no-stderr-for-the-program", test_output_and_status_are_the_programs),
    ("no-pid-file-of-exec", test_exec),
    ("noise-beside-the-processes", test_processes_are_listed),
    ("another-form-of-time", test_a_program_that_is_not_there),
    ("errors-in-capitals", test_a_program_that_is_not_there),
    ("other-words-for-what-does-not-exist", test_a_container_that_its_runtime_has_deleted_already),
    ("no-signal-but-sigkill", test_stop_with_a_signal_of_ones_own),
    ("pause-without-effect", test_pause_and_unpause),
    ("update-without-effect", test_update),
    ("delete-without-effect", test_nothing_is_left_of_a_removed_container),
]


@pytest.mark.parametrize("test", dict.fromkeys(test for _, test in NOTICED))
def test_a_script_around_the_runtime_alone_breaks_nothing(running: Docker, test: Callable[[Docker], None]) -> None:
    test(replace(running, runtime=WHOLE))


@pytest.mark.parametrize(("name", "test"), NOTICED)
def test_it_is_noticed(running: Docker, breaches: dict[str, str], name: str, test: Callable[[Docker], None]) -> None:
    assert_noticed(running.world, breaches[name], lambda: test(replace(running, runtime=name, seconds=6)))
