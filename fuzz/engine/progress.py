"""Lines for whoever watches: how many containers, how fast, how much is covered, what was found."""

import time
from collections.abc import Callable

INTERVAL = 15.0
"""Seconds between two lines."""


class Progress:
    """Prints a line now and then."""

    def __init__(
        self, name: str, say: Callable[[str], None], *, interval: float = INTERVAL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._say = say
        self._interval = interval
        self._clock = clock
        self._next = clock() + interval

    def tick(self, describe: Callable[[], str]) -> None:
        """Print the line if it is time; it is made only then."""
        if self._clock() >= self._next:
            self._next = self._clock() + self._interval
            self.say(describe())

    def say(self, text: str) -> None:
        """Print a line at once."""
        self._say(f"fuzz {self._name}: {text}")
