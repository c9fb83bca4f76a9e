"""Containers of an ordinary user on a real kernel; rootless_scenarios.py has them."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.host.jails import jailed, needs_root
from tests.reference_runtime.rootless_scenarios import V1, V2


@needs_root
@pytest.mark.parametrize(
    ("lane", "scenario"),
    [*(("host", scenario.__name__) for scenario in V1), *(("v2", scenario.__name__) for scenario in V2)],
)
def test_scenario(lane: str, scenario: str) -> None:
    if "ranges" in scenario and shutil.which("newuidmap", path="/usr/bin:/bin") is None:
        pytest.skip("needs newuidmap: Debian's package uidmap")
    workdir = Path(tempfile.gettempdir())
    done = jailed(sys.executable, "-m", "tests.reference_runtime.rootless_scenarios", scenario, workdir=workdir, lane=lane)
    assert done.returncode == 0, done.stderr
