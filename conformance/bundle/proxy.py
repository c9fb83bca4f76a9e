"""The host's side of the probe's protocol: have it make system calls, with a time limit on everything.

Calls raise ProbeGone where the probe's end of the pipes is closed, ProbeSilent where no answer came in time. A reply that
comes after its call was given up is recognised by its length and dropped, so a probe that was merely slow stays usable.
"""

import contextlib
import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from conformance.bundle.layout import BUFFER_SIZE, REPLY, REQUEST

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
class Request:
    """One call, as it is sent."""

    content: bytes
    out: int
    """Bytes of the reply beside the result."""


def packed(number: int, args: Sequence[int], *, data: bytes, out: int, flags: int = 0) -> Request:
    """Return the request for a call; `data` is placed at the start of the buffer before it, `out` bytes are asked for after it.

    Raises ValueError for more than six arguments, or data or output larger than the buffer.
    """
    if len(args) > 6 or len(data) > BUFFER_SIZE or not 0 <= out <= BUFFER_SIZE:
        raise ValueError(f"{len(args)} arguments, {len(data)} bytes in and {out} out don't fit into a request")
    padded = [argument & _U64 for argument in args] + [0] * (6 - len(args))
    return Request(REQUEST.pack(number, *padded, len(data), out, flags) + data, out)


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

        `timeout` in seconds. Raises ProbeGone, ProbeSilent, and what `packed` raises.
        """
        request = packed(number, args, data=data, out=out, flags=flags)
        replies, problem = self.exchange([request], deadline=time.monotonic() + timeout)
        if problem is not None:
            raise problem
        return replies[0]

    def exchange(self, requests: Sequence[Request], *, deadline: float) -> tuple[list[tuple[int, bytes]], ProbeError | None]:
        """Send requests and return the replies to them, raw result and content; if fewer, the reason why.

        `deadline` by time.monotonic.
        """
        position = self._owed
        for request in requests:
            self._unsent += request.content
            self._owed += REPLY.size + request.out
        problem = None
        try:
            self._transfer(deadline=deadline)
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

    def _transfer(self, *, deadline: float) -> None:
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
