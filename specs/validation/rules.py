"""Rules: what the text demands of a document and a schema cannot say.

A rule is a pure function from a document's value to breaches, and says which requirements it can find broken. It is asked
about any JSON value: where a document is not shaped as the rule needs it, it finds nothing; the schema has said so already.
Each chapter's module exports its RULES.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from specs.validation.finding import Breach, Path


class Step(Enum):
    """A step of `find` that is no name."""

    EACH = "each element of an array, or each member of an object"


EACH = Step.EACH


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    requirements: tuple[str, ...]
    """The ids that `check` can name."""
    check: Callable[[Any], Iterable[Breach]]


def apply(rules: Iterable[Rule], value: Any) -> Iterator[Breach]:
    """Yield what the rules find; raises ValueError for a rule that names what it has not announced."""
    for rule in rules:
        for breach in rule.check(value):
            if breach.requirement not in rule.requirements:
                raise ValueError(f"a rule on {', '.join(rule.requirements)} has found a breach of {breach.requirement}")
            yield breach


def find(value: Any, *steps: str | Step) -> Iterator[tuple[Path, Any]]:
    """Yield (path, value) of whatever is at `steps`: `find(config, "linux", "namespaces", EACH, "type")`."""
    yield from _find((), value, steps)


def _find(path: Path, value: Any, steps: tuple[str | Step, ...]) -> Iterator[tuple[Path, Any]]:
    if not steps:
        yield path, value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if isinstance(value, dict) and step in value:
            yield from _find((*path, step), value[step], rest)
    elif isinstance(value, list | dict):
        for key, member in enumerate(value) if isinstance(value, list) else value.items():
            yield from _find((*path, key), member, rest)


def repeated(entries: Iterable[tuple[Path, Any]]) -> Iterator[tuple[Path, Any]]:
    """Yield those entries whose string or tuple an earlier entry had."""
    seen: set[Any] = set()
    for path, value in entries:
        if isinstance(value, str | tuple):
            if value in seen:
                yield path, value
            seen.add(value)
