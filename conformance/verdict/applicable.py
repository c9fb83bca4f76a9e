"""Which expectations apply to a config, when there are hundreds of them, and configs that differ from a base in a few members.

Each is asked once about the base config, and what it looks at is noted: it is asked again only where a config differs in
something of that. An expectation is pure, so any other answer would be the same.
"""

from collections import defaultdict
from collections.abc import Sequence

from conformance.expectations.contract import Applicability, Expectation
from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.reads import Watched, changed


class Applicable:
    """What `applies` of each expectation says, for any config, on one host."""

    def __init__(self, expectations: Sequence[Expectation], *, base: Config, host: Host) -> None:
        self._expectations = expectations
        self._base = base
        self._host = host
        self._concerned: defaultdict[str, list[int]] = defaultdict(list)
        """What is looked at, to the expectations that look at it, by their place in the list."""
        self._answers = [self._asked(place, expectation) for place, expectation in enumerate(expectations)]

    def _asked(self, place: int, expectation: Expectation) -> Applicability:
        seen: set[str] = set()
        answer = expectation.applies(Watched(self._base, seen), self._host)
        for pointer in seen:
            self._concerned[pointer].append(place)
        return answer

    def __call__(self, config: Config) -> list[Applicability]:
        """Return the answers about a config, in the order of the expectations."""
        answers = list(self._answers)
        again = {place for pointer in changed(self._base, config) for place in self._concerned.get(pointer, ())}
        for place in again:
            answers[place] = self._expectations[place].applies(config, self._host)
        return answers
