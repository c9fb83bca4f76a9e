"""By which version a requirement counts: not before it came, not after it went, and advisory beyond what is declared."""

from dataclasses import replace

import pytest

from conformance.verdict.judge import Policy
from specs.catalogue import load
from specs.version import SpecVersion

ALWAYS = load("runtime")["linux.maskedpaths.effect"]
GONE = replace(ALWAYS, since=SpecVersion.parse("1.1.0"), until=SpecVersion.parse("1.3.0"))
UNRELEASED = replace(ALWAYS, since=None)


def _policy(judged_by: str, *, declared: str = "1.0.2") -> Policy:
    return Policy(lane="host", declared=SpecVersion.parse(declared), judged_by=SpecVersion.parse(judged_by))


@pytest.mark.parametrize(("version", "in_force"), [("1.0.2", False), ("1.1.0", True), ("1.2.1", True), ("1.3.0", False)])
def test_what_a_later_version_dropped_is_judged_in_between(version: str, in_force: bool) -> None:  # noqa: FBT001  # a table
    assert _policy(version).covers(GONE) is in_force
    assert _policy(version).covers(ALWAYS)
    assert not _policy(version).covers(UNRELEASED)


def test_advisory_is_what_the_declared_version_does_not_have() -> None:
    assert not _policy("1.2.0", declared="1.1.0").advisory(GONE)
    assert _policy("1.2.0", declared="1.0.2").advisory(GONE)
    assert _policy("1.2.0", declared="1.3.0").advisory(GONE)
