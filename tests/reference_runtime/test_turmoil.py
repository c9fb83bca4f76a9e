"""Calls at once, and calls that are killed; turmoil.py has them."""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.host.jails import jailed, needs_root
from tests.reference_runtime.turmoil import CONTROLS, SCENARIOS


@needs_root
@pytest.mark.parametrize("name", [*SCENARIOS, *CONTROLS])
def test_turmoil(name: str) -> None:
    done = jailed(sys.executable, "-m", "tests.reference_runtime.turmoil", name, workdir=Path(tempfile.gettempdir()))
    assert done.returncode == 0, done.stderr
