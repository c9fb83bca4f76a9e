"""The loop of a hunt: rounds of examples, and what is bad and new is reproduced, shrunk, reported and kept.

Hypothesis generates and shrinks. A known find does not stop it; a new one ends the round with its smallest example. A round
is generated as a whole and then run, so that one container can be judged, and the next round be generated, while the runtime
works; to shrink an example of it, the round is generated again from its seed, up to that example.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, NoReturn, TypeVar

from hypothesis.errors import Flaky

from conformance.verdict.judge import Question
from fuzz.engine.ahead import Ahead
from fuzz.engine.budget import Budget
from fuzz.engine.seeds import ROUND, seed_of
from fuzz.engine.symptom import Key

Example = TypeVar("Example")
Bad = dict[Key, Question]
"""What is wrong with one container, and the question that it was an answer to."""

REPETITIONS = 2
"""How often something bad has to come back in fresh containers."""
SHRINKS = 40
"""Containers that shrinking one find may take."""
SHRINK_SECONDS = 30.0
PATIENCE = 3
"""What so often did not come back is not tried again."""
SYMPTOMS = 4
"""So many finds of one requirement are kept apart; what comes then is more of the same."""


class Bug(Exception):
    """Tells Hypothesis that an example is worth shrinking."""


@dataclass(frozen=True, slots=True)
class Find(Generic[Example]):
    """Something bad that came back, in its smallest form."""

    key: Key
    example: Example
    question: Question
    round: int


@dataclass(slots=True, kw_only=True)
class Hunt(Generic[Example]):
    """One campaign in one worker."""

    generate: Callable[[Callable[[Example], None], int], None]
    """Call a function with examples made from a seed; what the function raises makes Hypothesis shrink, and comes back."""
    examine_each: Callable[[Iterable[Example], Callable[[], bool]], Iterator[tuple[Example, Bad]]]
    """Run examples that count, one after another; what is wrong with one may be known only when the next has run.

    The function is called now and then when there is nothing else to do; it returns whether it did something.
    """
    examine: Callable[[Example], Bad]
    """Run an example that does not count: for repetitions, and for shrinking."""
    report: Callable[[Find[Example]], None]
    checkpoint: Callable[[int], None]
    """Called after each example with the round under way."""
    budget: Budget
    seed: int
    identity: tuple[str, ...]
    """Campaign, shard, node id: what the seeds of the rounds are made of."""
    known: set[Key]
    unstable: dict[Key, int] = field(default_factory=dict)
    """What did not come back, and how often it was seen."""

    def run(self, first_round: int = 0) -> None:
        """Hunt until the budget is spent."""
        number = first_round
        ahead = self._ahead(number)
        while not self.budget.spent:
            drawn, ahead = ahead.all(), self._ahead(number + 1)
            _Round(self, number, ahead).run(drawn)
            number += 1
        ahead.close()

    def seed_of(self, number: int) -> int:
        """Return the seed of a round."""
        return seed_of(self.seed, *self.identity, number)

    def _ahead(self, number: int) -> Ahead[Example]:
        return Ahead(lambda take: self.generate(take, self.seed_of(number)))

    def new(self, bad: Bad) -> list[Key]:
        """Return what is not known yet."""
        tried = (key for key, count in self.unstable.items() if count >= PATIENCE)
        known = self.known.union(tried)
        return [key for key in bad if key not in known and not self._more_of_the_same(key)]

    def _more_of_the_same(self, key: Key) -> bool:
        return sum(known.requirement == key.requirement for known in self.known) >= SYMPTOMS


class _Round(Generic[Example]):
    """Up to ROUND examples, or until something new has been found and shrunk."""

    def __init__(self, hunt: Hunt[Example], number: int, ahead: Ahead[Example]) -> None:
        self._hunt = hunt
        self._number = number
        self._ahead = ahead
        """The round after this one."""
        self._target: Key | None = None
        self._question: Question | None = None
        self._smallest: Example | None = None
        self._failing: set[str] = set()
        self._shrinking = False
        self._shrunk = 0
        self._deadline = 0.0

    def run(self, drawn: Sequence[Example]) -> None:
        hunt = self._hunt
        for example, bad in hunt.examine_each(self._afforded(drawn[:ROUND]), self._ahead.step):
            hunt.checkpoint(self._number)
            if self._target is None:
                self._try_again(example, bad)
        if self._target is not None:
            self._ahead.all()  # Hypothesis is not made for two tests at once
            with contextlib.suppress(Bug, Flaky):
                hunt.generate(self._shrink, hunt.seed_of(self._number))
            self._report()

    def _afforded(self, drawn: Iterable[Example]) -> Iterator[Example]:
        """Yield examples until something is found or the budget is spent; one that has run by then still counts."""
        for example in drawn:
            if self._hunt.budget.spent or self._target is not None:
                return
            self._hunt.budget.use()
            yield example

    def _try_again(self, example: Example, bad: Bad) -> None:
        """Run an example again that shows something new, and take the first that comes back for the target of this round."""
        hunt = self._hunt
        for key in hunt.new(bad):
            if self._comes_back(example, key):
                self._target, self._question, self._smallest = key, bad[key], example
                self._deadline = time.monotonic() + SHRINK_SECONDS
                self._failing.add(repr(example))
                return
            hunt.unstable[key] = hunt.unstable.get(key, 0) + 1

    def _comes_back(self, example: Example, key: Key) -> bool:
        return all(key in self._hunt.examine(example) for _ in range(REPETITIONS))

    def _shrink(self, example: Example) -> None:
        """Fail where the round did, then try smaller examples.

        Past the cap only what is known to fail still fails, so that Hypothesis comes to an end.
        """
        if repr(example) in self._failing:
            self._shrinking = True
            self._fail(example)
        if not self._shrinking:
            return
        if self._shrunk >= SHRINKS or time.monotonic() > self._deadline:
            return
        self._shrunk += 1
        bad = self._hunt.examine(example)
        if self._target in bad:
            self._question = bad[self._target]
            self._fail(example)

    def _fail(self, example: Example) -> NoReturn:
        self._smallest = example
        self._failing.add(repr(example))
        raise Bug

    def _report(self) -> None:
        if self._target is None or self._smallest is None or self._question is None:
            raise RuntimeError("a round ended early though nothing was found")
        self._hunt.known.add(self._target)
        self._hunt.report(Find(self._target, self._smallest, self._question, self._number))
