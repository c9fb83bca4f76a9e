"""What one command leaves: exit status, results, JUnit, Allure, and the certificate made of the results."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from conformance.host.cgroup_views import LANES
from specs.schemas import validator
from specs.verdicts import ExitCode, Level
from tests.certification.certify import (
    CRUN,
    ROOT,
    RUNC,
    Run,
    certify,
    environment,
    hybrid,
    installed,
    lane,
    needs_both,
    needs_runc,
)

SOME = "--requirement=runtime.state.*"
DELETE = "--requirement=runtime.delete.*"

pytestmark = needs_runc


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run over the requirements about state, of every level."""
    return certify(f"--runtime={RUNC}", f"--lane={lane()}", SOME, directory=tmp_path_factory.mktemp("state"))


def test_conformant_runtime(state: Run) -> None:
    assert state.status == ExitCode.CONFORMANT, state.out
    assert state.complaint == []
    assert [error.message for line in state.lines for error in validator("result").iter_errors(line)] == []
    assert {line["requirement"].rsplit(".", 1)[0] for line in state.lines} == {"runtime.state"}
    assert {"passed"} < {line["verdict"] for line in state.lines}
    assert "no MUST violated" in state.out


def test_schema_notices_a_wrong_line(state: Run) -> None:
    assert list(validator("result").iter_errors({**state.lines[0], "verdict": "fine"}))


