"""The host's side of the probe's protocol: have it make system calls, with a time limit on everything.

Calls raise ProbeGone where the probe's end of the pipes is closed, ProbeSilent where no answer came in time. A reply that
comes after its call was given up is recognised by its length and dropped, so a probe that was merely slow stays usable.
"""

import contextlib
import os
import select
import time
from collections.abc import Mapping, Sequence
from math import ceil

from conformance.bundle.arguments import failed_dependency, place
from conformance.bundle.layout import BUFFER_SIZE, PAUSE_IF_ZERO, REPLY, REQUEST
from conformance.record.probe import Action, Answer, Call, CallResult

_CHUNK = 64 * 1024
_DRAIN_LIMIT = 1024 * 1024
_U64 = (1 << 64) - 1


class ProbeError(Exception):
    """No answer was to be had."""


class ProbeGone(ProbeError):
    """The probe has ended, or closed its input or output."""


class ProbeSilent(ProbeError):
    """The probe did not answer in time; it may still."""


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
        if len(args) > 6 or len(data) > BUFFER_SIZE or not 0 <= out <= BUFFER_SIZE:
            raise ValueError(f"{len(args)} arguments, {len(data)} bytes in and {out} out don't fit into a request")
        padded = [argument & _U64 for argument in args] + [0] * (6 - len(args))
        self._unsent += REQUEST.pack(number, *padded, len(data), out, flags) + data
        given_up = self._owed
        self._owed += REPLY.size + out
        self._exchange(deadline=time.monotonic() + timeout)
        reply = bytes(self._received[given_up:])
        self._received.clear()
        self._owed = 0
        return REPLY.unpack_from(reply)[0], reply[REPLY.size :]

    def execute(self, action: Action, *, numbers: Mapping[str, int], timeout: float) -> Answer:
        """Execute an action within `timeout` seconds altogether. `numbers` are the machine's system calls by name.

        A call that needs the result of a failed one is not made and gets that one's error. A repeated call gives its last
        result. Never raises for what the probe does: the answer's `problem` says why results are missing.
        """
        deadline = time.monotonic() + timeout
        results: list[CallResult] = []
        for call in action.calls:
            if call.name not in numbers:
                return Answer(tuple(results), problem=f"{self.machine} has no system call {call.name}")
            try:
                results.append(self._perform(call, results, number=numbers[call.name], deadline=deadline))
            except ProbeError as error:
                return Answer(tuple(results), problem=f"{call.name}: {error}")
        return Answer(tuple(results))

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
        while self._unsent or len(self._received) < self._owed:
            self._wait(deadline)
            try:
                if self._unsent:
                    self._send()
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
