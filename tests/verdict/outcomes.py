"""Outcomes to judge by in the tests of this room."""

from dataclasses import replace
from typing import Any

from conformance.record.runtime import RuntimeFacts
from conformance.verdict.outcome import Outcome
from specs.verdicts import Level, Verdict

RUNC = RuntimeFacts(name="runc", path="/usr/sbin/runc", version="1.1.5+ds1", spec_version="1.0.2", features=None, kernel="host")

PLAIN = Outcome(
    requirement="config.mounts.options.ro.effect",
    level=Level.MUST,
    verdict=Verdict.PASSED,
    case="mounts/ro-bind",
    title="A read-only bind mount refuses writes",
    lane="host",
    runtime=RUNC,
    spec_version="1.3.0",
)


def outcome(verdict: Verdict = Verdict.PASSED, **changes: Any) -> Outcome:
    """Return an outcome with that verdict and these changes."""
    return replace(PLAIN, verdict=verdict, **changes)
