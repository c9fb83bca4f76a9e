"""What is done about each statement of the specs, by chapter and level: who judges it, or why nobody can.

Every entry of the catalogue stands in exactly one column: an expectation of ours, a schema or a rule that names it, its
children where it is an umbrella, the reason why nothing can show it, or nothing yet.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from conformance.expectations.all import EXPECTATIONS
from specs.catalogue import Catalogue, Requirement
from specs.validate import named
from specs.verdicts import Level


class Means(Enum):
    """How a requirement is judged; the values are the table's headings."""

    EXPECTATION = "expectation"
    DOCUMENT = "schema or rule"
    CHILDREN = "by children"
    IMPOSSIBLE = "not decidable"
    NOTHING = "nothing yet"


@dataclass(frozen=True, slots=True)
class Covered:
    """One requirement and what is done about it."""

    requirement: Requirement
    means: Means


def coverage(catalogue: Catalogue) -> tuple[Covered, ...]:
    """Say of each requirement, in the catalogue's order, what is done about it."""
    judged = {expectation.requirement for expectation in EXPECTATIONS}
    documents = named()
    return tuple(Covered(each, _means(each, judged=judged, documents=documents)) for each in catalogue.values())


def _means(requirement: Requirement, *, judged: set[str], documents: set[str]) -> Means:
    if requirement.id in judged:
        return Means.EXPECTATION
    if requirement.id in documents:
        return Means.DOCUMENT
    if requirement.umbrella:
        return Means.CHILDREN
    return Means.IMPOSSIBLE if requirement.decided == "none" else Means.NOTHING


def table(covered: Iterable[Covered]) -> str:
    """Return a table: a row for each chapter and level, sums for each level of a spec, and for the spec."""
    return "\n".join(_rows(tuple(covered))) + "\n"


def _rows(covered: tuple[Covered, ...]) -> Iterator[str]:
    headings = "".join(f"  {means.value:>{_width(means)}}" for means in Means)
    for spec in dict.fromkeys(each.requirement.spec for each in covered):
        ours = [each for each in covered if each.requirement.spec == spec]
        yield f"{f'{spec} {ours[0].requirement.spec_version}':<44}  level   total{headings}"
        for chapter in dict.fromkeys(each.requirement.chapter for each in ours):
            yield from _levels(chapter, [each for each in ours if each.requirement.chapter == chapter])
        yield from _levels("all chapters", ours)
        yield _row("", "all", Counter(each.means for each in ours))
        yield ""


def _levels(title: str, covered: list[Covered]) -> Iterator[str]:
    for level in Level:
        counts = Counter(each.means for each in covered if each.requirement.level is level)
        if counts:
            yield _row(title, level.value, counts)
            title = ""


def _row(title: str, level: str, counts: Mapping[Means, int]) -> str:
    cells = "".join(f"  {counts.get(means, 0) or '·':>{_width(means)}}" for means in Means)
    return f"{title:<44}  {level:<6}  {sum(counts.values()):>5}{cells}"


def _width(means: Means) -> int:
    return max(len(means.value), 5)
