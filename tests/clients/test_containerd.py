"""containerd through `ctr`, with its runc shim, over the reference runtime."""

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.daemons import containerd, docker_archive, oci_archive
from tests.clients.engines import CHOSEN, rootfs
from tests.clients.programs import ON_INTERRUPT, TICK, grows
from tests.clients.shim_breaches import WHOLE, assert_noticed, install_breaches
from tests.clients.terminal import Terminal
from tests.clients.world import Completed, World

IMAGE = "docker.io/library/busybox:latest"
STATES = "/run/containerd/runc/default"


@dataclass(frozen=True)
class Box:
    """A container that runs."""

    ctr: "Containerd"
    name: str

    def exec(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        return self.ctr("task", "exec", *flags, "--exec-id", secrets.token_hex(4), self.name, *command)

    def status(self) -> str:
        """Return what `ctr task ls` says, in lower case, "" if there is no task."""
        lines = [line.split() for line in self.ctr("task", "ls").ok().splitlines()]
        return next((line[2].lower() for line in lines if line[0] == self.name), "")

    def wait_until(self, status: str) -> None:
        deadline = time.monotonic() + self.ctr.seconds
        while self.status() != status:
            assert time.monotonic() < deadline, f"{self.name} is {self.status()!r}, not {status!r}"
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        lines = [line.split() for line in self.ctr("task", "ls").ok().splitlines()]
        return int(next(line[1] for line in lines if line[0] == self.name))

    def file(self, path: str) -> Path:
        """Return the path of a file in it."""
        return self.ctr.world.path(f"/proc/{self.pid}/root{path}")

    def wait_for(self, path: str) -> None:
        """Return when the program has made a file. Raises AssertionError."""
        self.exec("sh", "-c", f"until test -e {path}; do sleep .01; done").ok()


@dataclass(frozen=True)
class Containerd:
    """A client of containerd that asks for one runtime."""

    world: World
    runtime: str
    seconds: float = 30
    """How long a command, or waiting for its effect, may take."""

    def __call__(self, *words: str, **more: Any) -> Completed:
        """Run a command; `more` as for World.run."""
        return self.world.run("ctr", *words, **{"timeout": self.seconds, **more})

    def words(self, *command: str, flags: Sequence[str] = ("--rm",), name: str = "") -> list[str]:
        return ["run", f"--runc-binary={self.runtime}", *flags, IMAGE, name or secrets.token_hex(6), *command]

    def run(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        return self(*self.words(*command, flags=("--rm", *flags)))

    @contextlib.contextmanager
    def box(self, *command: str, flags: Sequence[str] = ()) -> Iterator[Box]:
        """Run a container in the background; at the end it is removed."""
        box = Box(self, secrets.token_hex(6))
        try:
            self(*self.words(*(command or ("sleep", "1000")), flags=("-d", *flags), name=box.name)).ok()
            yield box
        finally:
            self("task", "rm", "--force", box.name)
            self("container", "rm", box.name)


@pytest.fixture(scope="module")
def running(world: World) -> Iterator[World]:
    with containerd(world):
        world.path("/tmp/image.tar").write_bytes(docker_archive(rootfs(world), IMAGE))
        world.run("ctr", "image", "import", "/tmp/image.tar").ok()
        yield world


@pytest.fixture(scope="module")
def breaches(world: World) -> dict[str, str]:
    return install_breaches(world)


@pytest.fixture
def ctr(running: World) -> Containerd:
    return Containerd(running, CHOSEN)


def test_output_and_status_are_the_programs(ctr: Containerd) -> None:
    done = ctr.run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_standard_input_reaches_the_program(ctr: Containerd) -> None:
    done = ctr(*ctr.words("head", "-n1"), input="from outside\n")
    assert done.ok() == "from outside"


def test_an_oci_layout_is_imported_and_run(ctr: Containerd) -> None:
    name = "example.org/oci:1"
    ctr.world.path("/tmp/oci.tar").write_bytes(oci_archive(rootfs(ctr.world), name))
    assert name in ctr("image", "import", "/tmp/oci.tar").ok()
    words = [name if word == IMAGE else word for word in ctr.words("echo", "hello")]
    assert ctr(*words).ok() == "hello"


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("nope", 'exec: "nope": executable file not found in $PATH'),
        ("/nope", 'exec: "/nope": stat /nope: no such file or directory'),
        ("/etc", 'exec: "/etc": permission denied'),
    ],
)
def test_what_cannot_be_executed_is_told_and_leaves_nothing(ctr: Containerd, program: str, why: str) -> None:
    before = states(ctr)
    done = ctr.run(program)
    assert done.status == 1
    assert f"{why}: unknown\n" in done.stderr
    assert "unable to retrieve" not in done.stderr
    assert states(ctr) == before


