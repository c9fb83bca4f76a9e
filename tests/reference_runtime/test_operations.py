"""Operations beside the plain road, on a real kernel; operation_scenarios.py has them."""

import sys
from pathlib import Path

import pytest

from tests.host.jails import jailed, needs_root
from tests.reference_runtime.operation_scenarios import SCENARIOS


@needs_root
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str, tmp_path: Path) -> None:
    done = jailed(sys.executable, "-m", "tests.reference_runtime.operation_scenarios", scenario, workdir=tmp_path)
    assert done.returncode == 0, done.stderr
