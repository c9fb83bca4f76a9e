"""A program under test can do what it likes: spawn comes back, bounded in time and memory."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.subject.spawn import Finished, spawn
from tests.subject.programs import python, shell

GLIBC_SIGNALS = 0b11 << 31  # 32 and 33: posix_spawn of glibc sets them to be ignored
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def run(*argv: str, timeout: float = 20.0, **options: Any) -> Finished:
    return spawn(argv, environment=ENVIRONMENT, timeout=timeout, **options)


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    before = sorted(os.listdir("/proc/self/fd"))
    yield
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_status_output_and_cpu_are_those_of_the_program(tmp_path: Path) -> None:
    program = shell(tmp_path / "program", 'echo "out $1"; echo err >&2; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 7')
    finished = run(program, "word")
    assert (finished.status, finished.stdout, finished.stderr) == (7, b"out word\n", b"err\n")
    assert not finished.truncated
    assert 0 < finished.cpu <= (finished.ended - finished.started) * 1.5 + 0.05
    with pytest.raises(ProcessLookupError):
        os.kill(finished.pid, 0)


def test_a_path_with_a_space(tmp_path: Path) -> None:
    assert run(shell(tmp_path / "a program", "echo $#"), "one two").stdout == b"1\n"


def test_a_signal_gives_a_negative_status(tmp_path: Path) -> None:
    assert run(shell(tmp_path / "program", "kill -SEGV $$")).status == -signal.SIGSEGV


def test_a_hang_is_killed_with_its_group_and_keeps_what_was_printed(tmp_path: Path) -> None:
    program = shell(tmp_path / "program", "echo before; sleep 1000 & echo $!; wait")
    finished = run(program, timeout=0.5)
    assert finished.status is None
    word, child = finished.stdout.split()
    assert word == b"before"
    assert 0.5 <= finished.ended - finished.started < 3
    wait_until_gone(int(child))


def test_a_hang_that_ignores_signals_and_stops_itself_is_killed(tmp_path: Path) -> None:
    program = shell(tmp_path / "program", "trap '' TERM INT HUP; kill -STOP $$")
    assert run(program, timeout=0.3).status is None


def test_a_silent_program() -> None:
    finished = run("/bin/true")
    assert (finished.status, finished.stdout, finished.stderr) == (0, b"", b"")


def test_a_gigabyte_neither_blocks_nor_fills_memory(tmp_path: Path) -> None:
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak, proc_pid_clear_refs(5)
    program = shell(tmp_path / "program", "yes | head -c 1G; yes | head -c 1M >&2")
    before = peak_memory()
    began = time.monotonic()
    finished = run(program, timeout=60)
    grown = peak_memory() - before
    assert finished.status == 0
    assert finished.truncated
    assert len(finished.stdout) == len(finished.stderr) == 256 * 1024
    assert grown < 20 * 1024, f"{grown} KiB"
    assert time.monotonic() - began < 30


def test_output_up_to_the_limit_is_not_truncated(tmp_path: Path) -> None:
    program = shell(tmp_path / "program", "head -c $1 /dev/zero")
    assert not run(program, "1000", limit_bytes=1000).truncated
    over = run(program, "1001", limit_bytes=1000)
    assert over.truncated
    assert len(over.stdout) == 1000


def test_output_without_end_meets_the_time_out(tmp_path: Path) -> None:
    finished = run(shell(tmp_path / "program", "exec yes"), timeout=0.3)
    assert finished.status is None
    assert finished.truncated


def test_a_daemon_that_keeps_the_pipes_is_not_waited_for(tmp_path: Path) -> None:
    program = python(
        tmp_path / "program",
        "import os, time\n"
        "if not os.fork():\n"
        "    os.setsid()\n"
        "    while True: os.write(1, b'noise ' * 100); time.sleep(0.001)\n"
        "os.write(2, str(os.getpid()).encode())\n"
        "time.sleep(0.1)\n"
        "os.write(1, b'last words')\n",
    )
    # the daemon ends of SIGPIPE once nobody reads any more
    finished = run(program, timeout=10)
    assert finished.status == 0
    assert b"last words" in finished.stdout
    assert finished.ended - finished.started < 5


def test_closed_outputs_do_not_spin(tmp_path: Path) -> None:
    program = shell(tmp_path / "program", "exec >&- 2>&-; sleep 0.5")
    before = time.process_time()
    assert run(program).status == 0
    assert time.process_time() - before < 0.2


@pytest.mark.parametrize("kind", ["missing", "directory", "text", "not executable"])
def test_what_cannot_be_executed_is_an_error_of_the_system(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "program"
    if kind == "directory":
        path.mkdir()
    elif kind == "text":
        path.write_text("only words\n")
        path.chmod(0o755)
    elif kind == "not executable":
        path.write_text("#!/bin/sh\n")
    with pytest.raises(OSError, match=r"No such file|Permission denied|Exec format error"):
        run(str(path))


def test_umask_and_directory_are_the_programs_alone(tmp_path: Path) -> None:
    here, mask = os.getcwd(), os.umask(0o022)
    os.umask(0o022)
    try:
        finished = run("/bin/sh", "-c", "umask; pwd", umask=0o137, directory=str(tmp_path))
        assert finished.stdout.split() == [b"0137", os.fsencode(tmp_path)]
        assert os.getcwd() == here
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(mask)
    with pytest.raises(FileNotFoundError):
        run("/bin/true", directory=str(tmp_path / "absent"))
    assert os.getcwd() == here


def test_signals_and_descriptors_start_clean() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    spare = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(spare, True)  # noqa: FBT003  # as if our own parent had left it open
    try:
        finished = run("/bin/cat", "/proc/self/status")
        listing = run("/bin/ls", "/proc/self/fd")
    finally:
        os.close(spare)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    fields = dict(line.split(b":\t", 1) for line in finished.stdout.splitlines() if b":\t" in line)
    assert int(fields[b"SigBlk"], 16) == 0
    assert int(fields[b"SigIgn"], 16) & ~GLIBC_SIGNALS == 0  # Python itself ignores SIGPIPE
    assert len(listing.stdout.split()) == 4  # standard ones and the directory that ls reads


def test_given_descriptors_are_used_and_watched(tmp_path: Path) -> None:
    program = shell(tmp_path / "program", "read line; echo got $line; head -c 1M /dev/zero; echo err >&2")
    stdin_read, stdin_write = os.pipe()
    stdout_read, stdout_write = os.pipe()
    try:
        os.write(stdin_write, b"word\n")
        finished = run(program, stdin=stdin_read, stdout=stdout_write, watch_stdout=stdout_read)
    finally:
        for descriptor in (stdin_read, stdin_write, stdout_read, stdout_write):
            os.close(descriptor)
    assert finished.status == 0
    assert finished.stdout.startswith(b"got word\n")
    assert finished.truncated
    assert finished.stderr == b"err\n"


class Doorbell:
    """A service that answers each byte on one pipe with a line on another, after a while."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.question, self.asked = os.pipe()
        self.answer_read, self.answer_write = os.pipe()
        self.seconds = seconds
        self.answered = 0

    def filenos(self) -> Sequence[int]:
        return (self.question,)

    def ready(self, descriptor: int) -> None:
        self.answered += len(os.read(descriptor, 1))
        time.sleep(self.seconds)
        os.write(self.answer_write, b"go\n")

    def close(self) -> None:
        for descriptor in (self.question, self.asked, self.answer_read, self.answer_write):
            os.close(descriptor)


