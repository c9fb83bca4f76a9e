"""Process observers on plain children whose properties were set by ordinary tools, read a second time by other means."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.observe import process, procfs
from conformance.observe.errors import ProcessGone
from conformance.observe.snapshot import snapshot
from tests.observe.containers import IDLE, child, needs_root

PYTHON = (sys.executable, "-IS", "-c")


def test_limits_agree_with_prlimit() -> None:
    with child(IDLE, prefix=["prlimit", "--core=1234:5678", "--rttime=99999", "--"]) as running:
        limits = snapshot(running.pid).process.limits
        numbers = {name: getattr(resource, name) for name in limits if hasattr(resource, name)}
        assert {name: resource.prlimit(running.pid, number) for name, number in numbers.items()} == {
            name: limits[name] for name in numbers
        }
        assert len(limits) == 16
        assert limits["RLIMIT_CORE"] == (1234, 5678)
        assert limits["RLIMIT_RTTIME"] == (99999, 99999)
        resource.prlimit(running.pid, resource.RLIMIT_CORE, (0, 5678))
        assert snapshot(running.pid).process.limits["RLIMIT_CORE"] == (0, 5678)


@needs_root
def test_scheduling() -> None:
    cpu = min(os.sched_getaffinity(0))
    prefix = ["taskset", "-c", str(cpu), "nice", "-n", "7", "ionice", "-c", "2", "-n", "3"]
    with child(IDLE, prefix=prefix) as running:
        seen = snapshot(running.pid).process
        assert (seen.scheduling.policy, seen.scheduling.nice) == (os.SCHED_OTHER, os.nice(0) + 7)
        assert (seen.scheduling.io_class, seen.scheduling.io_level) == (2, 3)
        assert seen.scheduling.affinity == seen.cpus_allowed == {cpu}
        os.setpriority(os.PRIO_PROCESS, running.pid, 9)
        os.sched_setscheduler(running.pid, os.SCHED_BATCH | os.SCHED_RESET_ON_FORK, os.sched_param(0))
        later = process.scheduling(running.pid)
        assert (later.policy, later.nice, later.flags) == (os.SCHED_BATCH, 9, 1)


@needs_root
def test_deadline() -> None:
    prefix = [
        "chrt",
        "--deadline",
        "--sched-runtime",
        "1000000",
        "--sched-deadline",
        "20000000",
        "--sched-period",
        "30000000",
        "0",
    ]
    with child(IDLE, prefix=prefix) as running:
        seen = process.scheduling(running.pid)
        assert (seen.policy, seen.runtime, seen.deadline, seen.period) == (6, 1000000, 20000000, 30000000)


@needs_root
def test_credentials() -> None:
    code = (
        "import os, ctypes; os.setgroups([4, 5]); os.setresgid(10, 11, 12); os.setresuid(20, 0, 22); os.umask(0o123)\n"
        "libc = ctypes.CDLL(None); libc.prctl(38, 1, 0, 0, 0); libc.personality(0x0400000)\n" + IDLE
    )
    with child(code, env={"X": "\udcff", "EMPTY": ""}, cwd="/proc") as running:
        Path(f"/proc/{running.pid}/oom_score_adj").write_text("321")
        seen = snapshot(running.pid).process
        assert seen.uids == (20, 0, 22, 0)
        assert seen.gids == (10, 11, 12, 11)
        assert seen.groups == (4, 5)
        assert seen.umask == 0o123
        assert seen.no_new_privs
        assert seen.personality == 0x0400000
        assert seen.oom_score_adj == 321
        assert set(seen.environ) >= {"X=\udcff", "EMPTY="}
        assert seen.cwd == "/proc"
        assert seen.parent == os.getpid()


@needs_root
def test_namespaces_and_maps() -> None:
    prefix = ["unshare", "--user", "--map-root-user", "--time", "--monotonic=77", "--net"]
    with child(IDLE, prefix=prefix) as parent:
        # unshare --time forks nothing here: the new time namespace is for the children of the process it executes
        seen = snapshot(parent.pid)
        assert seen.process.uid_map == ((0, os.geteuid(), 1),)
        assert seen.process.timens_offsets["monotonic"] == (77, 0)
        own = snapshot(os.getpid()).namespaces
        assert {name for name in own if own[name] != seen.namespaces[name]} >= {"user", "net"}
        assert seen.namespaces["ipc"] == own["ipc"]


@needs_root
def test_capabilities() -> None:
    prefix = ["capsh", "--drop=cap_chown,cap_kill", "--inh=cap_fowner", "--addamb=cap_fowner", "--shell=/usr/bin/env", "--"]
    with child(IDLE, prefix=prefix) as running:
        seen = snapshot(running.pid).process
        own = snapshot(os.getpid()).process
        assert seen.cap_bounding == own.cap_bounding & ~(1 << 0 | 1 << 5)
        assert seen.cap_inheritable == seen.cap_ambient == 1 << 3


def test_descriptors_and_session() -> None:
    reading, writing = os.pipe()
    with child(IDLE, pass_fds=(writing,), start_new_session=True) as running:
        seen = snapshot(running.pid).process
        assert seen.descriptors[writing] == os.readlink(f"/proc/self/fd/{writing}")
        assert reading not in seen.descriptors
        assert (seen.session, seen.tty) == (running.pid, 0)
    with child(IDLE, process_group=0) as running:
        assert snapshot(running.pid).process.session == os.getsid(0) != running.pid
    os.close(reading)
    os.close(writing)


def test_a_name_that_looks_like_a_stat_line() -> None:
    code = "open('/proc/self/comm', 'w').write('a) Z 1 (b)')\n" + IDLE
    with child(code) as running:
        assert snapshot(running.pid).process.state in {"R", "S"}


def test_process_that_never_was() -> None:
    with pytest.raises(ProcessGone):
        snapshot(1 << 22)


def test_zombie() -> None:
    process = subprocess.Popen(["true"])
    try:
        while procfs.state_of(Path(f"/proc/{process.pid}/stat").read_text()) != "Z":
            time.sleep(0.001)
        with pytest.raises(ProcessGone) as raised:
            snapshot(process.pid)
        assert raised.value.pid == process.pid
    finally:
        process.wait()


def test_process_that_ends_meanwhile() -> None:
    """Whenever it is killed, the snapshot is whole or there is none; both happen."""
    outcomes = set()
    for round_ in range(60):
        process = subprocess.Popen(["sleep", "60"])
        sender = subprocess.Popen(
            [*PYTHON, f"import os, time; time.sleep({round_ * 0.0001}); os.kill({process.pid}, {signal.SIGKILL})"]
        )
        try:
            while True:
                assert snapshot(process.pid).mounts
                outcomes.add("whole")
        except ProcessGone:
            outcomes.add("gone")
        finally:
            sender.wait()
            process.wait()
        if round_ > 10 and len(outcomes) == 2:
            break
    assert outcomes == {"whole", "gone"}


def test_what_was_read_from_a_process_that_then_ended_is_not_returned() -> None:
    def read_while_it_is_killed(process: subprocess.Popen[bytes]) -> None:
        with procfs.opened(process.pid):
            process.kill()
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    with child(IDLE) as running, pytest.raises(ProcessGone):
        read_while_it_is_killed(running)


def test_an_error_of_a_living_process_is_not_hidden() -> None:
    with child(IDLE) as running, pytest.raises(FileNotFoundError), procfs.opened(running.pid) as directory:
        directory.read("no-such-file")


def test_parsers() -> None:
    assert process.parse_set("0-2,5\n") == {0, 1, 2, 5}
    assert process.parse_set("") == frozenset()
    assert process.parse_strings("a\0\0") == ("a", "")
    assert process.parse_strings("overwritten") == ("overwritten",)
    assert process.parse_strings("") == ()
    assert process.parse_id_map("         0       1000          1\n 1 5 6\n") == ((0, 1000, 1), (1, 5, 6))
