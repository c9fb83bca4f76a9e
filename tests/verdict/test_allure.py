"""What allure-pytest makes of our marks and calls, in real pytest runs."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.record.host import Host
from conformance.verdict import allure
from specs.catalogue import Requirement, load
from specs.verdicts import Level
from tests.verdict.outcomes import RUNC

ID = "linux.maskedpaths.effect"

_TEST = """
import os
import pytest
from conformance.verdict import allure
from specs.catalogue import load
from tests.verdict.outcomes import outcome

class Question:
    def __repr__(self):
        return "case/requirement"

REQUIREMENT = load()["{id}"]

@pytest.mark.parametrize("question", [pytest.param(Question(), id="case/requirement", marks=allure.markers(REQUIREMENT))])
def test_case(question):
    allure.title("A readable title")
    allure.run_parameters(outcome(lane=os.environ["LANE"]))
    allure.attach("evidence", {{"expected": (1, 2), "observed": b"x"}})
    allure.attach("transcript", "$ runc create")
"""

HOST = Host(
    machine="x86_64",
    kernel=(6, 18, 0),
    lane="v1",
    cgroup_layout="hybrid",
    cgroup_mounts={},
    controllers=frozenset({"pids", "memory"}),
    cgroup_delegate=None,
    block_devices=frozenset(),
    namespaces={},
    capabilities=0,
    filesystems=frozenset(),
    lsms=frozenset({"lsm\\b"}),
    user_namespaces=True,
    veth_links=True,
    seccomp=True,
    resctrl=False,
    numa_nodes=1,
    cpus=frozenset({0}),
    hugepage_sizes=(),
    euid=0,
    oom_score_adj=0,
    umask=0o22,
    limits={},
)


@pytest.fixture(scope="module")
def requirement() -> Requirement:
    return load()[next(each for each in load() if load()[each].level is Level.MUST)]


def run(directory: Path, requirement: Requirement, lane: str, *options: str) -> list[dict[str, Any]]:
    """Run the test above in a directory, and return what allure wrote of it."""
    (directory / "test_it.py").write_text(_TEST.format(id=requirement.id), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--rootdir={directory}",
        "-c",
        "/dev/null",
        *options,
    ]
    project = Path(__file__).parents[2]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(project), "LANE": lane, "PYTHONDONTWRITEBYTECODE": "1"}
    finished = subprocess.run(
        [*command, str(directory / "test_it.py")], env=environment, cwd=directory, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return [json.loads(path.read_text(encoding="utf-8")) for path in directory.glob("allure/*-result.json")]


def test_labels_links_and_attachments_arrive(tmp_path: Path, requirement: Requirement) -> None:
    (result,) = run(tmp_path, requirement, "host", "--alluredir=allure")
    found = {(label["name"], label["value"]) for label in result["labels"]}
    assert set(allure.labels(requirement)) <= found
    assert ("epic", "runtime-spec 1.3.0") in found
    assert ("severity", "critical") in found
    assert {(link["url"], link["name"]) for link in result["links"]} == {(requirement.url, requirement.anchor)}
    assert result["name"] == "A readable title"
    assert requirement.text in result["description"]
    bodies = {each["name"]: (tmp_path / "allure" / each["source"]).read_text(encoding="utf-8") for each in result["attachments"]}
    assert json.loads(bodies["evidence"]) == {"expected": [1, 2], "observed": "x"}
    assert bodies["transcript"] == "$ runc create"


def test_history_is_one_per_lane_and_does_not_change_from_run_to_run(tmp_path: Path, requirement: Requirement) -> None:
    histories = []
    for number, lane in enumerate(("host", "host", "v1")):
        directory = tmp_path / str(number)
        directory.mkdir()
        (result,) = run(directory, requirement, lane, "--alluredir=allure")
        assert {each["name"] for each in result["parameters"]} == {"question", "runtime", "lane"}
        histories.append(result["historyId"])
    assert histories[0] == histories[1] != histories[2]


def test_without_a_directory_for_allure_nothing_happens(tmp_path: Path, requirement: Requirement) -> None:
    assert run(tmp_path, requirement, "host") == []
    assert not (tmp_path / "allure").exists()


def test_severity_follows_the_level() -> None:
    found = {each.level: dict(allure.labels(each))["severity"] for each in load().values()}
    assert found == {Level.MUST: "critical", Level.SHOULD: "normal", Level.MAY: "minor", Level.NONE: "trivial"}


def test_the_directory_gets_environment_and_categories(tmp_path: Path) -> None:
    allure.write_directory(tmp_path / "allure", facts=RUNC, host=HOST)
    lines = (tmp_path / "allure/environment.properties").read_text(encoding="utf-8").splitlines()
    assert "runtime = runc 1.1.5+ds1" in lines
    assert "controllers = memory pids" in lines
    assert r"security.modules = lsm\\b" in lines
    assert json.loads((tmp_path / "allure/categories.json").read_text(encoding="utf-8")) == allure.categories()


@pytest.mark.parametrize(
    ("status", "message", "category"),
    [
        ("failed", "conformance.expectations.contract.Violation: expected 1, observed 2", "Violated"),
        ("broken", "conformance.verdict.report.Unstable: violated at first", "Unstable"),
        ("broken", "conformance.verdict.report.HarnessError: Unstable", "Harness error"),
        ("skipped", "XFAIL flags are lost\n\nreason", "Waived"),
        ("skipped", "Skipped: no resctrl", "Not testable here, or not applicable"),
    ],
)
def test_each_verdict_has_its_category(status: str, message: str, category: str) -> None:
    fits = [
        each["name"]
        for each in allure.categories()
        if status in each["matchedStatuses"] and re.fullmatch(each.get("messageRegex", "(?s).*"), message)
    ]
    assert fits[0] == category
