"""The lifecycle's module shows the thirteen steps of runtime.md one by one: its table names functions that are there."""

import re

from reference_runtime import lifecycle

STEPS = re.findall(r"^ ?(\d+)  (.+?)  +(\S.*)$", lifecycle.__doc__ or "", re.MULTILINE)


def test_each_step_can_be_pointed_at() -> None:
    assert [int(number) for number, _, _ in STEPS] == list(range(1, 14))
    functions = {number: re.findall(r"\b(?:step_\w+|create|start|stop|delete)\b", where)[0] for number, _, where in STEPS}
    for number, name in functions.items():
        assert getattr(getattr(lifecycle, name), "__doc__", ""), number
        assert name.startswith(f"step_{number}_") or not name.startswith("step_")


def test_no_step_is_missing_in_the_table() -> None:
    there = [name for name in vars(lifecycle) if name.startswith("step_")]
    assert there == [where for _, _, where in STEPS if where.startswith("step_")]
