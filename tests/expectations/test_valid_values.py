"""Invalid values: recognised wherever the cases put one, refused, accepted, and refused for any other reason."""

from typing import Any

import pytest

from conformance.cases.valid_values import CASES
from conformance.expectations.contract import Inconclusive, Unexercised, Violation
from conformance.expectations.valid_values import EXPECTATIONS
from conformance.record.config import edited
from tests.expectations.containers import with_mounts
from tests.expectations.records import accepted, host, judged, refused

(INVALID,) = EXPECTATIONS


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_is_recognised_and_has_to_be_refused(case: Any) -> None:
    plain = edited(with_mounts(), case.edits)
    broken = case.defect.apply(plain)
    assert INVALID.applies(plain, host()) is False
    judged(INVALID, refused(broken))
    with pytest.raises(Violation):
        judged(INVALID, accepted(broken))
    with pytest.raises(Inconclusive):
        judged(INVALID, refused(broken, twin_runs=False))


def test_a_valid_config_shows_nothing() -> None:
    with pytest.raises(Unexercised):
        INVALID.judge(with_mounts(), host(), refused(with_mounts()))
