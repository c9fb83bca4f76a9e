"""What judging one (case, requirement) came to."""

from dataclasses import dataclass
from typing import Any

from conformance.record.runtime import RuntimeFacts
from specs.verdicts import Level, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Why a violation is waived, and where that is written."""

    reason: str
    url: str


@dataclass(slots=True, kw_only=True)  # to make a frozen one takes three times as long, and a container comes to seventy
class Outcome:
    """One verdict, with all that a reader needs to examine it. Becomes one line of results.jsonl. Nobody changes one."""

    requirement: str
    """Its id in the catalogue."""
    level: Level
    verdict: Verdict
    case: str
    title: str
    """The case in one plain sentence."""
    lane: str
    runtime: RuntimeFacts
    expected: Any = None
    """What the text wants, as any value that has a JSON form; likewise `observed` and `evidence`."""
    observed: Any = None
    evidence: Any = None
    reason: str = ""
    """Why it was not judged, or what went wrong in the harness."""
    inconclusive: bool = False
    """Nothing could be seen, though this host could have shown it."""
    advisory: bool = False
    """Judged by a version of the spec beyond the one that the runtime declares: decides nothing."""
    ambiguous: bool = False
    """The text can be read in two ways: recorded, decides nothing."""
    disputed: bool = False
    """The text is clear but openly contested: judged by the text, shown apart."""
    waived: bool = False
    waiver: Grounds | None = None
    spec_version: str
    """The version of the spec that it was judged by."""
    seconds: float = 0.0
    """Wall time spent on driving and judging, as far as it is this outcome's own."""
    reproducer: str | None = None
    """Directory that reproduces a violation by plain runtime calls."""
