"""Every fault turns exactly the right requirements red, judged by the newest spec on Debian's runc and crun, and on ours.

Driven are the cases that ask for what a fault reddens, and a few others that it touches. What the real runtime violates by
itself is subtracted.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from specs.catalogue import Requirement
from specs.verdicts import Level
from tests.faulty.fault import Fault
from tests.faulty.faults import all_faults
from tests.faulty.matrix import found

UNSHOWABLE = {
    "config.process.apparmor.effect": "shown on a host with AppArmor alone",
    "config.process.selinux.effect": "shown on a host with SELinux alone",
    "linux.blockio.leafweight.effect": "Linux 5.0 and later have no leaf weights",
    "linux.blockio.weightdevice.leafweight.effect": "Linux 5.0 and later have no leaf weights",
    "linux.cgroups.owner.fallback-list": "Linux 4.15 and later tell which files can be delegated",
    "linux.cpu.mems.effect": "a host with a single memory node, which is what most have, leaves no choice",
    "linux.hugepage.fallback": "Linux 5.7 and later account reservations",
    "linux.memory.kernel.effect": "Linux 5.16 and later do not limit kernel memory",
    "linux.memory.usehierarchy.effect": "Linux 5.11 and later know no other way",
    "linux.memorypolicy.nodes.effect": "a host with a single memory node, which is what most have, leaves no choice",
    "linux.mountlabel.effect": "shown on a host with SELinux alone",
    "linux.namespaces.type.mount": "without a mount namespace of its own a container takes the harness's root filesystem away",
    "linux.rdma.hcahandles.effect": "few machines have the controller",
    "linux.rdma.hcaobjects.effect": "few machines have the controller",
    "linux.unified.controllers-enabled": "Debian's runc 1.1.5 and crun 1.8.1 enable all controllers, needed or not",
    "linux.unified.conversion-impossible-error": "shown where cgroup v2 has the memory or the cpu controller alone",
}
"""Requirements that no fault of Debian's runtimes can show, and why; their unit tests show both verdicts."""

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """Return for each fault the (case, requirement) pairs that it turns red beyond what the real runtime does by itself."""
    directory = tmp_path_factory.mktemp("faults")
    results: dict[str, dict[str, list[str]]] = {}
    for lane in sorted({fault.lane for fault in all_faults()}):
        output = directory / f"{lane}.json"
        jail = [sys.executable, "-m", "conformance.host.jail", f"--lane={lane}", "--"]
        matrix = [sys.executable, "-m", "tests.faulty.matrix", lane, str(directory), str(output)]
        subprocess.run([*jail, *matrix], cwd=ROOT, check=True, timeout=3600)
        results |= json.loads(output.read_text())
    return results


@pytest.mark.parametrize("fault", all_faults(), ids=lambda fault: fault.name)
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_fault_turns_exactly_its_requirements_red(fault: Fault, shown: dict[str, dict[str, list[str]]]) -> None:
    if found(fault.real) is None:
        pytest.skip(f"{fault.real} is not installed")
    result = shown[fault.name]
    by_itself = set(result["real"])
    assert sorted(result["red"]) == sorted(set(fault.reddens) - by_itself), result
    assert set(result["red"]) or set(fault.reddens) <= by_itself, "the fault was not noticed at all"


def test_every_judged_requirement_has_a_fault() -> None:
    from conformance.expectations.all import EXPECTATIONS  # noqa: PLC0415  # only this test needs it
    from specs.catalogue import load  # noqa: PLC0415

    catalogue = load()
    decided = {each.requirement for each in EXPECTATIONS if _decides(catalogue[each.requirement])}
    assert decided - {requirement for fault in all_faults() for requirement in fault.reddens} == UNSHOWABLE.keys()


def _decides(requirement: Requirement) -> bool:
    """Whether it can turn anything red: what is ambiguous or a mere permission is recorded."""
    return requirement.level in {Level.MUST, Level.SHOULD} and not requirement.ambiguous
