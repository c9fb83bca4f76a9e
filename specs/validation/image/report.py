"""Collects breaches of many documents, and keeps a flood of them within bounds."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from specs.validation.finding import Breach, Finding, judged
from specs.validation.image.limits import Limits


class _Kind(NamedTuple):
    document: str
    requirement: str
    unjudged: bool


class Report:
    """Breaches by document. Of those that say the same of one document only the first few are kept, the others counted."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._breaches: dict[str, list[Breach]] = {}
        self._seen: Counter[_Kind] = Counter()
        self._requirements: set[str] = set()
        self._kept = 0
        self._dropped = 0

    def add(self, document: str, breaches: Iterable[Breach]) -> None:
        """Take what is wrong with a document, a path below the layout."""
        for breach in breaches:
            kind = _Kind(document, breach.requirement, breach.unjudged)
            if self._kept >= self._limits.findings and breach.requirement in self._requirements:
                self._dropped += 1
                continue
            self._requirements.add(breach.requirement)
            self._seen[kind] += 1
            if self._seen[kind] <= self._limits.repeats:
                self._breaches.setdefault(document, []).append(breach)
                self._kept += 1

    def findings(self, layout: str) -> list[Finding]:
        """Weigh all, by document; raises KeyError for a requirement that the catalogue lacks."""
        for kind, count in self._seen.items():
            if count > self._limits.repeats:
                self._breaches[kind.document].append(
                    Breach((), kind.requirement, f"{count - self._limits.repeats} more like these", unjudged=kind.unjudged)
                )
        found = [
            each
            for document in sorted(self._breaches)
            for each in judged(f"{layout}/{document}" if document else layout, self._breaches[document])
        ]
        if self._dropped:
            found += judged(layout, [Breach((), "", f"{self._dropped} more findings, not listed", unjudged=True)])
        return found
