"""Work on several containers in one go.

What is done of each container alone takes up to twice as long, since the runtime has had the processor's caches meanwhile.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

LARGEST = 16
_PATIENCE = 2.0
"""Seconds that a batch may take before the next is made smaller: a runtime may be slow, and what it did is to be known soon."""
_BURST = 0.01
"""Seconds of work between two looks at the runtime."""


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield the items in batches, as large as the caller is quick with them; no more is taken than is yielded."""
    left, size = iter(items), LARGEST // 4
    while batch := list(islice(left, size)):
        began = time.monotonic()
        yield batch
        size = min(2 * size, LARGEST) if time.monotonic() - began < _PATIENCE else max(1, size // 2)


class Bursts:
    """Work in pieces, some at a time."""

    def __init__(self, pieces: Iterable[Callable[[], object]]) -> None:
        self._left = iter(pieces)

    def some(self) -> bool:
        """Do a burst of it; return whether there was any left."""
        ends = time.monotonic() + _BURST
        worked = False
        for piece in self._left:
            piece()
            worked = True
            if time.monotonic() > ends:
                break
        return worked
