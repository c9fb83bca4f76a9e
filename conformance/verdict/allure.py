"""What Allure shows, made from the catalogue: labels and links of test items, attachments, environment, categories.

allure-pytest reads the marks `allure_label`, `allure_link` and `allure_description` that collection puts on items; no test
imports allure. A title comes from an attribute of the test function, which all its parameters share, so each item sets its own
while it runs (`title`). Its history id is made of the function's name and its parameters: whatever tells two runs of one test
apart has to be a parameter (`run_parameters`), and nothing that changes from run to run may be one. Without `--alluredir` these
calls do nothing.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.record.as_json import as_json
from conformance.record.host import Host
from conformance.record.runtime import RuntimeFacts
from conformance.verdict.outcome import Outcome
from specs.catalogue import Requirement
from specs.verdicts import Level

SEVERITIES: Mapping[Level, str] = {
    Level.MUST: "critical",
    Level.SHOULD: "normal",
    Level.MAY: "minor",
    Level.NONE: "trivial",
}


def labels(requirement: Requirement) -> list[tuple[str, str]]:
    """Return (name, value) labels: epic is the spec, feature its chapter, story the requirement, severity its level."""
    return [
        ("epic", f"{requirement.spec} {requirement.spec_version}"),
        ("feature", requirement.chapter),
        ("story", requirement.id),
        ("severity", SEVERITIES[requirement.level]),
    ]


def markers(requirement: Requirement) -> list[pytest.MarkDecorator]:
    """Return the marks that allure-pytest looks for: labels, the link to the spec's text, and a description."""
    found = [pytest.mark.allure_label(value, label_type=name) for name, value in labels(requirement)]
    found.append(pytest.mark.allure_link(requirement.url, link_type="link", name=requirement.anchor))
    found.append(pytest.mark.allure_description(description(requirement)))
    return found


def description(requirement: Requirement) -> str:
    """Return Markdown: level, age and our paraphrase of the requirement, and both readings where it is ambiguous."""
    text = f"**{requirement.level.value}**, {requirement.period}: {requirement.text}"
    if requirement.ambiguous:
        text += f"\n\nAmbiguous, so recorded only: {requirement.ambiguous}"
    return text


def title(text: str) -> None:
    """Give the running test its title."""
    _allure().dynamic.title(text)


def run_parameters(outcome: Outcome) -> None:
    """Make runtime and lane parameters of the running test; without them its runs would look like one test tried again."""
    runtime = outcome.runtime
    _allure().dynamic.parameter("runtime", f"{runtime.name} {runtime.version}".rstrip())
    _allure().dynamic.parameter("lane", outcome.lane)


def attach(name: str, body: Any) -> None:
    """Attach text as it is, any other value as JSON, to the running test."""
    if isinstance(body, str):
        _allure().attach(as_json(body), name=name, attachment_type="text/plain", extension="txt")
    else:
        text = json.dumps(as_json(body), indent=2)
        _allure().attach(text, name=name, attachment_type="application/json", extension="json")


def environment_properties(facts: RuntimeFacts, host: Host) -> str:
    """Return environment.properties, which Allure shows on its first page."""
    values = {
        "runtime": f"{facts.name} {facts.version}".strip(),
        "runtime.path": facts.path,
        "runtime.spec": facts.spec_version or "not declared",
        "lane": host.lane,
        "kernel": ".".join(map(str, host.kernel)),
        "machine": host.machine,
        "cgroups": host.cgroup_layout,
        "controllers": " ".join(sorted(host.controllers)),
        "security.modules": " ".join(sorted(host.lsms)),
    }
    return "".join(f"{key} = {_escaped(value)}\n" for key, value in values.items())


def categories() -> list[dict[str, Any]]:
    """Return categories.json: how Allure groups what did not pass, by status and by the exception's name in the message."""
    return [
        {"name": "Violated", "matchedStatuses": ["failed"]},
        {"name": "Unstable", "matchedStatuses": ["broken"], "messageRegex": r"(?s)([\w.]+\.)?Unstable\b.*"},
        {"name": "Harness error", "matchedStatuses": ["broken"]},
        {"name": "Waived", "matchedStatuses": ["skipped"], "messageRegex": r"(?s)XFAIL\b.*"},
        {"name": "Not testable here, or not applicable", "matchedStatuses": ["skipped"]},
    ]


def write_directory(directory: Path, *, facts: RuntimeFacts, host: Host) -> None:
    """Write environment.properties and categories.json into an Allure results directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "environment.properties").write_text(environment_properties(facts, host), encoding="utf-8")
    (directory / "categories.json").write_text(json.dumps(categories(), indent=2) + "\n", encoding="utf-8")


def _allure() -> Any:
    import allure  # noqa: PLC0415  # tens of milliseconds that only a run that judges needs

    return allure


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
