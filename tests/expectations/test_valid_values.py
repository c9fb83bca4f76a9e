"""Invalid values: refused, accepted in silence, and refused for a reason that may be another."""

from typing import Any

import pytest

from conformance.cases.defects import DEFECTS
from conformance.expectations.contract import Inconclusive, Violation
from conformance.expectations.valid_values import EXPECTATIONS, INVALID, invalid
from tests.expectations.records import accepted, host, judged, named, refused

EXPECTATION = named(EXPECTATIONS, "config.valid-values.error")
CONFIGS: list[dict[str, Any]] = [
    {"linux": {"namespaces": [{"type": "pid"}, {"type": INVALID}]}},
    {"linux": {"rootfsPropagation": INVALID}},
    {"linux": {"seccomp": {"defaultAction": INVALID}}},
    {"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": [INVALID]}}},
    {"linux": {"seccomp": {"syscalls": [{"names": ["vhangup"], "action": INVALID}]}}},
    {"linux": {"seccomp": {"syscalls": [{"names": ["vhangup"], "action": "SCMP_ACT_LOG", "args": [{"op": INVALID}]}]}}},
]


@pytest.mark.parametrize("config", CONFIGS)
def test_refusal_is_right_and_silence_is_not(config: dict[str, Any]) -> None:
    judged(EXPECTATION, refused(config))
    with pytest.raises(Violation):
        judged(EXPECTATION, accepted(config))
    with pytest.raises(Inconclusive):
        judged(EXPECTATION, refused(config, twin_runs=False))


def test_valid_values_are_not_judged() -> None:
    assert EXPECTATION.applies({"linux": {"rootfsPropagation": "private"}}, host()) is False


def test_every_invalid_defect_is_recognised() -> None:
    base: dict[str, Any] = {"linux": {"namespaces": [{"type": "mount"}]}}
    for defect in DEFECTS:
        if defect.name.endswith("-invalid"):
            edit = defect.edit(base)
            assert edit is not None
            assert len(invalid(edit.apply(base))) == 1, defect.name
