"""podman over a container's life: background, exec, attach, logs, pause, stats, update, stop, kill, rm."""

import json
import os
import time
from collections.abc import Callable, Iterator

import pytest

from tests.clients.engines import IMAGE, Podman

PROGRAM = "trap 'echo ended; exit 0' TERM; trap 'echo told' USR1; echo started; while :; do sleep .1; done"


@pytest.fixture
def container(podman: Podman) -> Iterator[str]:
    """Run a container that ends well on SIGTERM."""
    name = podman.detached(IMAGE, "sh", "-c", PROGRAM)
    _until(lambda: "started" in podman("logs", name).stdout)
    yield name
    podman("rm", "--force", "--time=0", name)


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.05)


def _cgroup_of(podman: Podman, container: str, controller: str) -> str:
    """Return the folder of a container's cgroup in the world: that of a v1 controller, or the one of v2."""
    pid = podman.inspect(container, "State.Pid")
    lines = podman.world.run("cat", f"/proc/{pid}/cgroup").ok().splitlines()
    paths = {names: path for _, names, path in (line.split(":", 2) for line in lines)}
    return f"/sys/fs/cgroup/{controller}{paths[controller]}" if controller in paths else f"/sys/fs/cgroup{paths['']}"


def test_the_container_is_the_child_of_its_monitor(podman: Podman, container: str) -> None:
    pid, monitor = (podman.inspect(container, f"State.{name}") for name in ("Pid", "ConmonPid"))
    assert f"PPid:\t{monitor}\n" in podman.world.run("cat", f"/proc/{pid}/status").stdout
    # Nothing of the runtime stays beside it.
    assert podman.world.run("cat", f"/proc/{monitor}/task/{monitor}/children").ok().split() == [pid]


def test_the_pid_file_is_a_number_and_nothing_else(podman: Podman) -> None:
    name = podman.detached("--pidfile=/var/tmp/pid", IMAGE, "sleep", "100")
    assert podman.world.path("/var/tmp/pid").read_text() == podman.inspect(name, "State.Pid")
    podman("rm", "--force", "--time=0", name).ok()


def test_nothing_is_left_after_removal(podman: Podman) -> None:
    name = podman.detached(IMAGE, "sleep", "100")
    freezer = _cgroup_of(podman, name, "freezer")
    state = podman.world.path(f"/run/{os.path.basename(_runtime(podman))}/{name}")
    assert podman.world.path(freezer).is_dir()
    assert state.is_dir()
    podman("rm", "--force", "--time=0", name).ok()
    assert not podman.world.path(freezer).exists()
    assert not state.exists()
    assert name not in podman.world.run("cat", "/proc/mounts").stdout


def test_exec_has_output_status_input_and_surroundings(podman: Podman, container: str) -> None:
    script = "cat; echo $A; pwd; id -u; echo err >&2; exit 9"
    done = podman("exec", "-i", "--env=A=b", "--workdir=/tmp", "--user=1000", container, "sh", "-c", script, input="in\n")
    assert (done.stdout.split(), done.stderr, done.status) == (["in", "b", "/tmp", "1000"], "err\n", 9)


@pytest.mark.parametrize(("program", "status"), [("nosuch", 127), ("/bin/nosuch", 127), ("/etc/passwd", 126), ("/etc", 126)])
def test_exec_of_what_cannot_run(podman: Podman, container: str, program: str, status: int) -> None:
    assert podman("exec", container, program).status == status


def test_exec_is_as_confined_as_its_container(podman: Podman) -> None:
    name = podman.detached("--cap-drop=all", "--security-opt=no-new-privileges", "--memory=64m", IMAGE, "sleep", "100")
    shown = "grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status; cat /proc/self/cgroup; readlink /proc/self/ns/mnt"
    inside = podman("exec", name, "sh", "-c", shown).ok()
    assert [line.split()[1] for line in inside.splitlines()[:3]] == ["0" * 16, "1", "2"]
    assert inside.splitlines()[3:-1] == podman("exec", name, "cat", "/proc/1/cgroup").ok().splitlines()
    assert inside.splitlines()[-1] == podman("exec", name, "readlink", "/proc/1/ns/mnt").ok()
    podman("rm", "--force", "--time=0", name).ok()