def states(ctr: Containerd) -> set[str]:
    """Return the containers of which the runtime has a state."""
    folder = ctr.world.path(STATES)
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_container_in_the_background_until_it_is_deleted(ctr: Containerd) -> None:
    with ctr.box(flags=["--pid-file=/tmp/pid"]) as box:
        assert box.status() == "running"
        assert box.name in states(ctr)
        pid = int(ctr.world.path("/tmp/pid").read_text())
        assert pid == box.pid
        assert ctr.world.path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x001000\x00"
        ctr("task", "kill", "--signal=KILL", box.name).ok()
        box.wait_until("stopped")
        assert "exit code 137" in ctr("task", "rm", box.name).stderr
        assert box.status() == ""
        assert box.name not in states(ctr)
    assert not list(ctr.world.path("/sys/fs/cgroup").glob(f"*/default/{box.name}"))
    assert not list(ctr.world.path("/sys/fs/cgroup").glob(f"default/{box.name}"))


def test_exec(ctr: Containerd) -> None:
    with ctr.box() as box:
        done = box.exec("sh", "-c", "echo $PPID; id -u; pwd; exit 3", flags=["--user=1000:1000", "--cwd=/tmp"])
        assert (done.status, done.stdout.split()) == (3, ["0", "1000", "/tmp"])
        done = ctr("task", "exec", "--exec-id=in", box.name, "head", "-n1", input="from outside\n")
        assert done.ok() == "from outside"
        box.exec("touch", "/tmp/detached", flags=["--detach"]).ok()
        box.wait_for("/tmp/detached")
        assert 'exec: "nope": executable file not found in $PATH' in box.exec("nope").stderr
        assert box.status() == "running"


def test_processes_are_listed(ctr: Containerd) -> None:
    with ctr.box() as box:
        box.exec("sleep", "999", flags=["--detach"]).ok()
        listed = [int(line.split()[0]) for line in ctr("task", "ps", box.name).ok().splitlines()[1:]]
        commands = [ctr.world.path(f"/proc/{pid}/cmdline").read_bytes() for pid in listed]
        assert commands == [b"sleep\x001000\x00", b"sleep\x00999\x00"]


def test_a_signal_reaches_the_first_process(ctr: Containerd) -> None:
    with ctr.box("sh", "-c", "trap 'exit 9' USR1; touch /ready; while :; do sleep .01; done") as box:
        box.wait_for("/ready")
        ctr("task", "kill", "--signal=USR1", box.name).ok()
        box.wait_until("stopped")
        assert "exit code 9" in ctr("task", "rm", box.name).stderr


def test_a_signal_reaches_all_processes(ctr: Containerd) -> None:
    with ctr.box("sh", "-c", "trap '' USR1; sleep 1000 & touch /ready; while :; do wait; sleep .01; done") as box:
        box.wait_for("/ready")
        box.exec("sleep", "999", flags=["--detach"]).ok()
        ctr("task", "kill", "--all", "--signal=KILL", box.name).ok()
        box.wait_until("stopped")


def test_a_signal_to_what_has_ended_says_so(ctr: Containerd) -> None:
    with ctr.box("true") as box:
        box.wait_until("stopped")
        assert "process already finished: not found" in ctr("task", "kill", box.name).stderr


def test_pause_and_resume(ctr: Containerd) -> None:
    with ctr.box("sh", "-c", TICK) as box:
        box.wait_for("/ticks")
        ticks = box.file("/ticks")
        ctr("task", "pause", box.name).ok()
        assert box.status() == "paused"
        assert not grows(ticks)
        assert box.exec("true").status != 0
        ctr("task", "resume", box.name).ok()
        assert box.status() == "running"
        assert grows(ticks)


def test_metrics(ctr: Containerd) -> None:
    with ctr.box(flags=[f"--memory-limit={32 << 20}"]) as box:
        rows = [line.split() for line in ctr("task", "metrics", box.name).ok().splitlines()]
        metrics = {row[0]: row[1] for row in rows if len(row) == 2}
        assert metrics["pids.current"] == "1"
        usage = metrics.get("memory.usage_in_bytes") or metrics["memory.usage"]
        assert 0 < int(usage) < 32 << 20
        assert str(32 << 20) in metrics.values() or "memory.limit_in_bytes" not in metrics


def test_limits(ctr: Containerd) -> None:
    limits = [f"--memory-limit={64 << 20}", "--cpu-quota=50000", "--cpu-period=100000", "--cpu-shares=512"]
    with ctr.box(flags=limits) as box:
        assert value(box, "memory/default/{}/memory.limit_in_bytes", "default/{}/memory.max") == str(64 << 20)
        assert value(box, "cpu/default/{}/cpu.cfs_quota_us", "default/{}/cpu.max").split()[0] == "50000"
        # A weight on cgroup v2, for which the specification fixes no formula.
        assert 1 < int(value(box, "cpu/default/{}/cpu.shares", "default/{}/cpu.weight")) < 1024


