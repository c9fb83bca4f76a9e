"""The host's side of the protocol: time limits, probes that vanish, actions."""

import errno
import os
import signal
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.bundle.arguments import place
from conformance.bundle.layout import BUFFER, BUFFER_SIZE, REPLY, REQUEST
from conformance.bundle.proxy import ProbeGone, ProbeSilent, Proxy
from conformance.record.probe import Action, Call, CallResult, Out, Result
from specs.linux.syscalls import numbers
from tests.bundle.probes import NATIVE, talking

NUMBERS = numbers(NATIVE)
_SECONDS = 10.0
_AT_FDCWD = -100


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with talking(tmp_path, NATIVE) as (proxy, _):
        yield proxy


def sleep(seconds: float) -> bytes:
    return struct.pack("<qq", int(seconds), int(seconds % 1 * 1e9))


def test_a_probe_that_is_killed_is_gone(tmp_path: Path) -> None:
    with talking(tmp_path, NATIVE) as (proxy, process):
        proxy.call(NUMBERS["getpid"], timeout=_SECONDS)
        process.kill()
        process.wait()
        for _ in range(2):
            with pytest.raises(ProbeGone):
                proxy.call(NUMBERS["getpid"], timeout=_SECONDS)


def test_a_probe_that_ends_in_a_call_is_gone(proxy: Proxy) -> None:
    with pytest.raises(ProbeGone):
        proxy.call(NUMBERS["exit_group"], 3, timeout=_SECONDS)


def test_a_slow_probe_is_silent_in_time_and_its_late_reply_is_dropped(tmp_path: Path) -> None:
    with talking(tmp_path, NATIVE) as (proxy, process):
        begin = time.monotonic()
        with pytest.raises(ProbeSilent):
            proxy.call(NUMBERS["nanosleep"], BUFFER, 0, data=sleep(0.4), out=16, timeout=0.05)
        assert 0.05 <= time.monotonic() - begin < 0.35
        assert proxy.call(NUMBERS["getppid"], timeout=_SECONDS) == (os.getpid(), b"")
        assert proxy.call(NUMBERS["getpid"], timeout=_SECONDS) == (process.pid, b"")


def test_nobody_who_reads_makes_a_large_request_silent() -> None:
    unread, to_nobody = os.pipe()
    from_nobody, unwritten = os.pipe()
    proxy = Proxy(to_nobody, from_nobody, NATIVE)
    try:
        with pytest.raises(ProbeSilent):
            proxy.call(0, data=bytes(BUFFER_SIZE), timeout=0.05)
    finally:
        proxy.close()
        os.close(unread)
        os.close(unwritten)


def test_drain_forgets_what_a_runtime_wrote_before(tmp_path: Path) -> None:
    unread, to_nobody = os.pipe()
    from_somebody, somebody = os.pipe()
    proxy = Proxy(to_nobody, from_somebody, NATIVE)
    try:
        os.write(somebody, b"runtime says hello\n")
        assert proxy.drain() == b"runtime says hello\n"
        assert proxy.drain() == b""
        os.write(somebody, REPLY.pack(5) + b"ab")
        assert proxy.call(39, out=2, timeout=_SECONDS) == (5, b"ab")
        assert os.read(unread, 200) == REQUEST.pack(39, 0, 0, 0, 0, 0, 0, 0, 2, 0)
    finally:
        proxy.close()
        os.close(unread)
        os.close(somebody)


@pytest.mark.parametrize(
    ("arguments", "data", "out"), [((0,) * 7, b"", 0), ((), bytes(BUFFER_SIZE + 1), 0), ((), b"", BUFFER_SIZE + 1)]
)
def test_what_does_not_fit_into_a_request_is_refused(proxy: Proxy, arguments: tuple[int, ...], data: bytes, out: int) -> None:
    with pytest.raises(ValueError, match="don't fit"):
        proxy.call(NUMBERS["getpid"], *arguments, data=data, out=out, timeout=_SECONDS)
    assert proxy.call(NUMBERS["getpid"], timeout=_SECONDS)[0] > 0


def test_arguments_are_laid_out_without_overlap() -> None:
    placed = place((Out(5), b"path\0", 7, Result(0), Out(17), b"x"), [CallResult(42)])
    assert placed.values == (BUFFER, BUFFER + 48, 7, 42, BUFFER + 16, BUFFER + 64)
    assert placed.data == bytes(48) + b"path\0" + bytes(11) + b"x"
    assert placed.out == 33
    assert placed.content(b"12345" + bytes(11) + b"A" * 17) == b"12345" + b"A" * 17
    with pytest.raises(ValueError, match="don't fit"):
        place((Out(BUFFER_SIZE), b"x"), [])
    with pytest.raises(IndexError):
        place((Result(0),), [])


