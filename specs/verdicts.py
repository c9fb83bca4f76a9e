"""Verdicts and levels, and what they decide."""

from collections.abc import Iterable
from enum import Enum


class Verdict(str, Enum):  # noqa: UP042  # ordered below; StrEnum would compare as text
    """What a requirement came to, best first; the worst of several wins."""

    PASSED = "passed"
    RECORDED = "recorded"
    NOT_APPLICABLE = "not_applicable"
    NOT_TESTABLE = "not_testable"
    UNSTABLE = "unstable"
    VIOLATED = "violated"
    HARNESS_ERROR = "harness_error"

    @property
    def rank(self) -> int:
        """Position in the order above."""
        return list(Verdict).index(self)


class Level(str, Enum):  # noqa: UP042
    """The level that decides: MUST the certificate, SHOULD is a warning, MAY is recorded, NONE judges nobody."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    NONE = "none"


class ExitCode(int, Enum):
    """Exit codes of a certification."""

    CONFORMANT = 0
    VIOLATED = 1
    INCOMPLETE = 3
    USAGE = 4


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of `verdicts`; raises ValueError if there are none."""
    return max(verdicts, key=lambda verdict: verdict.rank)
