"""Every fault turns exactly the right requirements red, judged by the newest spec on Debian's runc and crun.

Driven are the cases that ask for what a fault reddens, and a few others that it touches. What the real runtime violates by
itself is subtracted.
"""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.faulty.fault import Fault
from tests.faulty.faults import all_faults

UNSHOWABLE = {"linux.cpu.mems.effect", "config.process.apparmor.effect", "config.process.selinux.effect"}
"""No fault can show on a host with a single memory node and without these security modules; unit tests do."""

ROOT = Path(__file__).parents[2]


@cache
def _found(name: str) -> str | None:
    return shutil.which(name, path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", ""))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """Return for each fault the (case, requirement) pairs that it turns red beyond what the real runtime does by itself."""
    directory = tmp_path_factory.mktemp("faults")
    output = directory / "red.json"
    command = [sys.executable, "-m", "conformance.host.jail", "--lane=v1", "--", sys.executable, "-m", "tests.faulty.matrix"]
    subprocess.run([*command, str(directory), str(output)], cwd=ROOT, check=True, timeout=3600)
    found: dict[str, dict[str, list[str]]] = json.loads(output.read_text())
    return found


@pytest.mark.parametrize("fault", all_faults(), ids=lambda fault: fault.name)
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_fault_turns_exactly_its_requirements_red(fault: Fault, shown: dict[str, dict[str, list[str]]]) -> None:
    if _found(fault.real) is None:
        pytest.skip(f"{fault.real} is not installed")
    result = shown[fault.name]
    by_itself = set(result["real"])
    assert sorted(result["red"]) == sorted(set(fault.reddens) - by_itself), result
    assert set(result["red"]) or set(fault.reddens) <= by_itself, "the fault was not noticed at all"


def test_every_judged_requirement_has_a_fault() -> None:
    from conformance.expectations.all import EXPECTATIONS  # noqa: PLC0415  # only this test needs it
    from specs.catalogue import load  # noqa: PLC0415
    from specs.verdicts import Level  # noqa: PLC0415

    catalogue = load()
    decided = {each.requirement for each in EXPECTATIONS if catalogue[each.requirement].level in {Level.MUST, Level.SHOULD}}
    assert decided - {requirement for fault in all_faults() for requirement in fault.reddens} == UNSHOWABLE
