"""Resource limits: seen right, seen wrong, and configs that are wrong themselves."""

import errno
import struct
from typing import Any

import pytest

from conformance.expectations.contract import Expectation, Inconclusive, Violation
from conformance.expectations.rlimits import EXPECTATIONS
from conformance.record.probe import CallResult
from tests.expectations.records import accepted, answered, host, judged, named, refused

SOFT = named(EXPECTATIONS, "config.process.rlimits.soft.effect")
HARD = named(EXPECTATIONS, "config.process.rlimits.hard.effect")
SUCCEEDS = named(EXPECTATIONS, "config.process.rlimits.getrlimit-succeeds")
UNMAPPABLE = named(EXPECTATIONS, "config.process.rlimits.type.unmappable-error")
TWICE = named(EXPECTATIONS, "config.process.rlimits.duplicate-error")
INFINITY = (1 << 64) - 1


def _config(*rows: tuple[str, int, int]) -> dict[str, Any]:
    return {"process": {"rlimits": [{"type": name, "soft": soft, "hard": hard} for name, soft, hard in rows]}}


def _limit(soft: int, hard: int) -> CallResult:
    return CallResult(0, struct.pack("<2Q", soft, hard))


LIMITED = _config(("RLIMIT_NOFILE", 10, 20), ("RLIMIT_CORE", 0, INFINITY))


@pytest.mark.parametrize("expectation", [SOFT, HARD, SUCCEEDS])
def test_limits_as_configured(expectation: Expectation) -> None:
    judged(expectation, answered(expectation, LIMITED, _limit(10, 20), _limit(0, INFINITY)))


@pytest.mark.parametrize(("expectation", "wrong"), [(SOFT, _limit(11, 20)), (HARD, _limit(10, 21))])
def test_another_limit_violates(expectation: Expectation, wrong: CallResult) -> None:
    with pytest.raises(Violation):
        judged(expectation, answered(expectation, LIMITED, wrong, _limit(0, INFINITY)))


def test_getrlimit_that_fails_violates_just_that() -> None:
    failed = answered(SUCCEEDS, LIMITED, -errno.EPERM, _limit(0, INFINITY))
    with pytest.raises(Violation):
        judged(SUCCEEDS, failed)
    for expectation in (SOFT, HARD):
        with pytest.raises(Inconclusive):
            judged(expectation, failed)


def test_the_kernel_makes_one_second_of_no_cpu_time() -> None:
    config = _config(("RLIMIT_CPU", 0, 5))
    with pytest.raises(Inconclusive):
        judged(SOFT, answered(SOFT, config, _limit(1, 5)))


@pytest.mark.parametrize(
    ("expectation", "config"),
    [
        (UNMAPPABLE, _config(("RLIMIT_BOGUS", 1, 1))),
        (TWICE, _config(("RLIMIT_CORE", 1, 1), ("RLIMIT_CORE", 1, 1))),
    ],
)
def test_wrong_configs_have_to_be_refused(expectation: Expectation, config: dict[str, Any]) -> None:
    judged(expectation, refused(config))
    with pytest.raises(Violation):
        judged(expectation, accepted(config))
    with pytest.raises(Inconclusive):
        judged(expectation, refused(config, twin_runs=False))
    assert expectation.applies(LIMITED, host()) is False


@pytest.mark.parametrize("name", ["RLIMIT_NOFILE", "rlimit_nofile", "NOFILE"])
def test_names_that_some_reading_maps_are_not_called_unmappable(name: str) -> None:
    assert UNMAPPABLE.applies(_config((name, 1, 1)), host()) is False