def test_from_another_directory_as_installed(state: Run, tmp_path: Path) -> None:
    site, elsewhere = installed(tmp_path / "site"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    arguments = (f"--runtime={RUNC}", f"--lane={lane()}", SOME)
    run = certify(*arguments, "--pyargs", "conformance", directory=tmp_path, cwd=elsewhere, python_path=site)
    assert run.status == ExitCode.CONFORMANT, run
    assert run.verdicts == state.verdicts


def test_without_a_runtime_as_installed_the_reference_runtime_in_every_lane(tmp_path: Path) -> None:
    site, elsewhere = installed(tmp_path / "site"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    one = "--requirement=runtime.state.id"
    run = certify(one, "--pyargs", "conformance", directory=tmp_path, cwd=elsewhere, python_path=site)
    assert run.status == ExitCode.CONFORMANT, run
    assert {line["runtime"]["path"] for line in run.lines} == {f"{site}/reference_runtime/reference-runtime"}
    lanes = {line["lane"] for line in run.lines}
    others = {name for name in LANES if re.search(f"no lane {name} on this host|lane {name} is this host's own", run.out)}
    assert lanes | others == set(LANES)
    assert not lanes & others
    assert "host" in lanes


def test_without_a_runtime_in_a_checkout(tmp_path: Path) -> None:
    run = certify("--requirement=runtime.state.id", "--lane=host", directory=tmp_path)
    assert run.status == ExitCode.CONFORMANT, run
    paths = {(line["runtime"]["path"], line["lane"]) for line in run.lines}
    assert paths == {(f"{ROOT}/reference_runtime/reference-runtime", "host")}


def test_level_selects(state: Run, tmp_path: Path) -> None:
    run = certify(f"--runtime={RUNC}", f"--lane={lane()}", SOME, "--level=MUST", directory=tmp_path)
    musts = {(line["requirement"], line["case"]) for line in state.lines if line["level"] == Level.MUST}
    assert {(line["requirement"], line["case"]) for line in run.lines} == musts
    assert len(musts) < len(state.lines)


def test_spec_version_makes_later_requirements_advisory(tmp_path: Path) -> None:
    arguments = (f"--runtime={RUNC}", f"--lane={lane()}", SOME, "--requirement=config.mounts.*")
    by_declared = certify(*arguments, directory=tmp_path)
    later = {line["requirement"] for line in by_declared.lines if "in force since" in line["reason"]}
    if not later:
        pytest.skip("this runtime declares the newest version")
    run = certify(*arguments, "--spec-version=1.3.0", directory=tmp_path)
    assert {line["spec_version"] for line in run.lines} == {"1.3.0"}
    assert {line["requirement"] for line in run.lines if line["advisory"]} == later
    assert not any("in force since" in line["reason"] for line in run.lines)


def test_workers_find_the_same(state: Run, tmp_path: Path) -> None:
    run = certify(f"--runtime={RUNC}", f"--lane={lane()}", SOME, "-n", "2", directory=tmp_path)
    assert run.status == ExitCode.CONFORMANT, run
    assert run.verdicts == state.verdicts
    assert {line["worker"] for line in run.lines} == {"gw0", "gw1"}


@needs_both
def test_several_runtimes_and_lanes(tmp_path: Path) -> None:
    lanes = ("v1", "v2") if hybrid() else ("host", "v2")
    junit = tmp_path / "junit.xml"
    arguments = [f"--runtime={RUNC}", f"--runtime={CRUN}", *(f"--lane={each}" for each in lanes), f"--junitxml={junit}"]
    run = certify(*arguments, "--requirement=runtime.state.status-created", directory=tmp_path)
    assert run.status == ExitCode.CONFORMANT, run
    expected = {(Path(runtime).name, each) for runtime in (RUNC, CRUN) for each in lanes}
    assert {(line["runtime"]["name"], line["lane"]) for line in run.lines} == expected
    suites = ET.fromstring(junit.read_bytes())
    assert len(suites.findall("testsuite")) == len(expected)
    assert suites.get("tests") == str(len(run.lines)) == str(len(suites.findall(".//testcase")))


@needs_both
def test_allure_results_are_labelled(tmp_path: Path) -> None:
    results = tmp_path / "allure"
    runtimes = (f"--runtime={RUNC}", f"--runtime={CRUN}")
    arguments = (*runtimes, f"--lane={lane()}", "--requirement=runtime.state.*", f"--alluredir={results}", "--clean-alluredir")
    run = certify(*arguments, directory=tmp_path)
    found = [json.loads(path.read_text()) for path in results.glob("*-result.json")]
    assert len(found) == len(run.lines) > 0
    for result in found:
        assert {"epic", "feature", "story", "severity"} <= {label["name"] for label in result["labels"]}
        assert [link["url"] for link in result["links"]]
    stories = [label["value"] for result in found for label in result["labels"] if label["name"] == "story"]
    assert sorted(stories) == sorted(line["requirement"] for line in run.lines)
    assert "kernel = " in (results / "environment.properties").read_text()
    assert json.loads((results / "categories.json").read_text())


def test_waived_violation_keeps_green_but_costs_the_certificate(tmp_path: Path) -> None:
    run = certify(f"--runtime={RUNC}", f"--lane={lane()}", DELETE, directory=tmp_path)
    waived = [line for line in run.lines if line["waived"]]
    if not waived:
        pytest.skip("this runtime needs no waiver here")
    assert run.status == ExitCode.CONFORMANT, run.out
    status, document = _certificate(tmp_path / "results.jsonl", tmp_path / "certificate")
    assert (status, document["certificates"][0]["decision"]) == (ExitCode.VIOLATED, "not conformant")


def test_certificate_of_some_requirements_is_incomplete(tmp_path: Path, state: Run) -> None:
    results = tmp_path / "results.jsonl"
    results.write_text("".join(json.dumps(line) + "\n" for line in state.lines))
    status, document = _certificate(results, tmp_path / "certificate")
    assert (status, document["certificates"][0]["decision"]) == (ExitCode.INCOMPLETE, "incomplete")


def test_violated_must(tmp_path: Path) -> None:
    """Waivers are for a runtime by its name: the same program under another one has none."""
    other = tmp_path / "unknown"
    shutil.copy(RUNC, other)
    run = certify(f"--runtime={other}", f"--lane={lane()}", DELETE, directory=tmp_path)
    violated = [line for line in run.lines if line["verdict"] == "violated"]
    if not violated:
        pytest.skip("this runc deletes as the spec demands")
    assert run.status == ExitCode.VIOLATED
    for line in violated:
        reproducer = Path(line["reproducer"])
        assert (reproducer / "config.json").exists() or list(reproducer.rglob("config.json"))
        assert os.access(reproducer / "reproduce.sh", os.X_OK)


LOSES_ONE = """
def pytest_runtest_setup(item):
    if item.name.endswith("runtime.state.status-created]"):
        raise RuntimeError("lost")
"""


def test_question_without_a_verdict_leaves_it_incomplete(state: Run, tmp_path: Path) -> None:
    """The control is `state`: the same questions, all answered."""
    (tmp_path / "loses_one.py").write_text(LOSES_ONE)
    arguments = (f"--runtime={RUNC}", f"--lane={lane()}", SOME, "-p", "loses_one")
    run = certify(*arguments, directory=tmp_path, python_path=tmp_path)
    assert run.status == ExitCode.INCOMPLETE, run
    lost = state.verdicts - run.verdicts
    assert {requirement for requirement, _, _ in lost} == {"runtime.state.status-created"}
    assert f"no verdict on {len(lost)} of the questions asked" in run.out


def test_path_with_a_space(tmp_path: Path) -> None:
    runtime = tmp_path / "with space" / "runc"
    runtime.parent.mkdir()
    shutil.copy(RUNC, runtime)
    run = certify(f"--runtime={runtime}", f"--lane={lane()}", SOME, "--level=MAY", directory=tmp_path)
    assert run.status == ExitCode.CONFORMANT, run
    assert {line["runtime"]["path"] for line in run.lines} == {str(runtime)}


def _certificate(results: Path, output: Path) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "reports", "certificate", str(results), "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, env=environment(results.parent), capture_output=True, check=False, timeout=60)
    assert (output / "certificate.md").exists(), done.stderr
    return done.returncode, json.loads((output / "certificate.json").read_text())