@pytest.fixture
def doorbell() -> Iterator[Doorbell]:
    bell = Doorbell()
    yield bell
    bell.close()


def test_the_service_is_answered_while_the_program_waits_for_it(tmp_path: Path, doorbell: Doorbell) -> None:
    program = shell(tmp_path / "program", "printf x >&2; read word; exit 3")
    finished = run(program, stdin=doorbell.answer_read, stderr=doorbell.asked, service=doorbell, timeout=5)
    assert (finished.status, doorbell.answered) == (3, 1)


def test_time_spent_in_the_service_is_not_the_programs(tmp_path: Path, doorbell: Doorbell) -> None:
    doorbell.seconds = 0.5
    program = shell(tmp_path / "program", "printf x >&2; read word; sleep 0.1; exit 3")
    assert run(program, stdin=doorbell.answer_read, stderr=doorbell.asked, service=doorbell, timeout=0.4).status == 3


def test_a_program_that_rings_for_ever_meets_the_time_out(tmp_path: Path, doorbell: Doorbell) -> None:
    doorbell.seconds = 0.05
    program = shell(tmp_path / "program", "while :; do printf x >&2; read word; done")
    began = time.monotonic()
    assert run(program, stdin=doorbell.answer_read, stderr=doorbell.asked, service=doorbell, timeout=0.5).status is None
    assert time.monotonic() - began < 3


def test_a_service_that_fails_leaves_no_process(tmp_path: Path, doorbell: Doorbell) -> None:
    class Failing(Doorbell):
        def ready(self, descriptor: int) -> None:
            raise RuntimeError("broken service")

    failing = Failing()
    try:
        program = shell(tmp_path / "program", f"echo $$ >{tmp_path}/pid; printf x >&2; sleep 1000")
        with pytest.raises(RuntimeError, match="broken service"):
            run(program, stderr=failing.asked, service=failing)
    finally:
        failing.close()
    wait_until_gone(int((tmp_path / "pid").read_text()))


def peak_memory() -> int:
    """Return the peak resident size of this process in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def wait_until_gone(pid: int) -> None:
    """Wait until the process has ended; a zombie that init has not reaped yet has."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.01)
    pytest.fail(f"process {pid} is still there")
