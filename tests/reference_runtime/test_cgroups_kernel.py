"""The manager on real cgroups: every scenario on v1, v2 and the host's own layout, each in a session jail."""

import sys
from pathlib import Path

from tests.host.jails import each_lane, jailed, needs_root
from tests.reference_runtime.cgroup_scenarios import SCENARIOS


@needs_root
@each_lane
def test_scenarios(lane: str, tmp_path: Path) -> None:
    done = jailed(sys.executable, "-m", "tests.reference_runtime.cgroup_scenarios", lane=lane, workdir=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [scenario.__name__ for scenario in SCENARIOS]
