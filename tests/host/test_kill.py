"""SIGKILL of the janitor, of pid 1 or of both, at random moments, while containers come and go: nothing stays."""

import os
import random
import signal
import sys
import time
from itertools import cycle
from pathlib import Path

import pytest

from conformance.host.cgroup_views import LANES
from tests.host.jails import Start, Started, alive, bundle, descendants, jailed, needs_root, needs_runc, shell, traces

_ROUNDS = 50
_VICTIMS = ("janitor", "pid 1", "both")


def _busy(directory: Path) -> tuple[str, ...]:
    """Containers without end: each runs, is frozen where it can be, is thawed, killed and deleted."""
    run = f"runc run --detach -b {directory} c$i </dev/null >/dev/null 2>&1"
    rest = "runc pause c$i; runc resume c$i; runc kill c$i KILL; runc delete --force c$i"
    return shell([f"i=0; while :; do i=$((i+1)); {run}; {{ {rest}; }} >/dev/null 2>&1; done"])


def _kill(started: Started, victim: str) -> None:
    pid_1 = started.pid_1
    if victim in ("pid 1", "both") and pid_1:
        os.kill(pid_1, signal.SIGKILL)
    if victim != "pid 1":
        started.janitor.kill()
    started.janitor.wait(timeout=30)


@needs_runc
def test_fifty_kills_leave_nothing_after_the_next_start(tmp_path: Path, start: Start) -> None:
    busy, lanes, victims = _busy(bundle(tmp_path / "bundle")), cycle(LANES), cycle(_VICTIMS)
    usable = [lane for lane in LANES if jailed("true", lane=lane, workdir=tmp_path, unjailable="tell").returncode == 0]
    assert "host" in usable
    moments = random.Random(2)
    processes: set[tuple[int, str]] = set()
    names: list[str] = []
    leftovers: list[str] = []
    alive_before: list[int] = []
    for _ in range(_ROUNDS):
        lane = next(lane for lane in lanes if lane in usable)
        started = start(*busy, lane=lane, workdir=tmp_path)
        # This is the next start after the kill of the round before: whatever that one left must be gone now.
        leftovers += [trace for name in names[-1:] for trace in traces(name, tmp_path)] + sorted(map(str, alive(processes)))
        time.sleep(moments.uniform(0, 0.6))
        processes = descendants(started.janitor.pid)
        alive_before.append(len(processes))
        leftovers += [] if traces(started.name, tmp_path) and f" {started.workdir} " in started.mounts() else ["no control"]
        _kill(started, next(victims))
        names.append(started.name)
    assert jailed("true", workdir=tmp_path).returncode == 0
    assert leftovers + sorted(map(str, alive(processes))) == []
    assert [trace for name in names for trace in traces(name, tmp_path)] == []
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    # The control: at each kill pid 1 was alive, and mostly a runtime or a container beside it.
    assert min(alive_before) >= 1
    assert sum(count > 1 for count in alive_before) > _ROUNDS / 2


@needs_root
@pytest.mark.parametrize("victim", _VICTIMS)
def test_the_death_of_one_side_ends_all_at_once(victim: str, tmp_path: Path, start: Start) -> None:
    """Without a next start: only directories may be left."""
    started = start("sh", "-c", "sh -c 'echo ready; exec sleep 60'; true", workdir=tmp_path)
    assert started.said() == "ready"
    processes = descendants(started.janitor.pid)
    _kill(started, victim)
    deadline = time.monotonic() + 10
    while alive(processes) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(processes) >= 2
    assert not alive(processes)


@needs_root
def test_a_command_that_outlives_its_janitor_is_ended_by_the_next_start(tmp_path: Path, start: Start) -> None:
    """It has switched its parent-death signal off."""
    program = "import ctypes, time; ctypes.CDLL(None).prctl(1, 0, 0, 0, 0); print('ready', flush=True); time.sleep(60)"
    started = start(sys.executable, "-c", program, workdir=tmp_path)
    assert started.said() == "ready"
    processes = descendants(started.janitor.pid)
    _kill(started, "janitor")
    # The control: it does live on.
    assert alive(processes) == processes
    assert jailed("true", workdir=tmp_path).returncode == 0
    assert not alive(processes)
    assert not traces(started.name, tmp_path)


@needs_runc
@pytest.mark.parametrize("victim", [*_VICTIMS, "nobody"])
@pytest.mark.parametrize("lane", ["v1", "v2"])
def test_a_frozen_container_does_not_keep_the_session(lane: str, victim: str, tmp_path: Path, start: Start) -> None:
    """A v1 freezer holds its processes even against SIGKILL, and with them their pid namespace."""
    directory = bundle(tmp_path / "bundle")
    lines = [f"runc run --detach -b {directory} frozen </dev/null >/dev/null", "runc pause frozen && echo frozen", "read line"]
    jailed("true", lane=lane, workdir=tmp_path)
    started = start(*shell(lines), lane=lane, workdir=tmp_path)
    assert started.said() == "frozen"
    processes = descendants(started.janitor.pid)
    if victim == "nobody":
        started.tell()
        assert started.janitor.wait(timeout=30) == 0
    else:
        _kill(started, victim)
    assert jailed("true", workdir=tmp_path).returncode == 0
    assert len(processes) >= 2
    assert not alive(processes)
    assert not traces(started.name, tmp_path)


@needs_root
def test_a_janitor_that_is_stopped_for_a_while_goes_on(tmp_path: Path, start: Start) -> None:
    started = start(*shell(["echo begun", "read line", "exit 7"]), workdir=tmp_path)
    assert started.said() == "begun"
    for _ in range(3):
        started.janitor.send_signal(signal.SIGSTOP)
        time.sleep(0.4)  # longer than the janitor waits for a signal at a time
        started.janitor.send_signal(signal.SIGCONT)
        time.sleep(0.05)
    assert started.janitor.communicate("line\n", timeout=30)[1] in {None, ""}
    assert started.janitor.returncode == 7
