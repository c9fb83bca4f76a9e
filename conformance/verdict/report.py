"""Tell pytest, and through it Allure and JUnit, what an outcome is."""

from typing import NoReturn

import pytest

from conformance.expectations.contract import Violation
from conformance.record.as_json import as_json
from conformance.record.record import Record
from conformance.verdict import allure
from conformance.verdict.judge import Question
from conformance.verdict.outcome import Outcome
from specs.verdicts import Verdict


class HarnessError(Exception):
    """The harness could not do its work: red, but never counted against the runtime."""


class Unstable(Exception):  # a verdict, not an error
    """A violation that did not come back in fresh containers."""


def tell(question: Question, outcome: Outcome, record: Record | None) -> None:
    """Pass, skip, xfail or fail the running test item, with evidence attached where it is not a plain pass."""
    allure.title(f"{question.requirement.id}: {question.case.title}")
    allure.run_parameters(outcome)
    _attach(outcome, record)
    if outcome.verdict in {Verdict.NOT_APPLICABLE, Verdict.NOT_TESTABLE}:
        pytest.skip(outcome.reason)
    if outcome.verdict is Verdict.HARNESS_ERROR:
        raise HarnessError(outcome.reason)
    if outcome.waived and outcome.waiver:
        pytest.xfail(f"{outcome.waiver.reason} ({outcome.waiver.url})")
    if outcome.verdict is Verdict.UNSTABLE:
        raise Unstable(outcome.reason)
    if outcome.verdict is Verdict.VIOLATED:
        _violated(question, outcome)


def _violated(question: Question, outcome: Outcome) -> NoReturn:
    violation = Violation(expected=outcome.expected, observed=outcome.observed, evidence=outcome.evidence)
    violation.add_note(f"{question.requirement.level.value}: {question.requirement.text}")
    violation.add_note(question.requirement.url)
    if question.requirement.subject == "config" and question.expectation.judges_refusal:
        violation.add_note("It binds the author; the runtime has to give an error for invalid values (config.md#valid-values).")
    raise violation


def _attach(outcome: Outcome, record: Record | None) -> None:
    evidence = {
        "expected": outcome.expected,
        "observed": outcome.observed,
        "evidence": outcome.evidence,
        "reason": outcome.reason,
    }
    allure.attach("evidence", as_json(evidence))
    if record is None or outcome.verdict in {Verdict.PASSED, Verdict.NOT_APPLICABLE}:
        return
    allure.attach("config.json", record.config)
    allure.attach("transcript", transcript(record))
    allure.attach("record", as_json(record))
    if outcome.reproducer:
        allure.attach("reproducer", f"{outcome.reproducer}/reproduce.sh")


def transcript(record: Record) -> str:
    """Return every call of the runtime with its command line, exit status, time and output."""
    lines = []
    for operation in record.operations:
        lines.append(
            f"$ {' '.join(operation.argv)}    # {operation.describe()}, {1000 * (operation.ended - operation.started):.1f} ms"
        )
        lines += [
            text.decode(errors="backslashreplace").rstrip() for text in (operation.stdout, operation.stderr) if text.strip()
        ]
    return "\n".join(lines) + "\n"