def test_an_action_uses_earlier_results_and_buffers(proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    path = os.fsencode(tmp_path / "file") + b"\0"
    action = Action(
        "read a file",
        (
            Call("openat", (_AT_FDCWD, path, os.O_RDONLY, 0)),
            Call("read", (Result(0), Out(16), 16)),
            Call("close", (Result(0),)),
        ),
    )
    answer = proxy.execute(action, numbers=NUMBERS, timeout=_SECONDS)
    assert answer.complete
    assert answer.results[1:] == (CallResult(7, b"content" + bytes(9)), CallResult(0))


def test_a_call_that_needs_a_failed_result_is_not_made(proxy: Proxy) -> None:
    calls = (
        Call("openat", (_AT_FDCWD, b"/does/not/exist\0", os.O_RDONLY, 0)),
        Call("dup", (Result(0),)),
        Call("close", (Result(1),)),
        Call("getpid"),
    )
    answer = proxy.execute(Action("open nothing", calls), numbers=NUMBERS, timeout=_SECONDS)
    assert [result.errno for result in answer.results[:3]] == [errno.ENOENT] * 3
    assert answer.results[3].value > 0


def test_nothing_of_an_earlier_call_passes_for_an_answer(proxy: Proxy) -> None:
    calls = (Call("uname", (Out(390),)), Call("sched_yield", (Out(390),)))
    answer = proxy.execute(Action("fill nothing", calls), numbers=NUMBERS, timeout=_SECONDS)
    assert any(answer.results[0].data)
    assert answer.results[1].data == bytes(390)


def test_a_repeated_call_ends_at_its_first_error(proxy: Proxy) -> None:
    limit = struct.pack("<QQ", 9, 9)
    calls = (
        Call("prlimit64", (0, 7, limit, 0)),
        Call("dup", (0,), times=100),
        Call("dup", (0,)),
        Call("getppid", times=3),
    )
    answer = proxy.execute(Action("use up descriptors", calls), numbers=NUMBERS, timeout=_SECONDS)
    assert [result.value for result in answer.results] == [0, -errno.EMFILE, -errno.EMFILE, os.getpid()]
    with pytest.raises(ValueError, match="0 times"):
        proxy.execute(Action("never", (Call("getpid", times=0),)), numbers=NUMBERS, timeout=_SECONDS)


def test_a_repeated_call_is_made_so_often(proxy: Proxy) -> None:
    calls = (Call("dup", (0,), times=5),)
    first, second = (proxy.execute(Action("dup", calls), numbers=NUMBERS, timeout=_SECONDS) for _ in range(2))
    assert second.results[0].value - first.results[0].value == 5


def test_a_forked_child_pauses(proxy: Proxy) -> None:
    calls = (
        Call("clone", (int(signal.SIGCHLD),), pause_if_zero=True),
        Call("kill", (Result(0), int(signal.SIGKILL))),
        Call("wait4", (Result(0), Out(4), 0, 0)),
    )
    fork, kill, wait = proxy.execute(Action("fork", calls), numbers=NUMBERS, timeout=_SECONDS).results
    assert fork.value > 0
    assert (kill.value, wait) == (0, CallResult(fork.value, bytes([signal.SIGKILL, 0, 0, 0])))


def test_calls_that_need_nothing_of_each_other_are_answered_in_order(proxy: Proxy) -> None:
    many = tuple(Call("getcwd", (Out(4096), 4096)) if index % 3 else Call("getppid") for index in range(60))
    answer = proxy.execute(Action("many", many), numbers=NUMBERS, timeout=_SECONDS)
    assert answer.complete
    here = os.fsencode(os.getcwd()) + b"\0"
    wanted = [CallResult(len(here), here.ljust(4096, b"\0")) if index % 3 else CallResult(os.getpid()) for index in range(60)]
    assert list(answer.results) == wanted


def test_what_comes_too_late_of_calls_sent_together_passes_for_no_other_answer(proxy: Proxy) -> None:
    slow = Action("slow", (Call("getppid"), Call("nanosleep", (sleep(0.4), 0)), Call("getppid"), Call("getcwd", (Out(64), 64))))
    answer = proxy.execute(slow, numbers=NUMBERS, timeout=0.1)
    assert answer.results == (CallResult(os.getpid()),)
    assert answer.problem.startswith("nanosleep: ")
    assert proxy.execute(Action("next", (Call("getppid"),)), numbers=NUMBERS, timeout=_SECONDS).results == (
        CallResult(os.getpid()),
    )
    assert proxy.call(NUMBERS["getuid"], timeout=_SECONDS) == (os.getuid(), b"")


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (Call("exit_group", (0,)), "exit_group: the probe has gone"),
        (Call("pause"), "pause: the probe did not answer in time"),
        (Call("fly"), f"{NATIVE} has no system call fly"),
    ],
)
def test_an_answer_says_why_results_are_missing(proxy: Proxy, call: Call, problem: str) -> None:
    known = {"pause": NUMBERS["rt_sigsuspend"], **NUMBERS}
    action = Action("fail", (Call("getpid"), call, Call("getpid")))
    answer = proxy.execute(action, numbers=known, timeout=0.3)
    assert not answer.complete
    assert answer.problem.startswith(problem)
    assert len(answer.results) == 1
