"""The host's side of the probe's protocol: have it make system calls, with a time limit on everything.

Calls raise ProbeGone where the probe's end of the pipes is closed, ProbeSilent where no answer came in time. A reply that
comes after its call was given up is recognised by its length and dropped, so a probe that was merely slow stays usable.
"""

import contextlib
import itertools
import os
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from conformance.bundle.arguments import Placed, failed_dependency, place
from conformance.bundle.layout import BUFFER_SIZE, PAUSE_IF_ZERO, REPLY, REQUEST
from conformance.record.probe import Action, Answer, Call, CallResult, Result

_CHUNK = 64 * 1024
_DRAIN_LIMIT = 1024 * 1024
_U64 = (1 << 64) - 1


class ProbeError(Exception):
    """No answer was to be had."""


class ProbeGone(ProbeError):
    """The probe has ended, or closed its input or output."""


class ProbeSilent(ProbeError):
    """The probe did not answer in time; it may still."""


@dataclass(frozen=True, slots=True)
class _Request:
    content: bytes
    out: int
    """Bytes of the reply beside the result."""


def _packed(number: int, args: Sequence[int], *, data: bytes, out: int, flags: int) -> _Request:
    if len(args) > 6 or len(data) > BUFFER_SIZE or not 0 <= out <= BUFFER_SIZE:
        raise ValueError(f"{len(args)} arguments, {len(data)} bytes in and {out} out don't fit into a request")
    padded = [argument & _U64 for argument in args] + [0] * (6 - len(args))
    return _Request(REQUEST.pack(number, *padded, len(data), out, flags) + data, out)


@lru_cache(maxsize=512)
def _prepared(call: Call, number: int) -> tuple[_Request, Placed]:
    """Lay out a call that needs no earlier result: most are asked of one container after another."""
    placed = place(call.arguments, ())
    return _packed(number, placed.values, data=placed.data, out=placed.out, flags=0), placed


def _alone(call: Call) -> bool:
    """Whether a call cannot be sent together with others."""
    return call.pause_if_zero or call.times != 1 or any(isinstance(argument, Result) for argument in call.arguments)


@lru_cache(maxsize=256)
def _groups(action: Action) -> Sequence[tuple[bool, Sequence[Call]]]:
    """Divide the calls of an action, most of which come again in the next container, by whether they are sent alone."""
    return [(alone, tuple(calls)) for alone, calls in itertools.groupby(action.calls, key=_alone)]


