"""Many calls at once, and calls that are killed: `python -m tests.reference_runtime.turmoil NAME`, pid 1 of a session jail.

Whatever has happened, `delete --force` leaves nothing: no state, no cgroup, no process, no mount. Pid 1 reaps what is orphaned,
as any init does.
"""

import collections
import json
import os
import platform
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.bundle.config import base_config
from tests.reference_runtime import programs
from tests.reference_runtime.attacks.weakening import SOURCE, Change, weakened

WORK = Path(os.environ.get("OCI_CONFORMANCE_WORKDIR", "/nowhere"))
PATIENCE = 20
"""Seconds that a call may take before it counts as one that hangs."""
ROUNDS = 40
SEED = 20260729
_TRIALS = 3
"""The first call of a build takes longer."""


@dataclass
class Calls:
    """Calls of one build of the runtime, and the statuses of all processes that have ended."""

    runtime: Path
    ended: dict[int, int] = field(default_factory=dict)
    files: dict[int, Path] = field(default_factory=dict)

    def begin(self, *words: str) -> int:
        """Start a call; returns its pid. What it prints goes to a file, since containers keep it open."""
        output = WORK / f"output-{len(self.files)}"
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        line = [str(self.runtime), "--root", str(WORK / "root"), *words]
        pid = os.posix_spawn(str(self.runtime), line, {}, file_actions=actions)
        self.files[pid] = output
        return pid

    def end(self, pid: int) -> tuple[int, str]:
        """Wait for a call and reap whatever else ends meanwhile; returns its status, negative for a signal, and its output."""
        deadline = time.monotonic() + PATIENCE
        while pid not in self.ended:
            self.reap()
            assert time.monotonic() < deadline, f"a call hangs, {self.files[pid].read_text()}"
            time.sleep(0.001)
        return os.waitstatus_to_exitcode(self.ended[pid]), self.files[pid].read_text()

    def reap(self) -> None:
        """Take note of all that has ended."""
        try:
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                self.ended[found[0]] = found[1]
        except ChildProcessError:
            return

    def call(self, *words: str) -> tuple[int, str]:
        """Make a call and wait for its end."""
        return self.end(self.begin(*words))

    def must(self, *words: str) -> str:
        """Make a call that has to succeed."""
        status, output = self.call(*words)
        assert status == 0, f"{words}: {output}"
        return output

    def kill_after(self, seconds: float, *words: str) -> bool:
        """Start a call and kill it; returns whether it was still under way."""
        pid = self.begin(*words)
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        return self.end(pid)[0] == -signal.SIGKILL


def bundle() -> Path:
    """Make a bundle whose program waits for ever."""
    directory = WORK / "bundle"
    for place in ("bin", "proc", "dev", "sys"):
        (directory / "rootfs" / place).mkdir(parents=True, exist_ok=True)
    for program, content in programs.every(platform.machine()).items():
        file = directory / "rootfs/bin" / program
        file.write_bytes(content)
        file.chmod(0o755)
    config: dict[str, Any] = base_config(oci_version="1.3.0")
    config["linux"]["cgroupsPath"] = "/turmoil/c"
    config["process"]["args"] = ["/bin/pause"]
    (directory / "config.json").write_text(json.dumps(config))
    return directory


@dataclass(frozen=True)
class Traces:
    """What containers leave on a host."""

    processes: frozenset[str]
    mounts: str
    cgroups: tuple[str, ...]
    state: tuple[str, ...]


def traces() -> Traces:
    """Return what is there now."""
    root = WORK / "root"
    processes = frozenset(f"{pid} {_command(pid)}" for pid in os.listdir("/proc") if pid.isdigit() and _command(pid))
    cgroups = tuple(str(path) for path in Path("/sys/fs/cgroup").glob("*/turmoil*"))
    cgroups += tuple(str(path) for path in Path("/sys/fs/cgroup").glob("turmoil*"))
    state = tuple(os.listdir(root)) if root.exists() else ()
    return Traces(processes, Path("/proc/self/mountinfo").read_text(), cgroups, state)