def test_privileged_exec_has_more(podman: Podman, container: str) -> None:
    masks = [
        podman("exec", *options, container, "grep", "CapEff", "/proc/self/status").ok().split()[1]
        for options in ((), ("--privileged",))
    ]
    assert int(masks[0], 16) < int(masks[1], 16)


def test_exec_in_the_background(podman: Podman, container: str) -> None:
    podman("exec", "--detach", container, "sh", "-c", "sleep .2; echo done >/tmp/done").ok()
    _until(lambda: podman("exec", container, "cat", "/tmp/done").stdout == "done\n")


def test_many_execs_at_once(podman: Podman, container: str) -> None:
    command = " ".join(podman.command("exec", container, "sh", "-c", "'exit $0'"))
    script = f'for i in 1 2 3 4; do {command} $i & pids="$pids $!"; done; for pid in $pids; do wait $pid; echo $?; done'
    assert podman.world.run("sh", "-c", script).ok().split() == ["1", "2", "3", "4"]


def test_logs_keep_both_streams(podman: Podman) -> None:
    name = podman.detached(IMAGE, "sh", "-c", "echo one; echo two >&2; printf three")
    assert podman("wait", name).ok() == "0"
    logs = podman("logs", "--follow", name)
    assert (logs.stdout.split(), logs.stderr.split()) == (["one", "three"], ["two"])
    podman("rm", name).ok()


def test_attach_reaches_both_ways(podman: Podman) -> None:
    name = podman.detached("--interactive", IMAGE, "sh", "-c", "read line; echo got $line; exit 4")
    assert podman("attach", name, input="hello\n").ok() == "got hello"
    assert podman("wait", name).ok() == "4"
    podman("rm", name).ok()


def test_attach_hands_signals_on(podman: Podman, container: str) -> None:
    out, out_end = os.pipe()
    attached = podman.world.start(*podman.command("attach", container), stdout=out_end)
    os.close(out_end)
    time.sleep(0.5)
    podman("kill", "--signal=TERM", container).ok()
    assert attached.wait() == 0
    assert os.read(out, 100).strip() == b"ended"
    os.close(out)


def test_pause_freezes_and_unpause_thaws(podman: Podman, container: str) -> None:
    freezer = podman.world.path(_cgroup_of(podman, container, "freezer"))
    state, frozen = ("freezer.state", "FROZEN\n") if (freezer / "freezer.state").exists() else ("cgroup.freeze", "1\n")
    podman("pause", container).ok()
    assert (freezer / state).read_text() == frozen
    assert podman.inspect(container, "State.Status") == "paused"
    assert podman("exec", container, "true").status != 0
    podman("unpause", container).ok()
    assert (freezer / state).read_text() != frozen
    podman("exec", container, "true").ok()


def test_a_paused_container_can_be_removed(podman: Podman, container: str) -> None:
    podman("pause", container).ok()
    podman("rm", "--force", "--time=0", container).ok()
    assert podman("container", "exists", container).status == 1


def test_stats(podman: Podman, container: str) -> None:
    (stats,) = json.loads(podman("stats", "--no-stream", "--format=json", container).ok())
    assert int(stats["pids"]) >= 1
    assert not stats["mem_usage"].startswith("0B")


def test_top(podman: Podman, container: str) -> None:
    lines = podman("top", container, "pid", "comm").ok().splitlines()
    assert lines[1].split() == ["1", "sh"]


def test_update_changes_the_limits(podman: Podman, container: str) -> None:
    podman("update", "--memory=48m", "--cpus=0.25", "--cpuset-cpus=0", container).ok()
    found = {}
    for controller, v1, v2 in (
        ("memory", "memory.limit_in_bytes", "memory.max"),
        ("cpuset", "cpuset.cpus", "cpuset.cpus"),
        ("cpu", "cpu.cfs_quota_us", "cpu.max"),
    ):
        folder = podman.world.path(_cgroup_of(podman, container, controller))
        found[controller] = (folder / (v1 if (folder / v1).exists() else v2)).read_text().split()[0]
    assert found == {"memory": str(48 << 20), "cpuset": "0", "cpu": "25000"}


def test_stop_lets_the_program_end(podman: Podman, container: str) -> None:
    podman("stop", "--time=20", container).ok()
    assert (podman.inspect(container, "State.ExitCode"), podman.inspect(container, "State.Status")) == ("0", "exited")
    assert podman("logs", container).stdout.endswith("ended\n")