class Proxy:
    """Talks to one probe of the kinds proxy or hook; owns both descriptors and makes them non-blocking.

    `input_fd` is written to and `output_fd` read from; for a socket they are the same. `machine` is the probe's, as
    `uname -m` names it.
    """

    def __init__(self, input_fd: int, output_fd: int, machine: str) -> None:
        self.machine = machine
        self._input = input_fd
        self._output = output_fd
        self._unsent = bytearray()
        self._received = bytearray()
        self._owed = 0
        """Bytes of replies that are still to come, for calls that were given up. Part of them may be in `_received`."""
        for descriptor in (input_fd, output_fd):
            os.set_blocking(descriptor, False)

    def close(self) -> None:
        """Close both descriptors: a probe that waits for a request ends with status 0."""
        for descriptor in {self._input, self._output}:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._input = self._output = -1

    def drain(self) -> bytes:
        """Return and forget what lies unread in the output: whatever a runtime wrote there before the probe ran.

        Never blocks; reads at most 1 MiB. Call it while no reply is due.
        """
        garbage = bytearray()
        while len(garbage) < _DRAIN_LIMIT:
            try:
                chunk = os.read(self._output, _CHUNK)
            except OSError:
                break
            if not chunk:
                break
            garbage += chunk
        return bytes(garbage)

    def call(self, number: int, *args: int, data: bytes = b"", out: int = 0, flags: int = 0, timeout: float) -> tuple[int, bytes]:
        """Make one system call; return its raw result (-errno on failure) and `out` bytes of the buffer afterwards.

        `data` is placed at the start of the buffer before the call. `timeout` in seconds. Raises ProbeGone, ProbeSilent;
        ValueError for more than six arguments, or data or output larger than the buffer.
        """
        request = _packed(number, args, data=data, out=out, flags=flags)
        replies, problem = self._make([request], deadline=time.monotonic() + timeout)
        if problem is not None:
            raise problem
        return replies[0]

    def execute(self, action: Action, *, numbers: Mapping[str, int], timeout: float) -> Answer:
        """Execute an action within `timeout` seconds altogether. `numbers` are the machine's system calls by name.

        Calls that need nothing of each other are sent together, which spares both sides waking up for each. A call that
        needs the result of a failed one is not made and gets that one's error. A repeated call gives its last result. Never
        raises for what the probe does: the answer's `problem` says why results are missing.
        """
        deadline = time.monotonic() + timeout
        results: list[CallResult] = []
        for alone, group in _groups(action):
            calls = list(itertools.takewhile(lambda call: call.name in numbers, group))
            try:
                if alone:
                    for call in calls:
                        results.append(self._perform(call, results, number=numbers[call.name], deadline=deadline))
                else:
                    self._perform_together(calls, results, numbers=numbers, deadline=deadline)
            except ProbeError as error:
                return Answer(tuple(results), problem=f"{action.calls[len(results)].name}: {error}")
            if len(results) < len(action.calls) and action.calls[len(results)].name not in numbers:
                return Answer(tuple(results), problem=f"{self.machine} has no system call {action.calls[len(results)].name}")
        return Answer(tuple(results))

    def _perform_together(
        self, calls: Sequence[Call], results: list[CallResult], *, numbers: Mapping[str, int], deadline: float
    ) -> None:
        """Make calls that need no earlier result, and append what they return; raises ProbeError where one got no answer."""
        prepared = [_prepared(call, numbers[call.name]) for call in calls]
        replies, problem = self._make([request for request, _ in prepared], deadline=deadline)
        for (value, reply), (_, placed) in zip(replies, prepared, strict=False):
            results.append(CallResult(value, placed.content(reply)))
        if problem is not None:
            raise problem

    def _make(self, requests: Sequence["_Request"], *, deadline: float) -> tuple[list[tuple[int, bytes]], ProbeError | None]:
        """Send requests and return the replies to them, raw result and content; fewer with the reason why."""
        position = self._owed
        for request in requests:
            self._unsent += request.content
            self._owed += REPLY.size + request.out
        problem = None
        try:
            self._exchange(deadline=deadline)
        except ProbeError as error:
            problem = error
        replies = []
        for request in requests:
            begin, position = position + REPLY.size, position + REPLY.size + request.out
            if position > len(self._received):
                break
            replies.append((REPLY.unpack_from(self._received, begin - REPLY.size)[0], bytes(self._received[begin:position])))
        if problem is None:
            self._received.clear()
            self._owed = 0
        return replies, problem

    def _perform(self, call: Call, results: Sequence[CallResult], *, number: int, deadline: float) -> CallResult:
        failed = failed_dependency(call.arguments, results)
        if failed is not None:
            return failed
        placed = place(call.arguments, results)
        flags = PAUSE_IF_ZERO if call.pause_if_zero else 0
        for repetition in range(1, call.times + 1):
            value, reply = self.call(
                number, *placed.values, data=placed.data, out=placed.out, flags=flags, timeout=deadline - time.monotonic()
            )
            result = CallResult(value, placed.content(reply))
            if result.errno or repetition == call.times:
                return result
        raise ValueError(f"{call.name} is to be made {call.times} times")

    def _exchange(self, *, deadline: float) -> None:
        """Send all that is unsent, and receive until no reply is owed."""
        try:
            while self._unsent or len(self._received) < self._owed:
                if self._unsent:
                    self._send()
                self._wait(deadline)
                self._receive()
        except OSError as error:
            raise ProbeGone(f"the probe has gone: {error.strerror}") from error

    def _wait(self, deadline: float) -> None:
        events = {self._output: select.POLLIN}
        if self._unsent:
            events[self._input] = events.get(self._input, 0) | select.POLLOUT
        poll = select.poll()
        for descriptor, wanted in events.items():
            poll.register(descriptor, wanted)
        if not poll.poll(max(0, ceil((deadline - time.monotonic()) * 1000))):
            raise ProbeSilent("the probe did not answer in time")

    def _send(self) -> None:
        with contextlib.suppress(BlockingIOError):
            del self._unsent[: os.write(self._input, self._unsent[:_CHUNK])]

    def _receive(self) -> None:
        """Read no more than is owed: whatever the container writes beyond that cannot fill our memory."""
        with contextlib.suppress(BlockingIOError):
            missing = self._owed - len(self._received)
            chunk = os.read(self._output, min(missing, _CHUNK)) if missing else b""
            if missing and not chunk:
                raise ProbeGone("the probe has gone: its output ended")
            self._received += chunk
