"""Scheduling, memory policy, network devices and refusals in whole containers, on every layout of cgroups."""

import shutil
import sys
from pathlib import Path

from tests.host.jails import each_lane, jailed, needs_root
from tests.reference_runtime.parts_scenarios import SCENARIOS, WITH_LINKS


@needs_root
@each_lane
def test_scenarios(lane: str, tmp_path: Path) -> None:
    command = ("unshare", "--net", sys.executable, "-m", "tests.reference_runtime.parts_scenarios")
    done = jailed(*command, lane=lane, workdir=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    expected = (*SCENARIOS, *(WITH_LINKS if shutil.which("ip") else ()))
    assert done.stdout.split() == [scenario.__name__ for scenario in expected]
