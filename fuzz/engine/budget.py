"""How long a hunt goes on: until its time or its examples are spent."""

import time
from collections.abc import Callable


class Budget:
    """Counts down from `seconds` and `examples`; what an earlier, killed run spent is spent."""

    def __init__(
        self,
        *,
        seconds: float,
        examples: int | None = None,
        spent_seconds: float = 0.0,
        spent_examples: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._started = clock() - spent_seconds
        self._seconds = seconds
        self._examples = examples
        self.used = spent_examples

    @property
    def elapsed(self) -> float:
        """Seconds spent, those of earlier runs included."""
        return self._clock() - self._started

    @property
    def spent(self) -> bool:
        """Nothing is left of it."""
        return self.elapsed >= self._seconds or (self._examples is not None and self.used >= self._examples)

    def use(self) -> None:
        """Take note of one example."""
        self.used += 1
