"""The reference runtime's behaviours on a real kernel; container_scenarios.py has them."""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.host.jails import jailed, needs_root
from tests.reference_runtime.container_scenarios import SCENARIOS


@needs_root
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str) -> None:
    # Not below pytest's own directory, which is closed to ordinary users.
    workdir = Path(tempfile.gettempdir())
    done = jailed(sys.executable, "-m", "tests.reference_runtime.container_scenarios", scenario, workdir=workdir)
    assert done.returncode == 0, done.stderr