def test_stop_kills_in_the_end(podman: Podman) -> None:
    name = podman.detached(IMAGE, "sh", "-c", "trap '' TERM; while :; do sleep .1; done")
    podman("stop", "--time=1", name).ok()
    assert podman.inspect(name, "State.ExitCode") == "137"
    podman("rm", name).ok()


def test_kill_sends_the_signal_that_is_named(podman: Podman, container: str) -> None:
    podman("kill", "--signal=USR1", container).ok()
    _until(lambda: "told" in podman("logs", container).stdout)
    assert podman.inspect(container, "State.Status") == "running"
    podman("kill", container).ok()
    assert podman("wait", container).ok() == "137"


def test_kill_of_what_has_ended(podman: Podman) -> None:
    name = podman.detached(IMAGE, "true")
    podman("wait", name).ok()
    assert podman("kill", name).status != 0
    podman("rm", name).ok()


def test_with_the_hosts_processes_all_of_the_container_are_killed(podman: Podman) -> None:
    name = podman.detached("--pid=host", IMAGE, "sh", "-c", "sleep 1234 & sleep 1234")
    _until(lambda: podman.world.run("sh", "-c", "busybox ps | grep -c '[s]leep 1234'").stdout == "2\n")
    podman("rm", "--force", "--time=0", name).ok()
    _until(lambda: podman.world.run("sh", "-c", "busybox ps | grep -c '[s]leep 1234'").stdout == "0\n")


def test_create_then_start_then_start_again(podman: Podman) -> None:
    name = podman("create", "--network=none", IMAGE, "sh", "-c", "echo once more; exit 5").ok()
    for _ in range(2):
        done = podman("start", "--attach", name)
        assert (done.stdout, done.status) == ("once more\n", 5)
    podman("rm", name).ok()


def test_init_creates_without_starting(podman: Podman) -> None:
    name = podman("create", "--network=none", IMAGE, "sleep", "100").ok()
    podman("init", name).ok()
    assert json.loads(podman.world.run(_runtime(podman), "state", name).ok())["status"] == "created"
    podman("start", name).ok()
    assert json.loads(podman.world.run(_runtime(podman), "state", name).ok())["status"] == "running"
    podman("rm", "--force", "--time=0", name).ok()


def _runtime(podman: Podman) -> str:
    """Return the path of the runtime. podman leaves its state at the usual place, which is named after it."""
    return podman("info", "--format={{.Host.OCIRuntime.Path}}").ok()


def test_restart(podman: Podman, container: str) -> None:
    before = podman.inspect(container, "State.Pid")
    podman("restart", "--time=10", container).ok()
    assert podman.inspect(container, "State.Pid") != before
    assert podman.inspect(container, "State.Status") == "running"


def test_a_container_that_fails_is_restarted(podman: Podman) -> None:
    name = podman.detached("--restart=on-failure:2", IMAGE, "false")
    _until(lambda: podman.inspect(name, "RestartCount") == "2" and podman.inspect(name, "State.Status") == "exited")
    podman("rm", name).ok()


def test_time_out(podman: Podman) -> None:
    done = podman.run("--timeout=1", IMAGE, "sleep", "100")
    assert done.status != 0


def test_health_check(podman: Podman) -> None:
    name = podman.detached("--health-cmd=test -e /tmp/well", IMAGE, "sleep", "100")
    assert podman("healthcheck", "run", name).status == 1
    podman("exec", name, "touch", "/tmp/well").ok()
    podman("healthcheck", "run", name).ok()
    podman("rm", "--force", "--time=0", name).ok()


def test_files_are_copied_out_and_in_and_committed(podman: Podman, container: str) -> None:
    podman("exec", container, "sh", "-c", "echo out >/tmp/out").ok()
    podman("cp", f"{container}:/tmp/out", "/var/tmp/out").ok()
    podman("cp", "/var/tmp/out", f"{container}:/root/in").ok()
    assert podman("exec", container, "cat", "/root/in").ok() == "out"
    assert "A /root/in" in podman("diff", container).ok()
    podman("commit", "--quiet", container, "localhost/committed").ok()
    assert podman.run("localhost/committed", "cat", "/root/in").ok() == "out"


def test_what_the_runtime_cannot_do_is_refused_without_harm(podman: Podman, container: str) -> None:
    done = podman("container", "checkpoint", container)
    assert done.status != 0
    assert podman.inspect(container, "State.Status") == "running"
