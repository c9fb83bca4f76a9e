"""Actions that a probe executes: results that others need, repetition, calls sent together, why results are missing."""

import errno
import os
import signal
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from conformance.bundle.actions import execute
from conformance.bundle.arguments import place
from conformance.bundle.layout import BUFFER, BUFFER_SIZE
from conformance.bundle.proxy import Proxy, Request
from conformance.record.probe import Action, Answer, Call, CallResult, Out, Result
from specs.linux.syscalls import numbers
from tests.bundle.probes import NATIVE, talking
from tests.bundle.test_proxy import sleep

NUMBERS = numbers(NATIVE)
_SECONDS = 10.0
_AT_FDCWD = -100


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with talking(tmp_path, NATIVE) as (proxy, _):
        yield proxy


def executed(proxy: Proxy, action: Action, *, known: Mapping[str, int] = NUMBERS, timeout: float = _SECONDS) -> Answer:
    (answer,) = execute(proxy, [action], numbers=known, timeout=timeout)
    return answer


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
    answer = executed(proxy, action)
    assert answer.complete
    assert answer.results[1:] == (CallResult(7, b"content" + bytes(9)), CallResult(0))


def test_a_call_that_needs_a_failed_result_is_not_made(proxy: Proxy) -> None:
    calls = (
        Call("openat", (_AT_FDCWD, b"/does/not/exist\0", os.O_RDONLY, 0)),
        Call("dup", (Result(0),)),
        Call("close", (Result(1),)),
        Call("getpid"),
    )
    answer = executed(proxy, Action("open nothing", calls))
    assert [result.errno for result in answer.results[:3]] == [errno.ENOENT] * 3
    assert answer.results[3].value > 0


def test_nothing_of_an_earlier_call_passes_for_an_answer(proxy: Proxy) -> None:
    calls = (Call("uname", (Out(390),)), Call("sched_yield", (Out(390),)))
    answer = executed(proxy, Action("fill nothing", calls))
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
    answer = executed(proxy, Action("use up descriptors", calls))
    assert [result.value for result in answer.results] == [0, -errno.EMFILE, -errno.EMFILE, os.getpid()]
    with pytest.raises(ValueError, match="0 times"):
        executed(proxy, Action("never", (Call("getpid", times=0),)))


def test_a_repeated_call_is_made_so_often(proxy: Proxy) -> None:
    calls = (Call("dup", (0,), times=5),)
    first, second = (executed(proxy, Action("dup", calls)) for _ in range(2))
    assert second.results[0].value - first.results[0].value == 5


def test_a_forked_child_pauses(proxy: Proxy) -> None:
    calls = (
        Call("clone", (int(signal.SIGCHLD),), pause_if_zero=True),
        Call("kill", (Result(0), int(signal.SIGKILL))),
        Call("wait4", (Result(0), Out(4), 0, 0)),
    )
    fork, kill, wait = executed(proxy, Action("fork", calls)).results
    assert fork.value > 0
    assert (kill.value, wait) == (0, CallResult(fork.value, bytes([signal.SIGKILL, 0, 0, 0])))


def test_calls_that_need_nothing_of_each_other_are_answered_in_order(proxy: Proxy) -> None:
    many = tuple(Call("getcwd", (Out(4096), 4096)) if index % 3 else Call("getppid") for index in range(60))
    answer = executed(proxy, Action("many", many))
    assert answer.complete
    here = os.fsencode(os.getcwd()) + b"\0"
    wanted = [CallResult(len(here), here.ljust(4096, b"\0")) if index % 3 else CallResult(os.getpid()) for index in range(60)]
    assert list(answer.results) == wanted


def test_what_comes_too_late_of_calls_sent_together_passes_for_no_other_answer(proxy: Proxy) -> None:
    slow = Action("slow", (Call("getppid"), Call("nanosleep", (sleep(0.4), 0)), Call("getppid"), Call("getcwd", (Out(64), 64))))
    answer = executed(proxy, slow, timeout=0.1)
    assert answer.results == (CallResult(os.getpid()),)
    assert answer.problem.startswith("nanosleep: ")
    assert executed(proxy, Action("next", (Call("getppid"),))).results == (CallResult(os.getpid()),)
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
    answer = executed(proxy, action, known=known, timeout=0.3)
    assert not answer.complete
    assert answer.problem.startswith(problem)
    assert len(answer.results) == 1


def _reads(path: Path) -> Action:
    calls = (
        Call("openat", (_AT_FDCWD, os.fsencode(path) + b"\0", os.O_RDONLY, 0)),
        Call("read", (Result(0), Out(8), 8)),
        Call("close", (Result(0),)),
    )
    return Action(f"read {path.name}", calls)


def test_calls_of_several_actions_are_made_in_their_order(proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    here = os.fsencode(tmp_path) + b"\0"
    goes = Action("go there", (Call("chdir", (here,)),))
    asks = Action("ask where", (Call("getcwd", (Out(len(here)), len(here))),))
    returns = Action("go back", (Call("chdir", (b"/\0",)),))
    root = Action("ask again", (Call("getcwd", (Out(2), 2)),))
    actions = [goes, asks, _reads(tmp_path / "file"), _reads(tmp_path / "nothing"), returns, root]
    answers = execute(proxy, actions, numbers=NUMBERS, timeout=_SECONDS)
    assert all(answer.complete for answer in answers)
    assert [answer.results[-1] for answer in (answers[1], answers[5])] == [CallResult(len(here), here), CallResult(2, b"/\0")]
    assert answers[2].results[1:] == (CallResult(7, b"content\0"), CallResult(0))
    assert [result.errno for result in answers[3].results] == [errno.ENOENT] * 3


def test_what_needs_no_result_wakes_the_probe_up_once(proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"content")
    exchange, sent = Proxy.exchange, []

    def counting(self: Proxy, requests: list[Request], *, deadline: float) -> object:
        sent.append(len(requests))
        return exchange(self, requests, deadline=deadline)

    monkeypatch.setattr(Proxy, "exchange", counting)
    simple = Action("ask", (Call("getpid"), Call("getppid")))
    execute(proxy, [simple, _reads(tmp_path / "file"), simple, simple], numbers=NUMBERS, timeout=_SECONDS)
    assert sent == [3, 6]


def test_an_action_that_gets_no_answer_takes_with_it_only_what_was_sent_together(proxy: Proxy) -> None:
    before, after = (Action(name, (Call("getppid"),)) for name in ("before", "after"))
    stuck = Action("stuck", (Call("nanosleep", (sleep(0.4), 0)),))
    later = Action("later", (Call("dup", (0,)), Call("close", (Result(0),))))
    answers = execute(proxy, [before, stuck, after, later], numbers=NUMBERS, timeout=0.2)
    assert [answer.complete for answer in answers] == [True, False, False, False]
    assert answers[0].results == (CallResult(os.getpid()),)
    assert [answer.problem for answer in answers[1:]] == [
        f"{name}: the probe did not answer in time" for name in ("nanosleep", "getppid", "dup")
    ]
    assert executed(proxy, after) == Answer((CallResult(os.getpid()),))