def _command(pid: str) -> str:
    """Return what a process executes, "" if it has ended."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def nothing_left(calls: Calls, before: Traces) -> None:
    """Delete with force; then all is as before. Processes that were killed may still be on their way out."""
    calls.must("delete", "--force", "c")
    deadline = time.monotonic() + PATIENCE / 4
    while (now := traces()) != before and time.monotonic() < deadline:
        calls.reap()
        time.sleep(0.01)
    assert now == before, f"{now.processes - before.processes} {now.cgroups} {now.state}"


def _killed(calls: Calls, prepare: Callable[[], None], *words: str) -> None:
    """Kill a call at moments spread over the time that it takes, and clean up after each."""
    before = traces()
    duration = float(PATIENCE)
    for _ in range(_TRIALS):
        prepare()
        began = time.monotonic()
        calls.call(*words)
        duration = min(duration, time.monotonic() - began)
        nothing_left(calls, before)
    moments, under_way = random.Random(SEED), 0
    for index in range(ROUNDS):
        prepare()
        if calls.kill_after(duration * (index + moments.random()) / ROUNDS, *words):
            under_way += 1
        else:
            duration *= 0.8  # it has ended before: the machine was busier when its time was taken
        nothing_left(calls, before)
    assert under_way > ROUNDS // 2, "most calls have ended before they were killed"


def killed_create(calls: Calls) -> None:
    directory = bundle()
    _killed(calls, lambda: None, "create", f"--bundle={directory}", "c")


def killed_start(calls: Calls) -> None:
    directory = bundle()
    _killed(calls, lambda: _made(calls, "create", directory), "start", "c")


def killed_run(calls: Calls) -> None:
    directory = bundle()
    _killed(calls, lambda: None, "run", "--detach", f"--bundle={directory}", "c")


def killed_exec(calls: Calls) -> None:
    directory = bundle()
    _killed(calls, lambda: _made(calls, "run", directory), "exec", "c", "/bin/say")


def killed_delete(calls: Calls) -> None:
    directory = bundle()
    _killed(calls, lambda: _made(calls, "run", directory), "delete", "--force", "c")


def killed_pause(calls: Calls) -> None:
    directory = bundle()
    _killed(calls, lambda: _made(calls, "run", directory), "pause", "c")


def _made(calls: Calls, operation: str, directory: Path) -> None:
    calls.must(operation, *(["--detach"] if operation == "run" else []), f"--bundle={directory}", "c")


_MAKING = (*(("create",),) * 8, *(("start", "c"),) * 12)
_MIXED = (
    *(("create",),) * 7,
    *(("start", "c"),) * 4,
    *(("kill", "c", "KILL"),) * 3,
    *(("delete", "c"),) * 3,
    *(("delete", "--force", "c"),) * 3,
)


def twenty_at_once(calls: Calls) -> None:
    """One create and one start at most succeed until somebody deletes; whatever is left is in a state of the model."""
    directory = bundle()
    before = traces()
    order = random.Random(SEED)
    for index in range(ROUNDS // 2):
        kinds = _MIXED if index % 2 else _MAKING
        words = [(*each, f"--bundle={directory}", "c") if each == ("create",) else each for each in kinds]
        order.shuffle(words)
        begun = [(each, calls.begin(*each)) for each in words]
        results = [(each[0], *calls.end(pid)) for each, pid in begun]
        _judge(results)
        _judge_end(calls, results, deletes=kinds is _MIXED)
        nothing_left(calls, before)


def two_starts(calls: Calls) -> None:
    """One of two that come at the same time succeeds."""
    directory = bundle()
    before = traces()
    for _ in range(ROUNDS // 4):
        _made(calls, "create", directory)
        begun = [calls.begin("start", "c") for _ in range(2)]
        assert sorted(calls.end(pid)[0] for pid in begun) == [0, 1]
        nothing_left(calls, before)


def _judge(results: list[tuple[str, int, str]]) -> None:
    for operation, status, output in results:
        assert status in {0, 1}, (operation, status, output)
        assert "internal error" not in output, (operation, output)
        assert len(output.splitlines()) == status, (operation, output)


def _judge_end(calls: Calls, results: list[tuple[str, int, str]], *, deletes: bool) -> None:
    done = collections.Counter(operation for operation, status, _ in results if status == 0)
    assert done["create"] >= 1
    assert done["create"] == 1 or deletes
    assert done["start"] <= done["create"], results
    status, output = calls.call("state", "c")
    left = sorted(os.listdir(WORK / "root"))
    if status:
        assert "does not exist" in output
        assert left == []
        return
    assert json.loads(output)["status"] in {"created", "running", "stopped"}
    assert left == ["c"]


SCENARIOS: dict[str, Callable[[Calls], None]] = {
    each.__name__: each
    for each in (killed_create, killed_start, killed_run, killed_exec, killed_delete, killed_pause, twenty_at_once, two_starts)
}

_PAUSE = "from select import select; select([], [], [], 0.2)"
"""Between looking and acting, for others to come in."""
_RENDEZVOUS = "from time import time; from select import select; select([], [], [], 1 - time() % 1)"
"""The same; and all who wait go on at one moment."""
_NO_CGROUPS = (
    Change("init/setup.py", "        self._enter_cgroups()\n", ""),
    Change("lifecycle.py", "-1 if plan.namespaces.joined else cgroup.open_unified()", "-1"),
)
"""Where there are none, they do not tell which processes are left."""
_ORPHANS = (
    *_NO_CGROUPS,
    Change("lifecycle.py", "        cgroup.restrict_devices()", f"        {_PAUSE}\n        cgroup.restrict_devices()"),
    Change("init/setup.py", "        k.prctl(k.PR_SET_PDEATHSIG, SIGKILL)\n", ""),
    Change("init/launch.py", "            posix.close(ours)  # so that it hears of our end, and doesn't wait for ever\n", ""),
)
CONTROLS: dict[str, tuple[str, tuple[Change, ...]]] = {
    "a first process that outlives the runtime": ("killed_create", _ORPHANS),
    "state that is not written before the process goes on": (
        "killed_create",
        (
            Change(
                "lifecycle.py",
                '        container.document["startTime"] = k.start_time(launched.pid)\n        container.save()\n',
                "",
            ),
            *_NO_CGROUPS,
        ),
    ),
    "no lock": (
        "twenty_at_once",
        (
            Change("container/directory.py", "    flock(descriptor, _LOCK_EX)\n", ""),
            Change("lifecycle.py", "    try:\n        step_7", f"    {_RENDEZVOUS}\n    try:\n        step_7"),
        ),
    ),
}
"""Builds that lack one of the precautions, and the scenario that has to fail with them."""


def main(name: str) -> None:
    """Run a scenario on the runtime, or a control, which has to fail."""
    if name in SCENARIOS:
        SCENARIOS[name](Calls(SOURCE / "reference-runtime"))
        return
    scenario, changes = CONTROLS[name]
    calls = Calls(weakened(WORK, changes))
    try:
        SCENARIOS[scenario](calls)
    except AssertionError:
        return
    raise AssertionError(f"{scenario} has not failed")


if __name__ == "__main__":
    main(sys.argv[1])
