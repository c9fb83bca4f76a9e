"""A case about declared features: what it becomes for a runtime, and who is not asked at all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.cases.case import Case
from conformance.expectations.contract import Evidence, Expectation
from conformance.record.config import Edit, put
from conformance.record.host import Host
from conformance.verdict.judge import Policy, Question, unjudged
from specs.catalogue import load
from specs.verdicts import Verdict
from specs.version import SpecVersion
from tests.expectations.records import host, record

NEWEST = SpecVersion.parse("1.3.0")
REQUIREMENT = load("runtime")["features.hooks.supported"]


def _colour(features: Mapping[str, Any], _host: Host) -> tuple[Edit, ...] | None:
    return (put("/colour", features["colour"]),) if "colour" in features else None


CASE = Case(name="test/case", title="", edits=(put("/first", 1),), declared=_colour)


def _unjudged(features: Mapping[str, Any] | None, case: Case = CASE) -> Any:
    expectation = Expectation(requirement=REQUIREMENT.id, judge=lambda *_: Evidence(1, 1), sees="runtime")
    question = Question(case=case, expectation=expectation, requirement=REQUIREMENT)
    facts = replace(record({}).runtime, features=features)
    policy = Policy(lane="host", declared=NEWEST, judged_by=NEWEST)
    return unjudged(question, applies=True, host=host(), facts=facts, policy=policy)


def test_what_is_declared_is_added_to_the_edits() -> None:
    adapted = CASE.adapted({"colour": "blue"}, host())
    assert adapted.edits == (put("/first", 1), put("/colour", "blue"))
    assert adapted.declared is None


@pytest.mark.parametrize("features", [None, {}])
def test_where_nothing_is_declared_the_case_stays_and_is_not_applicable(features: Mapping[str, Any] | None) -> None:
    assert CASE.adapted(features, host()) is CASE
    outcome = _unjudged(features)
    assert outcome is not None
    assert outcome.verdict is Verdict.NOT_APPLICABLE
    assert "features document" in outcome.reason


def test_other_cases_ask_for_no_document() -> None:
    assert CASE.adapted({"colour": "blue"}, host()).adapted({"colour": "red"}, host()).edits[-1] == put("/colour", "blue")
    assert _unjudged({"colour": "blue"}) is None
    assert _unjudged(None, replace(CASE, declared=None)) is None
