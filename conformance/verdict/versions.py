"""Versions of runtimes, as `--version` spells them, and ranges of them.

What counts is the dotted number and whether a pre-release follows it: `1.1.5+ds1`, `1.1.5-1+deb12u1` and `v1.1.5` equal `1.1.5`,
whereas `1.2.0-rc.1`, `1.2.0~rc1` and `1.2.0rc1` come before `1.2.0`.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

Key = tuple[tuple[int, ...], tuple[int, str, int]]

_VERSION = re.compile(r"(?<![\d.])(\d+(?:\.\d+)*)(?:[-~.]?(alpha|beta|dev|pre|rc)[-.]?(\d*))?", re.IGNORECASE)
_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*")
_COMPARE: dict[str, Callable[[Key, Key], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_FINAL = (1, "", 0)


def version_key(version: str) -> Key | None:
    """Return what versions are compared by, None if there is no number in it."""
    found = _VERSION.search(version)
    if not found:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), (0, found[2].lower(), int(found[3] or 0)) if found[2] else _FINAL


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Comparisons that all have to hold, such as `>=1.1,<1.2`."""

    text: str
    clauses: tuple[tuple[str, Key], ...]

    @classmethod
    def parse(cls, text: str) -> "VersionRange":
        """Parse comma-separated comparisons. Raises ValueError that names the one at fault."""
        return cls(text, tuple(_clause(part) for part in text.split(",")))

    def holds(self, version: str) -> bool:
        """Whether the version is in the range; one without a number never is."""
        key = version_key(version)
        return key is not None and all(_COMPARE[sign](key, bound) for sign, bound in self.clauses)


def _clause(text: str) -> tuple[str, Key]:
    found = _CLAUSE.fullmatch(text)
    bound = version_key(found[2]) if found else None
    if not found or bound is None:
        raise ValueError(f"{text.strip()!r} is no comparison like '>=1.1'")
    return found[1], bound
