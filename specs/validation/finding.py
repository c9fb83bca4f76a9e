"""What is wrong with a document: breaches as schemas and rules find them, and findings, which also say how much they weigh."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from specs.catalogue import Requirement, load
from specs.entry import KEYWORD_LEVELS
from specs.verdicts import Level
from specs.version import SpecVersion

Path = tuple[str | int, ...]
"""Names and indices that lead from the document's root to a value."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_LONGEST = 80
"""Characters of a value that a message quotes."""


class Breach(NamedTuple):
    """One thing that is wrong, before the catalogue has said how much it weighs."""

    path: Path
    requirement: str
    """Id in the catalogue; empty where the text has no sentence for it."""
    message: str
    """What was expected and what was found, in plain words."""
    invalid: bool = False
    """The value is none that the text allows at all, whatever it says on leaving it out: see `document_level`."""
    unjudged: bool = False
    """It kept us from judging the document, and is no reproach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a validation's result."""

    document: str
    """The file as the user named it, or a place inside it."""
    path: str
    """JSON path, `$.linux.resources.devices[3].access`."""
    requirement: str
    level: Level
    message: str
    ambiguous: bool = False
    """The text can be read in two ways: recorded, so at level MAY."""
    unjudged: bool = False

    def __str__(self) -> str:
        """`config.json: $.process.cwd: MUST config.process.cwd.absolute: expected an absolute path, found 'tmp'`."""
        remark = " (ambiguous: the text has another reading)" if self.ambiguous else ""
        named = f" {self.requirement}" if self.requirement else ""
        return f"{self.document}: {self.path}: {self.level.value}{named}: {self.message}{remark}"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as an object of JSON values."""
        return {
            "document": self.document,
            "path": self.path,
            "requirement": self.requirement,
            "level": self.level.value,
            "message": self.message,
            "ambiguous": self.ambiguous,
            "unjudged": self.unjudged,
        }


def json_path(path: Iterable[str | int]) -> str:
    """Render a path as `$.a.b[3]["odd name"]`; the result is plain ASCII."""
    return "$" + "".join(_step(step) for step in path)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f"[{json.dumps(step)}]"


def shown(value: object) -> str:
    """Quote a value for a message: one line, at most 80 characters, whatever it holds."""
    if isinstance(value, list | dict):
        size = len(value)
        text = "[]" if value == [] else "{}" if value == {} else _container(value, size)
    elif value is None or isinstance(value, bool):
        text = json.dumps(value)
    else:
        text = ascii(value[: _LONGEST + 1]) if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _container(value: list[Any] | dict[str, Any], size: int) -> str:
    if isinstance(value, list):
        return f"an array of {size}"
    names = ", ".join(ascii(name[:_LONGEST]) for name, _ in zip(value, range(4), strict=False))
    return f"an object with {names}{', ...' if size > 4 else ''}"


def document_level(requirement: Requirement, *, invalid: bool = False) -> Level:
    """Return how much a breach weighs for a document, which is judged apart from any runtime.

    Rows that bind the author have the level of their own keyword here (basis `author REQUIRED`: MUST). A permission cannot be
    broken, so at a row like "hostname is OPTIONAL" only a value of a wrong kind can be found; such an `invalid` one weighs MUST,
    since every runtime has to refuse it (config.valid-values.error). What can be read in two ways is recorded: MAY.
    """
    if invalid:
        return Level.MUST
    if requirement.ambiguous:
        return Level.MAY
    word, _, keyword = requirement.basis.partition(" ")
    return KEYWORD_LEVELS[keyword] if word == "author" and keyword else requirement.level


def judged(document: str, breaches: Iterable[Breach], *, declared: SpecVersion | None = None) -> list[Finding]:
    """Weigh breaches, in the order of their places; raises KeyError for one that names no requirement of the catalogue.

    `declared` is the version of the spec that the document says it follows: what does not stand in that one does not bind it,
    and has level none.
    """
    ordered = sorted(set(breaches), key=lambda each: (_sortable(each.path), each.requirement, each.message))
    return [_finding(document, each, declared) for each in ordered]


def _finding(document: str, breach: Breach, declared: SpecVersion | None) -> Finding:
    ambiguous, later = False, ""
    level = Level.MUST if breach.invalid else Level.NONE
    if breach.requirement:
        requirement = load()[breach.requirement]
        ambiguous = bool(requirement.ambiguous) and not breach.invalid
        level = document_level(requirement, invalid=breach.invalid)
        if requirement.since is None or (declared is not None and not requirement.in_force(declared)):
            level, ambiguous = Level.NONE, False
            later = f" ({requirement.period}; the document declares {declared or 'no version'})"
    return Finding(
        document=document,
        path=json_path(breach.path),
        requirement=breach.requirement,
        level=level,
        message=f"{breach.message}{later}",
        ambiguous=ambiguous,
        unjudged=breach.unjudged,
    )


def _sortable(path: Path) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, step, "") if isinstance(step, int) else (1, 0, step) for step in path)
