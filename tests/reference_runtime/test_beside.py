"""The runtime leaves a processor to the process that it has started."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from reference_runtime.init.beside import step_aside
from reference_runtime.kernel.pidfds import stat

_PROCESSOR = 36
_TRIALS = 20


@pytest.fixture
def processors() -> Iterator[tuple[int, int]]:
    """Give two processors, and what we may run on back at the end."""
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        pytest.skip("one processor alone")
    first, second = sorted(allowed)[:2]
    yield first, second
    os.sched_setaffinity(0, allowed)


def test_the_processor_of_a_child_is_left(processors: tuple[int, int]) -> None:
    os.sched_setaffinity(0, processors[:1])
    left = 0
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            for _ in range(_TRIALS):
                os.sched_setaffinity(0, processors[:1])
                os.sched_setaffinity(0, processors)
                step_aside(child.pid)
                left += _processor() == processors[1]
                assert os.sched_getaffinity(0) == set(processors)
        finally:
            child.kill()
    assert left > _TRIALS // 2, "the kernel moves us now and then, not as a rule"


def test_a_child_that_has_gone_is_no_matter() -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait()
    step_aside(child.pid)


def _processor() -> int:
    return int(stat(os.getpid())[_PROCESSOR])
