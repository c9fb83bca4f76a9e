"""A program that runs no container passes no requirement, and the smoke gate says so in one line."""

from pathlib import Path

import pytest

from specs.verdicts import ExitCode
from tests.certification.certify import CRUN, certify, hybrid, lane, needs_both, needs_runc
from tests.faulty.hopeless import OPERATIONS, install


@needs_runc
@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_passes(name: str, tmp_path: Path) -> None:
    run = certify(f"--runtime={install(name, tmp_path / 'bin')}", f"--lane={lane()}", "--no-smoke-gate", directory=tmp_path)
    assert len(run.lines) > 100, run.out
    assert [line for line in run.lines if line["verdict"] in {"passed", "harness_error"}] == []
    assert run.status in {ExitCode.VIOLATED, ExitCode.INCOMPLETE}


@needs_runc
@pytest.mark.parametrize("name", OPERATIONS)
def test_smoke_gate_stays_shut(name: str, tmp_path: Path) -> None:
    runtime = install(name, tmp_path / "bin")
    run = certify(f"--runtime={runtime}", f"--lane={lane()}", directory=tmp_path)
    assert (run.status, run.lines) == (ExitCode.INCOMPLETE, [])
    assert [line for line in run.complaint if line.startswith(f"{runtime} cannot run a plain container in lane")], run.err
    assert len(run.complaint) - ("hybrid cgroup layout" in run.err) == 1, run.err


@needs_both
def test_smoke_gate_names_the_cgroup_layout(tmp_path: Path) -> None:
    if not hybrid():
        pytest.skip("crun refuses hybrid cgroup layouts only, and this host has another")
    run = certify(f"--runtime={CRUN}", "--lane=host", "--requirement=runtime.state.*", directory=tmp_path)
    assert (run.status, run.lines) == (ExitCode.INCOMPLETE, [])
    assert "cannot run a plain container in lane host" in run.complaint[0]
    assert "try --lane=v1 or --lane=v2" in run.complaint[-1]
    assert len(run.complaint) == 2, run.err
