"""SIGKILL of any process of the harness, at random moments while it certifies: after one more start nothing is left."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from conformance.host.hierarchies import cgroup_mounts, read
from specs.verdicts import ExitCode
from tests.certification.certify import ROOT, RUNC, certify, environment, lane, needs_runc, short_directory
from tests.host.jails import alive, descendants

_ROUNDS = 25
_SECONDS = 30.0
_PROCESSES = "--requirement=config.process.*"


def _started(directory: Path, temporary: Path, *arguments: str) -> subprocess.Popen[bytes]:
    reproducers = f"--reproducers={directory / 'reproducers'}"
    command = [sys.executable, "-m", "pytest", f"--runtime={RUNC}", f"--lane={lane()}", _PROCESSES, reproducers, *arguments]
    variables = environment(temporary)
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ROOT, env=variables, stdin=quiet, stdout=quiet, stderr=quiet)


def _harness(processes: set[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return those that run our interpreter: not the runtime, not its containers."""
    found = []
    for pid, started in sorted(processes):
        try:
            if os.path.samefile(f"/proc/{pid}/exe", sys.executable):
                found.append((pid, started))
        except OSError:
            continue
    return found


def _kill_one(supervisor: subprocess.Popen[bytes], chance: random.Random) -> tuple[set[tuple[int, str]], str]:
    """Kill the supervisor or a process below it; return all that there were, and which it was."""
    processes = descendants(supervisor.pid)
    victims = [*_harness(processes), None]
    victim = chance.choice(victims)
    if victim is None:
        supervisor.kill()
        return processes, "supervisor"
    if alive({victim}):
        os.kill(victim[0], signal.SIGKILL)
    return processes, "below"


def _await_run(temporary: Path) -> None:
    """Wait until a run has its work directory; how long Python takes to get there is the host's business."""
    deadline = time.monotonic() + _SECONDS
    while not any(temporary.glob("oci-conformance-run.*")) and time.monotonic() < deadline:
        time.sleep(0.02)


def _gone(processes: set[tuple[int, str]]) -> bool:
    deadline = time.monotonic() + _SECONDS
    while alive(processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _cgroups(names: set[str]) -> list[str]:
    mounts = cgroup_mounts(read("/proc/self/mountinfo"))
    return [path for mount in mounts for path, _, _ in os.walk(mount.point) if os.path.basename(path) in names]


@needs_runc
def test_fifty_kills_leave_nothing_after_one_more_start(tmp_path: Path) -> None:
    with short_directory() as temporary:
        _kill_fifty(tmp_path, temporary)


def _kill_fifty(tmp_path: Path, temporary: Path) -> None:
    chance = random.Random(7)
    processes: set[tuple[int, str]] = set()
    names: set[str] = set()
    victims: list[str] = []
    survivors: list[tuple[int, str]] = []
    for _ in range(_ROUNDS):
        supervisors = [_started(tmp_path, temporary), _started(tmp_path, temporary, "-n", "2")]
        _await_run(temporary)
        time.sleep(chance.uniform(0, 2))
        names |= {path.name for path in temporary.iterdir()}
        for supervisor in supervisors:
            seen, victim = _kill_one(supervisor, chance)
            victims.append(victim)
            processes |= seen
            # Whatever was killed, the run ends soon: there is nobody left whom it could wait for.
            supervisor.wait(timeout=_SECONDS)
            survivors += [] if _gone(seen) else sorted(alive(seen))
    assert survivors == []
    after = certify(f"--runtime={RUNC}", f"--lane={lane()}", _PROCESSES, directory=tmp_path, temporary=temporary)
    assert after.status in {ExitCode.CONFORMANT, ExitCode.VIOLATED}, after
    assert not alive(processes)
    assert _cgroups(names) == []
    assert [line for line in read("/proc/self/mountinfo").splitlines() if str(temporary) in line] == []
    # The controls: runs were under way when they were hit, and everybody had a turn.
    assert any(name.startswith("oci-conformance-run.") for name in names)
    assert any(name.startswith("oci-conformance.") for name in names)
    assert {"supervisor", "below"} == set(victims)
