"""The next round of examples, generated while there is nothing else to do but to wait for the runtime.

Hypothesis calls us with each example, so it runs in a thread of its own. That has its turn only while we wait for it: never do
two things of ours run at once.
"""

from collections.abc import Callable
from threading import Semaphore, Thread
from typing import Generic, TypeVar

Example = TypeVar("Example")


class Ahead(Generic[Example]):
    """What `generate` calls a function with, one example after another and only when asked."""

    def __init__(self, generate: Callable[[Callable[[Example], None]], None]) -> None:
        self._generate = generate
        self._examples: list[Example] = []
        self._error: BaseException | None = None
        self._thread: Thread | None = None
        self._ended = False
        self._turn, self._back = Semaphore(0), Semaphore(0)

    def __len__(self) -> int:
        """Return how many examples there are by now."""
        return len(self._examples)

    def step(self) -> bool:
        """Generate one more example; return whether there was one."""
        if self._ended:
            return False
        if self._thread is None:
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()
        self._turn.release()
        self._back.acquire()
        return not self._ended

    def all(self) -> list[Example]:
        """Generate what is left, and return all of it. Raises what generating has raised."""
        while self.step():
            pass
        if self._error is not None:
            raise self._error
        return self._examples

    def close(self) -> None:
        """End a thread that has begun."""
        while self._thread is not None and self.step():
            pass

    def _run(self) -> None:
        self._turn.acquire()
        try:
            self._generate(self._take)
        except BaseException as error:  # it belongs to whoever asks for the examples
            self._error = error
        self._ended = True
        self._back.release()

    def _take(self, example: Example) -> None:
        self._examples.append(example)
        self._back.release()
        self._turn.acquire()
