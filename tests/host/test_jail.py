"""What a command finds in a session jail, how its end is told, and that nothing of it is seen outside."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import execnet
import pytest

from tests.host.jails import PROJECT, Start, alive, command_line, descendants, each_lane, jailed, needs_root, traces

_OWN = "readlink /proc/self/ns/pid /proc/self/ns/mnt /proc/self/ns/cgroup"


@needs_root
@each_lane
def test_the_command_is_pid_1_of_private_namespaces(lane: str, tmp_path: Path) -> None:
    done = jailed("sh", "-c", f"echo $$; {_OWN}; ls -d /proc/[0-9]*", lane=lane, workdir=tmp_path)
    pid, *namespaces = done.stdout.split()[:4]
    outside = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("pid", "mnt", "cgroup")]
    assert (done.returncode, pid) == (0, "1")
    assert not set(namespaces) & set(outside)
    # The shell, and perhaps the child that it made to list them.
    assert done.stdout.split()[4] == "/proc/1"
    assert len(done.stdout.split()[4:]) <= 2


@needs_root
@each_lane
def test_the_work_directory_is_a_private_tmpfs(lane: str, tmp_path: Path) -> None:
    script = (
        'cd "$OCI_CONFORMANCE_WORKDIR"; stat -fc %T .; ls -A; echo "$OCI_CONFORMANCE_LANE"; grep -c shared: /proc/self/mountinfo'
    )
    done = jailed("sh", "-c", script, lane=lane, workdir=tmp_path)
    assert done.stdout.split() == ["tmpfs", lane, "0"]


@needs_root
def test_mounts_of_a_host_that_shares_them_do_not_propagate(tmp_path: Path) -> None:
    """Systemd makes everything shared; here unshare(1) stands for it."""
    inside = command_line("cat", "/proc/self/mountinfo", lane="host", workdir=tmp_path)
    # The shell stays: with nobody left in the namespace that shares there would be no propagation.
    shares = ["unshare", "--mount", "--propagation=shared", "sh", "-c", '"$@"; exit', "sh"]
    control = subprocess.run([*shares, "cat", "/proc/self/mountinfo"], capture_output=True, text=True, check=True)
    done = subprocess.run([*shares, *inside], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert " shared:" in control.stdout
    assert done.stdout
    assert not re.search(r" (shared|master):", done.stdout)


@needs_root
@each_lane
def test_nothing_is_seen_outside_while_it_runs_nor_after(lane: str, tmp_path: Path, start: Start) -> None:
    started = start("sh", "-c", 'touch "$OCI_CONFORMANCE_WORKDIR/x"; read line', lane=lane, workdir=tmp_path)
    inside = descendants(started.janitor.pid)
    while_it_runs = traces(started.name, tmp_path)
    visible = list(started.workdir.iterdir())
    started.tell()
    assert started.janitor.wait(timeout=30) == 0
    # The control: while it runs, the same look finds the directory and the cgroups, yet no mount and no content.
    assert str(started.workdir) in while_it_runs
    assert any(trace.startswith("/sys/fs/cgroup") for trace in while_it_runs) or lane != "host"
    assert not any(" - tmpfs " in trace for trace in while_it_runs)
    assert not visible
    assert inside
    assert not alive(inside)
    assert not traces(started.name, tmp_path)


@needs_root
@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 3", 3), ("exit 255", 255)])
def test_the_exit_status_is_handed_on(script: str, status: int, tmp_path: Path) -> None:
    assert jailed("sh", "-c", script, workdir=tmp_path).returncode == status


@needs_root
def test_a_command_killed_from_outside_is_128_plus_signal(tmp_path: Path, start: Start) -> None:
    started = start("sleep", "60", workdir=tmp_path)
    assert started.pid_1
    os.kill(started.pid_1, signal.SIGKILL)
    assert started.janitor.wait(timeout=20) == 128 + signal.SIGKILL
    assert not traces(started.name, tmp_path)


@needs_root
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_goes_to_the_command_that_handles_it(signum: signal.Signals, tmp_path: Path, start: Start) -> None:
    script = f"trap 'exit 7' {signum.value}; echo ready; while :; do sleep 0.05; done"
    started = start("sh", "-c", script, workdir=tmp_path)
    assert started.said() == "ready"
    started.janitor.send_signal(signum)
    assert started.janitor.wait(timeout=20) == 7


_PYTHON = (sys.executable, "-S", "-c")
_BLOCKED = "import signal, sys, time; signal.pthread_sigmask(signal.SIG_BLOCK, [{0}]); print('ready', flush=True); "


@needs_root
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_that_does_not_handle_it(signum: signal.Signals, tmp_path: Path, start: Start) -> None:
    """The kernel would drop it, since the command is pid 1."""
    script = "import signal, sys; signal.signal({0}, signal.SIG_DFL); print('ready', flush=True); sys.stdin.read()"
    started = start(*_PYTHON, script.format(signum.value), workdir=tmp_path)
    assert started.said() == "ready"
    started.janitor.send_signal(signum)
    assert started.janitor.wait(timeout=20) == 128 + signum
    assert not traces(started.name, tmp_path)


@needs_root
@pytest.mark.parametrize(
    ("then", "status"),
    [
        # Every command does so while it makes a child.
        ("signal.pthread_sigmask(signal.SIG_UNBLOCK, [{0}]); sys.stdin.read()", 128 + signal.SIGTERM),
        ("sys.exit(signal.sigwait([{0}]) - {0} + 7)", 7),
    ],
    ids=["unblocks it", "waits for it"],
)
def test_a_signal_is_not_lost_on_a_command_that_blocks_it(then: str, status: int, tmp_path: Path, start: Start) -> None:
    script = f"{_BLOCKED}time.sleep(1); {then}"
    started = start(*_PYTHON, script.format(signal.SIGTERM.value), workdir=tmp_path)
    assert started.said() == "ready"
    started.janitor.send_signal(signal.SIGTERM)
    assert started.janitor.wait(timeout=20) == status


@needs_root
def test_orphans_become_children_of_the_command_and_end_with_it(tmp_path: Path, start: Start) -> None:
    script = "(sh -c 'echo $$; exec sleep 60' & ); sleep 0.2; echo $(cat /proc/1/task/1/children); read line"
    started = start("sh", "-c", script, workdir=tmp_path)
    orphan = started.said()
    assert orphan in started.said().split()
    processes = descendants(started.janitor.pid)
    started.tell()
    assert started.janitor.wait(timeout=30) == 0
    assert len(processes) >= 2
    assert not alive(processes)


@needs_root
def test_standard_streams_may_be_pipes(tmp_path: Path) -> None:
    assert jailed("cat", stdin="through\n", workdir=tmp_path).stdout == "through\n"


@needs_root
def test_a_key_at_the_terminal_reaches_the_command_once(tmp_path: Path) -> None:
    """^C goes to the whole foreground process group, so the janitor must not hand it on a second time."""
    waits = "i=0; while [ $i -lt 10 ]; do sleep 0.05; i=$((i+1)); done"
    script = f"""trap 'n=x$n' INT; echo ready; {waits}; {waits}; echo "interrupted: $n."; exit 6"""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(PROJECT)
        command = command_line("sh", "-c", script, lane="host", workdir=tmp_path)
        os.execv(command[0], command)
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        assert screen.readline() == b"ready\r\n"
        screen.write(b"\x03")
        assert screen.readline().removeprefix(b"^C") == b"interrupted: x.\r\n"
        # Before the terminal closes, since that means SIGHUP.
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 6


@needs_root
def test_python_is_an_execnet_worker_in_it(tmp_path: Path) -> None:
    """Xdist starts its workers in this way."""
    line = " ".join(command_line(sys.executable, lane="host", workdir=tmp_path))
    gateway = execnet.makegateway(f"popen//python={line}//chdir={PROJECT}//env:PYTHONPATH={PROJECT}")
    try:
        pid = gateway.remote_exec("import os; channel.send(os.getpid())").receive(20)
    finally:
        gateway.exit()
    assert pid == 1
    deadline = time.monotonic() + 20
    while any(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(tmp_path.iterdir())


@needs_root
def test_a_session_in_a_session(tmp_path: Path) -> None:
    inner = command_line("sh", "-c", "echo $$; exit 5", lane="host", workdir=tmp_path)
    done = jailed(*inner, workdir=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (5, "1\n", "")
    assert not any(tmp_path.iterdir())


@needs_root
@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        (("/nowhere/at-all",), 127, "jail: cannot execute /nowhere/at-all: No such file or directory\n"),
        (("/etc/passwd",), 126, "jail: cannot execute /etc/passwd: Permission denied\n"),
    ],
)
def test_a_command_that_cannot_be_executed(command: tuple[str, ...], status: int, message: str, tmp_path: Path) -> None:
    done = jailed(*command, workdir=tmp_path)
    assert (done.returncode, done.stderr) == (status, message)
    assert not any(tmp_path.iterdir())


def _refused(*arguments: str) -> str:
    command = [sys.executable, "-m", "conformance.host.jail", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_an_unknown_lane_is_refused_in_a_line() -> None:
    assert _refused("--lane=v3", "--", "true") == "jail: there is no lane 'v3': choose one of host, v1, v2\n"


@pytest.mark.parametrize("arguments", [(), ("true",), ("--",), ("--lane",), ("--speed=9", "--", "true")])
def test_a_wrong_command_line_is_refused_in_a_line(arguments: tuple[str, ...]) -> None:
    assert "usage: python -m conformance.host.jail" in _refused(*arguments)


@needs_root
def test_a_work_directory_in_a_place_that_is_not_there_is_refused_in_a_line() -> None:
    assert "/nowhere/at-all" in _refused("--workdir=/nowhere/at-all", "--", "true")


@needs_root
def test_without_root_it_says_what_it_needs() -> None:
    # The files may be out of reach for other users, so they are imported before root is given up.
    script = "import os, sys; from conformance.host.jail import main; os.setuid(65534); sys.exit(main(['--', 'true']))"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (
        4,
        "jail: private pid, mount and cgroup namespaces need root, and this is uid 65534\n",
    )
