"""Have a probe execute actions: calls that need nothing of each other go together, which spares both sides waking up for each.

The calls are made in the order of the actions, whatever is sent together. One that needs the result of a failed one is not
made and gets that one's error. A repeated call gives its last result. An answer's `problem` says why results are missing.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from conformance.bundle.arguments import Placed, failed_dependency, place
from conformance.bundle.layout import PAUSE_IF_ZERO
from conformance.bundle.proxy import Proxy, Request, packed
from conformance.record.probe import Action, Answer, Call, CallResult, Result


def execute(proxy: Proxy, actions: Sequence[Action], *, numbers: Mapping[str, int], timeout: float) -> list[Answer]:
    """Execute actions and return their answers; `numbers` are the system calls of the probe's machine by name.

    Whatever is sent together, and a repeated call, has `timeout` seconds. Never raises for what the probe does.
    """
    return _Execution(proxy, numbers, timeout).of(actions)


@dataclass(slots=True)
class _Running:
    """An action under way: results in the order of its calls, as far as they have come."""

    action: Action
    results: list[CallResult] = field(default_factory=list)
    problem: str = ""


class _Sent(NamedTuple):
    """A call that is made together with others."""

    running: _Running
    call: Call
    request: Request
    placed: Placed


@dataclass(slots=True)
class _Execution:
    proxy: Proxy
    numbers: Mapping[str, int]
    timeout: float
    together: list[_Sent] = field(default_factory=list)

    def of(self, actions: Sequence[Action]) -> list[Answer]:
        begun = [_Running(action) for action in actions]
        for running in begun:
            for call in running.action.calls:
                self._make(running, call)
                if running.problem:
                    break
        self._flush()
        return [Answer(tuple(running.results), problem=running.problem) for running in begun]

    def _make(self, running: _Running, call: Call) -> None:
        """Make a call, or put it to those that are made together."""
        number = self.numbers.get(call.name)
        if number is None:
            self._flush()
            running.problem = running.problem or f"{self.proxy.machine} has no system call {call.name}"
            return
        prepared = _prepared(call, number)
        if prepared is not None:
            self.together.append(_Sent(running, call, *prepared))
            return
        needed = _needed(call)
        if max(needed, default=-1) >= len(running.results):
            self._flush()
        failed = failed_dependency(call.arguments, running.results) if not running.problem else None
        if failed is not None or not _is_single(call):
            self._flush()
        if running.problem:
            return
        if failed is not None:
            running.results.append(failed)
            return
        placed = place(call.arguments, running.results)
        flags = PAUSE_IF_ZERO if call.pause_if_zero else 0
        request = packed(number, placed.values, data=placed.data, out=placed.out, flags=flags)
        self.together.append(_Sent(running, call, request, placed))
        if not _is_single(call):
            self._flush(times=call.times)

    def _flush(self, *, times: int = 1) -> None:
        """Make what is to be made together, and note the results; the last ones if it is repeated, which an error ends."""
        if times < 1:
            raise ValueError(f"{self.together[0].call.name} is to be made {times} times")
        sent, self.together = self.together, []
        deadline = time.monotonic() + self.timeout
        for repetition in range(times if sent else 0):
            replies, problem = self.proxy.exchange([each.request for each in sent], deadline=deadline)
            if repetition == times - 1 or problem or CallResult(replies[0][0]).errno:
                for each, (value, reply) in zip(sent, replies, strict=False):
                    each.running.results.append(CallResult(value, each.placed.content(reply)))
                for each in sent[len(replies) :]:
                    each.running.problem = each.running.problem or f"{each.call.name}: {problem}"
                return


def _is_single(call: Call) -> bool:
    """Whether the call is made once, and its answer comes in any case."""
    return call.times == 1 and not call.pause_if_zero


@lru_cache(maxsize=512)
def _needed(call: Call) -> tuple[int, ...]:
    """Return the positions of the calls whose results it needs."""
    return tuple(argument.call for argument in call.arguments if isinstance(argument, Result))


@lru_cache(maxsize=512)
def _prepared(call: Call, number: int) -> tuple[Request, Placed] | None:
    """Lay out a call that is made once and needs no earlier result: most are asked of one container after another."""
    if _needed(call) or not _is_single(call):
        return None
    placed = place(call.arguments, ())
    return packed(number, placed.values, data=placed.data, out=placed.out), placed
