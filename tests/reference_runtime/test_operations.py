"""Operations beside the plain road, on a real kernel; operation_scenarios.py has them."""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.host.jails import jailed, needs_root
from tests.reference_runtime.operation_scenarios import SCENARIOS


@needs_root
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str) -> None:
    workdir = Path(tempfile.gettempdir())  # the path of a socket has to be short
    done = jailed(sys.executable, "-m", "tests.reference_runtime.operation_scenarios", scenario, workdir=workdir)
    assert done.returncode == 0, done.stderr
