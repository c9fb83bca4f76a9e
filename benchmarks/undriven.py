"""A pytest plugin for inner runs: every question is answered at once without a container, and the test loop is timed.

`-p benchmarks.undriven --loop-figures=FILE` leaves in FILE a JSON object with the number of items, and the wall and CPU
seconds of the loop: what pytest, the results file and the telling cost, without driving and judging.
"""

import json
import time
from collections.abc import Generator
from typing import Any

import pytest

from conformance.verdict.certifier import Certifier
from conformance.verdict.judge import Question
from conformance.verdict.outcome import Outcome
from specs.verdicts import Verdict


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare where the figures go."""
    parser.addoption("--loop-figures", required=True, metavar="FILE")


def pytest_configure() -> None:
    """Answer without a container from now on; this process does nothing else."""
    Certifier.answer = _answer  # type: ignore[method-assign, assignment]  # the one thing that an undriven run leaves out


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Time the loop over all items."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = yield
    figures = {"items": len(session.items), "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    with open(session.config.getoption("--loop-figures"), "w", encoding="utf-8") as file:
        json.dump(figures, file)
    return result


def _answer(certifier: Certifier, question: Question, **_keep: Any) -> Outcome:
    return Outcome(
        requirement=question.requirement.id,
        level=question.requirement.level,
        verdict=Verdict.PASSED,
        case=question.case.name,
        title=question.case.title,
        lane=certifier.policy.lane,
        runtime=certifier.driver.facts,
        spec_version=str(certifier.policy.judged_by),
    )
