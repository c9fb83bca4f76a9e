"""docker over the reference runtime: what can be done to a container, from its start to its end and after."""

import json
import time

from tests.clients.docker_client import Docker
from tests.clients.programs import ON_TERM, TICK, grows


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
        docker.world.run(runtime, "--root=/run/docker/runtime-runc/moby", "delete", "--force", box.id).ok()
        box.wait_until("exited")
        box("start").ok()
        assert box.exec("echo", "again").ok() == "again"


def test_a_container_starts_again_after_its_shim_was_killed(docker: Docker) -> None:
    with docker.box() as box:
        pid = box.pid
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


MEMORY = ("memory/docker/{}/memory.limit_in_bytes", "docker/{}/memory.max")
PIDS = ("pids/docker/{}/pids.max", "docker/{}/pids.max")
QUOTA = ("cpu/docker/{}/cpu.cfs_quota_us", "docker/{}/cpu.max")
SHARES = ("cpu/docker/{}/cpu.shares", "docker/{}/cpu.weight")
CPUS = ("cpuset/docker/{}/cpuset.cpus", "docker/{}/cpuset.cpus")


def test_limits(docker: Docker) -> None:
    flags = ["--memory=64m", "--pids-limit=20", "--cpus=0.5", "--cpu-shares=512", "--cpuset-cpus=0", "--oom-score-adj=500"]
    with docker.box(flags=flags) as box:
        assert (box.limit(*MEMORY), box.limit(*PIDS), box.limit(*CPUS)) == (str(64 << 20), "20", "0")
        assert box.limit(*QUOTA).split()[0] == "50000"
        assert 1 < int(box.limit(*SHARES)) < 1024  # a weight on cgroup v2
        assert box.exec("sh", "-c", "nproc; cat /proc/1/oom_score_adj").ok().split() == ["1", "500"]


def test_update(docker: Docker) -> None:
    with docker.box(flags=["--memory=64m", "--memory-swap=64m", "--pids-limit=20", "--cpus=0.5"]) as box:
        box("update", "--memory=48m", "--memory-swap=48m", "--pids-limit=30", "--cpuset-cpus=0").ok()
        assert (box.limit(*MEMORY), box.limit(*PIDS), box.limit(*CPUS)) == (str(48 << 20), "30", "0")
        assert box.limit(*QUOTA).split()[0] == "50000"  # what was not named stays


def test_out_of_memory(docker: Docker) -> None:
    command = ("dd", "if=/dev/zero", "of=/dev/null", "bs=64M")
    with docker.box(*command, flags=["--memory=16m", "--memory-swap=16m"]) as box:
        assert box("wait").ok() == "137"
        assert box.asked("{{.State.OOMKilled}}") == "true"


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
