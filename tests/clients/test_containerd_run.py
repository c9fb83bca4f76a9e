"""containerd over the reference runtime, through ctr and its shim for runc: a container from its start to its end."""

import time

import pytest

from tests.clients.containerd_client import IMAGE, LINGER, STATES, Containerd, lingering
from tests.clients.daemons import oci_archive
from tests.clients.engines import rootfs
from tests.clients.programs import TICK, grows, use_shell, use_shell_briefly
from tests.clients.terminal import Terminal


def test_output_and_status_are_the_programs(ctr: Containerd) -> None:
    done = ctr.run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_standard_input_reaches_the_program(ctr: Containerd) -> None:
    done = ctr(*ctr.words(*lingering(["head", "-n1"])), input="from outside\n")
    assert done.ok() == "from outside"


def test_an_oci_layout_is_imported_and_run(ctr: Containerd) -> None:
    name = "example.org/oci:1"
    ctr.world.path("/tmp/oci.tar").write_bytes(oci_archive(rootfs(ctr.world), name))
    assert name in ctr("image", "import", "/tmp/oci.tar").ok()
    words = [name if word == IMAGE else word for word in ctr.words(*lingering(["echo", "hello"]))]
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
    before = ctr.states()
    done = ctr(*ctr.words(program))
    assert done.status == 1
    assert f"{why}: unknown\n" in done.stderr
    assert "unable to retrieve" not in done.stderr
    assert ctr.states() == before


def test_a_container_in_the_background_until_it_is_deleted(ctr: Containerd) -> None:
    with ctr.box(flags=["--pid-file=/tmp/pid"]) as box:
        assert box.status() == "running"
        assert box.name in ctr.states()
        pid = int(ctr.world.path("/tmp/pid").read_text())
        assert pid == box.pid
        assert ctr.world.path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x001000\x00"
        ctr("task", "kill", "--signal=KILL", box.name).ok()
        box.wait_until("stopped")
        assert "exit code 137" in ctr("task", "rm", box.name).stderr
        assert box.status() == ""
        assert box.name not in ctr.states()
    assert not list(ctr.world.path("/sys/fs/cgroup").glob(f"*/default/{box.name}"))
    assert not list(ctr.world.path("/sys/fs/cgroup").glob(f"default/{box.name}"))


def test_exec(ctr: Containerd) -> None:
    with ctr.box() as box:
        done = box.exec("sh", "-c", f"echo $PPID; id -u; pwd; {LINGER}; exit 3", flags=["--user=1000:1000", "--cwd=/tmp"])
        assert (done.status, done.stdout.split()) == (3, ["0", "1000", "/tmp"])
        done = ctr("task", "exec", "--exec-id=in", box.name, *lingering(["head", "-n1"]), input="from outside\n")
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


def test_a_terminal(ctr: Containerd) -> None:
    with Terminal(ctr.world, ("ctr", *ctr.words("sh", flags=["--rm", "-t"]))) as terminal:
        use_shell(terminal)


def test_exec_with_a_terminal(ctr: Containerd) -> None:
    with ctr.box() as box, Terminal(ctr.world, ("ctr", "task", "exec", "-t", "--exec-id=one", box.name, "sh")) as terminal:
        use_shell_briefly(terminal)


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
        while box.name in ctr.states() or ctr.world.path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline, "containerd does not clean up"
            time.sleep(0.02)
