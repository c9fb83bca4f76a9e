"""From a record to an outcome: what is contested is told apart, by the requirement or by the expectation."""

from dataclasses import replace

import pytest

from conformance.cases.case import Case
from conformance.expectations.contract import Evidence, Expectation, violated
from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.verdict.judge import Policy, Question, judge
from specs.catalogue import load
from specs.verdicts import Verdict
from specs.version import SpecVersion
from tests.expectations.records import host, record

POLICY = Policy(lane="host", declared=SpecVersion.parse("1.3.0"), judged_by=SpecVersion.parse("1.3.0"))
PLAIN = replace(load("runtime")["linux.maskedpaths.effect"], disputed="")
CONTESTED = replace(PLAIN, disputed="https://example.org/1")


@pytest.mark.parametrize(
    ("by_requirement", "by_expectation", "expected"),
    [
        (False, None, False),
        (True, None, True),
        (True, False, False),
        (True, True, True),
        (False, True, True),
    ],
)
def test_a_breach_is_contested_as_its_requirement_unless_the_expectation_knows_better(
    by_requirement: bool,  # noqa: FBT001  # a column of the table
    by_expectation: bool | None,  # noqa: FBT001  # a column of the table
    expected: bool,  # noqa: FBT001  # a column of the table
) -> None:
    def breaks(_config: Config, _host: Host, _record: Record) -> Evidence:
        violated(expected=1, observed=2, disputed=by_expectation)

    requirement = CONTESTED if by_requirement else PLAIN
    expectation = Expectation(requirement=requirement.id, judge=breaks)
    question = Question(case=Case(name="a/b", title=""), expectation=expectation, requirement=requirement)
    outcome = judge(question, record=record({}), host=host(), policy=POLICY)
    assert (outcome.verdict, outcome.disputed) == (Verdict.VIOLATED, expected)