def value(box: Box, *places: str) -> str:
    """Return what a container's cgroup says, in the file for cgroup v1 or in that for v2."""
    files = [box.ctr.world.path(f"/sys/fs/cgroup/{place.format(box.name)}") for place in places]
    return next(file.read_text().strip() for file in files if file.exists())


def test_a_cgroup_of_ones_own(ctr: Containerd) -> None:
    with ctr.box(flags=["--cgroup=/mine/box"]) as box:
        assert ":/mine/box\n" in box.exec("cat", "/proc/self/cgroup").stdout
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
        theirs = box.exec("sh", "-c", script).ok().split()
        assert links[:2] == theirs[:2]
        assert links[2] != theirs[2]
    outside = ctr.world.run("readlink", "/proc/self/ns/net").ok()
    assert ctr.run("readlink", "/proc/self/ns/net", flags=["--net-host"]).ok() == outside
    assert ctr.run("readlink", "/proc/self/ns/net").ok() != outside


def test_a_user_namespace(ctr: Containerd) -> None:
    mappings = ["--uidmap=0:100000:65536", "--gidmap=0:200000:65536"]
    with ctr.box(flags=mappings) as box:
        assert box.exec("sh", "-c", "id -u; stat -c %u /bin/busybox").ok().split() == ["0", "0"]
        owner = ctr.world.path(f"/proc/{box.pid}").stat()
        assert (owner.st_uid, owner.st_gid) == (100000, 200000)


def test_a_terminal(ctr: Containerd) -> None:
    with Terminal(ctr.world, ("ctr", *ctr.words("sh", flags=["--rm", "-t"]))) as terminal:
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


def test_exec_with_a_terminal(ctr: Containerd) -> None:
    with ctr.box() as box, Terminal(ctr.world, ("ctr", "task", "exec", "-t", "--exec-id=one", box.name, "sh")) as terminal:
        terminal.expect("# ")
        terminal.type("until stty size | grep '^30 90'; do sleep .01; done\r")
        terminal.expect("\n30 90")
        terminal.type("exit 6\r")
        assert terminal.running.wait() == 6


def test_a_container_that_its_runtime_has_deleted_already(ctr: Containerd) -> None:
    """As after a checkpoint, which deletes it: containerd goes on if the runtime says that it does not exist."""
    with ctr.box() as box:
        ctr.world.run(ctr.runtime, f"--root={STATES}", "delete", "--force", box.name).ok()
        box.wait_until("stopped")
        assert "exit code 137" in ctr("task", "rm", box.name).stderr
        assert box.status() == ""


def test_nothing_is_left_of_a_container_whose_shim_was_killed(ctr: Containerd) -> None:
    with ctr.box() as box:
        pid = box.pid
        shim = int(ctr.world.path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        assert b"containerd-shim-runc-v2" in ctr.world.path(f"/proc/{shim}/cmdline").read_bytes()
        ctr.world.run("kill", "-KILL", str(shim)).ok()
        deadline = time.monotonic() + ctr.seconds
        while box.name in states(ctr) or ctr.world.path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline, "containerd does not clean up"
            time.sleep(0.02)


def test_a_program_that_is_not_there(ctr: Containerd) -> None:
    test_what_cannot_be_executed_is_told_and_leaves_nothing(ctr, "nope", 'exec: "nope": executable file not found in $PATH')


NOTICED: list[tuple[str, Callable[[Containerd], None]]] = [
    ("newline-in-the-pid-file", test_output_and_status_are_the_programs),
    ("no-stderr-for-the-program", test_output_and_status_are_the_programs),
    ("no-pid-file-of-exec", test_exec),
    ("noise-beside-the-processes", test_processes_are_listed),
    ("another-form-of-time", test_a_program_that_is_not_there),
    ("other-words-for-what-does-not-exist", test_a_container_that_its_runtime_has_deleted_already),
    ("no-signal-but-sigkill", test_a_signal_reaches_the_first_process),
    ("pause-without-effect", test_pause_and_resume),
    ("delete-without-effect", test_a_container_in_the_background_until_it_is_deleted),
]


@pytest.mark.parametrize("test", dict.fromkeys(test for _, test in NOTICED))
def test_a_script_around_the_runtime_alone_breaks_nothing(
    running: World, breaches: dict[str, str], test: Callable[[Containerd], None]
) -> None:
    test(Containerd(running, breaches[WHOLE]))


@pytest.mark.parametrize(("name", "test"), NOTICED)
def test_it_is_noticed(running: World, breaches: dict[str, str], name: str, test: Callable[[Containerd], None]) -> None:
    broken = Containerd(running, breaches[name], seconds=6)
    assert_noticed(running, broken.runtime, lambda: test(broken))
