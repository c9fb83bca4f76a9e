"""Lay out the arguments of one call in the probe's buffer: pure arithmetic.

Buffers that the call fills come first, since a reply carries the buffer from its beginning; after them what the call
reads. All of it is sent, the former as zeros, so that nothing of an earlier call can pass for an answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.bundle.layout import BUFFER, BUFFER_SIZE
from conformance.record.probe import Argument, CallResult, Out, Result

_ALIGNMENT = 16


@dataclass(frozen=True, slots=True)
class Placed:
    """Arguments as the kernel gets them, and the buffer that they point into."""

    values: tuple[int, ...]
    data: bytes
    """What to send: the buffer's content before the call."""
    out: int
    """How many bytes of the buffer to ask for."""
    outs: tuple[slice, ...]
    """Where in those the content of each Out lies."""

    def content(self, reply: bytes) -> bytes:
        """Return what the call left in its Out buffers, one after the other."""
        if len(self.outs) == 1:  # as of most calls
            return reply[self.outs[0]]
        return b"".join([reply[part] for part in self.outs])


def place(arguments: Sequence[Argument], results: Sequence[CallResult]) -> Placed:
    """Lay out `arguments`, taking each Result's value from `results`.

    Raises ValueError if they don't fit into the buffer or there are more than six, IndexError for a Result of a later call.
    """
    outs = _stack((argument.size for argument in arguments if isinstance(argument, Out)), start=0)
    out = outs[-1].stop if outs else 0
    inputs = [argument for argument in arguments if isinstance(argument, bytes)]
    spans = _stack((len(content) for content in inputs), start=out)
    data = bytearray(spans[-1].stop if spans else out)
    for span, content in zip(spans, inputs, strict=True):
        data[span] = content
    if len(data) > BUFFER_SIZE or len(arguments) > 6:
        raise ValueError(f"{len(arguments)} arguments with {len(data)} bytes don't fit into a request")
    pending_outs, pending_spans = iter(outs), iter(spans)
    values: list[int] = []
    for argument in arguments:
        match argument:
            case Out():
                values.append(BUFFER + next(pending_outs).start)
            case bytes():
                values.append(BUFFER + next(pending_spans).start)
            case Result(call):
                values.append(results[call].value)
            case _:
                values.append(argument)
    return Placed(tuple(values), bytes(data), out, tuple(outs))


def failed_dependency(arguments: Sequence[Argument], results: Sequence[CallResult]) -> CallResult | None:
    """Return the failure of the first earlier call whose result is needed, None if all of those succeeded."""
    needed = (results[argument.call] for argument in arguments if isinstance(argument, Result))
    return next((CallResult(result.value) for result in needed if result.errno), None)


def _stack(sizes: Iterable[int], *, start: int) -> list[slice]:
    """Return aligned places for pieces of these sizes, one after the other."""
    places: list[slice] = []
    for size in sizes:
        begin = -(-(places[-1].stop if places else start) // _ALIGNMENT) * _ALIGNMENT
        places.append(slice(begin, begin + size))
    return places
