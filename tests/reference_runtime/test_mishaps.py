"""Calls that fail halfway or at a bad moment; mishaps.py has them."""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.host.jails import jailed, needs_root
from tests.reference_runtime.mishaps import SCENARIOS


@needs_root
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_mishap(scenario: str) -> None:
    done = jailed(sys.executable, "-m", "tests.reference_runtime.mishaps", scenario, workdir=Path(tempfile.gettempdir()))
    assert done.returncode == 0, done.stderr
