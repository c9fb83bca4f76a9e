"""Expectations need not be asked again about what they did not look at; what they did look at is noticed, however they do it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.bundle.config import base_config
from conformance.cases.all import CASES
from conformance.expectations.all import EXPECTATIONS
from conformance.expectations.contract import Evidence, Expectation
from conformance.record.config import Config, drop, edited, lookup, put
from conformance.record.reads import Watched, changed
from conformance.verdict.applicable import Applicable
from fuzz.kinds import CONFIGS
from tests.fuzz.hosts import rich_host

BASE = base_config(oci_version="1.0.2")


def _matches(config: Any) -> bool:
    match config:
        case {"linux": {"colour": "blue"}}:
            return True
    return False


READERS: dict[str, Callable[[Any], bool]] = {
    "pointer": lambda config: lookup(config, "/linux/colour") == "blue",
    "subscript": lambda config: "colour" in config["linux"] and config["linux"]["colour"] == "blue",
    "get": lambda config: config.get("linux", {}).get("colour") == "blue",
    "listing": lambda config: any(name == "colour" and value == "blue" for name, value in config["linux"].items()),
    "unpacking": lambda config: {**config["linux"]}.get("colour") == "blue",
    "copying": lambda config: dict(config["linux"]).get("colour") == "blue" or config["linux"].copy() == {},
    "merging": lambda config: (config["linux"] | {"x": 1}).get("colour") == "blue",
    "merging into another": lambda config: ({"x": 1} | config["linux"]).get("colour") == "blue",
    "comparing": lambda config: config["linux"] == {**BASE["linux"], "colour": "blue"},
    "text": lambda config: "'colour': 'blue'" in repr(config["linux"]),
    "JSON": lambda config: '"colour": "blue"' in json.dumps(config),
    "iterating": lambda config: "colour" in list(config["linux"]),
    "counting": lambda config: len(config["linux"]) > len(BASE["linux"]),
    "matching": _matches,
}


@pytest.mark.parametrize("how", READERS)
def test_a_change_of_what_was_looked_at_is_noticed(how: str) -> None:
    read = READERS[how]
    expectation = Expectation(requirement="a.b", judge=lambda *_: Evidence(1, 1), applies=lambda config, _host: read(config))
    applicable = Applicable([expectation], base=BASE, host=rich_host())
    assert applicable(BASE) == [False]
    assert applicable(edited(BASE, (put("/linux/colour", "blue"),))) == [True]


def test_what_was_not_looked_at_is_not_asked_about_again() -> None:
    asked: list[Config] = []

    def applies(config: Config, _host: object) -> bool:
        asked.append(config)
        return lookup(config, "/linux/seccomp") is not None

    applicable = Applicable(
        [Expectation(requirement="a.b", judge=lambda *_: Evidence(1, 1), applies=applies)], base=BASE, host=rich_host()
    )
    applicable(edited(BASE, (put("/hostname", "a"), put("/linux/personality", {"domain": "LINUX"}), drop("/process/env"))))
    assert len(asked) == 1
    assert applicable(edited(BASE, (put("/linux/seccomp", {}),))) == [True]
    assert applicable(edited(BASE, (drop("/linux"),))) == [False]
    assert len(asked) == 3


def test_watching_shows_the_config_as_it_is() -> None:
    seen: set[str] = set()
    watched = Watched(BASE, seen)
    assert lookup(watched, "/process/user/uid") == 0
    assert lookup(watched, "/linux/seccomp/flags") is None
    assert seen == {"/process", "/process/user", "/process/user/uid", "/linux", "/linux/seccomp"}
    assert watched == BASE
    assert "/*" in seen


def test_differences_are_told_with_all_that_they_are_within() -> None:
    after = edited(BASE, (put("/linux/resources/pids", {"limit": 3}), put("/process/user/uid", 1)))
    assert set(changed(BASE, after)) == {
        "/linux/resources",
        "/linux/*",
        "/process/user/uid",
        "/process/user/*",
        "/process/*",
        "/*",
    }
    assert list(changed(BASE, json.loads(json.dumps(BASE)))) == []


def test_the_answers_are_those_of_each_expectation_asked_by_itself() -> None:
    host = rich_host()
    applicable = Applicable(EXPECTATIONS, base=BASE, host=host)
    examples: list[Any] = []
    CONFIGS.generator(host)(examples.append, 7)
    cases = [*CASES, *(CONFIGS.case(example, "generated") for example in examples)]
    for case in cases:
        config = edited(BASE, (*case.edits, *([case.defect] if case.defect else [])))
        own = [expectation.applies(json.loads(json.dumps(config)), host) for expectation in EXPECTATIONS]
        assert applicable(config) == own, case.title
