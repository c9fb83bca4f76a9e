"""Our file-format schemas: what they take, and one wrong thing at a time that they refuse."""

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from specs.schemas import NAMES, schema, validator
from specs.verdicts import Level, Verdict

ADAPTERS = sorted((Path(__file__).parents[2] / "conformance/subject/adapters").glob("*.toml"))
RESULT: dict[str, Any] = {
    "requirement": "linux.maskedpaths.effect",
    "level": "MUST",
    "verdict": "violated",
    "waived": False,
    "advisory": False,
    "ambiguous": False,
    "disputed": False,
    "inconclusive": False,
    "case": "paths/masked",
    "title": "A masked file cannot be read",
    "lane": "v2",
    "runtime": {"name": "runc", "path": "/usr/sbin/runc", "version": "1.1.5", "spec_version": "1.0.2-dev"},
    "spec_version": "1.0.2-dev",
    "expected": "nothing to read",
    "observed": {"read": "secret"},
    "evidence": None,
    "reason": "",
    "seconds": 0.02,
    "reproducer": None,
    "worker": "gw0",
}
WAIVER = """
[[waiver]]
requirement = "runtime.delete.*"
case = "lifecycle/*"
runtime = "runc"
versions = ">=1.1,<1.2"
lanes = ["host", "v1"]
reason = "deletes created containers"
url = "https://github.com/opencontainers/runc/issues/1774"
expires = 2027-06-30
"""
ADAPTER = """
name = "mine"
match = ["mine"]
kernel = "own"
global_flags = ["--root", "{root}"]
[operations]
create = ["create", "--bundle={bundle}", "{id}"]
start = ["start", "{id}"]
state = ["state", "{id}"]
kill = ["kill", "--signal", "{signal}", "{id}"]
delete = ["delete", "{id}"]
exec = ["exec", "-p", "{process}", "{id}"]
"""


def _refused(name: str, document: Any) -> bool:
    return bool(list(validator(name).iter_errors(document)))


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_valid_themselves(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"].endswith("2020-12/schema")
    assert schema(name) is not schema(name)


def test_an_unknown_schema_is_refused() -> None:
    with pytest.raises(KeyError, match="no schema"):
        schema("../catalogue")


def test_schemas_know_every_verdict_and_level() -> None:
    properties = schema("result")["properties"]
    assert properties["verdict"]["enum"] == [each.value for each in Verdict]
    assert properties["level"]["enum"] == [each.value for each in Level]
    assert schema("requirement")["properties"]["level"]["enum"] == [each.value for each in Level]


def test_results_are_taken() -> None:
    assert not _refused("result", RESULT)
    assert not _refused("result", {**RESULT, "waived": True, "reproducer": "reproducers/1", "expected": [1, None]})


@pytest.mark.parametrize("key", RESULT)
def test_a_result_lacks_nothing(key: str) -> None:
    assert _refused("result", {name: value for name, value in RESULT.items() if name != key})


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "failed"},
        {"level": "REQUIRED"},
        {"requirement": "maskedpaths"},
        {"waived": "no"},
        {"waived": True, "verdict": "passed"},
        {"runtime": "runc"},
        {"runtime": {**RESULT["runtime"], "sha": "1"}},
        {"runtime": {"name": "runc", "path": "/x", "version": "1"}},
        {"seconds": -1},
        {"reproducer": 1},
        {"case": ""},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_wrong_result_is_refused(change: dict[str, Any]) -> None:
    assert _refused("result", {**RESULT, **change})


def test_waivers_are_taken() -> None:
    document = tomllib.loads(WAIVER)
    assert not _refused("waiver", document)
    assert not _refused("waiver", {})
    assert not _refused("waiver", {"waiver": [{**document["waiver"][0], "expires": "2027-06-30"}]})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("runtime =", "runtimes ="),
        ('requirement = "runtime.delete.*"', ""),
        ('reason = "deletes created containers"', ""),
        ('"deletes created containers"', '" "'),
        ('url = "https://', 'url = "'),
        ("2027-06-30", '"next year"'),
        ("2027-06-30", "2027-06-30T00:00:00"),
        ("2027-06-30", "true"),
        ('">=1.1,<1.2"', '"1.1"'),
        ('">=1.1,<1.2"', '">=1.1,"'),
        ('">=1.1,<1.2"', '"~1.1"'),
        ('["host", "v1"]', '"host"'),
        ("[[waiver]]", "[waiver]"),
        ("[[waiver]]", "[[waivers]]"),
    ],
)
def test_a_wrong_waiver_is_refused(old: str, new: str) -> None:
    assert old in WAIVER
    assert _refused("waiver", tomllib.loads(WAIVER.replace(old, new)))


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_the_adapters_that_come_along_are_taken(path: Path) -> None:
    assert not _refused("adapter", tomllib.loads(path.read_text(encoding="utf-8")))


def test_an_adapter_is_taken() -> None:
    assert not _refused("adapter", tomllib.loads(ADAPTER))
    assert not _refused("adapter", tomllib.loads(ADAPTER.replace('kernel = "own"\n', "")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "mine"', ""),
        ('name = "mine"', 'name = ""'),
        ('"own"', '"guest"'),
        ('"{root}"]', '"{id}"]'),
        ('match = ["mine"]', 'match = "mine"'),
        ('"--bundle={bundle}", ', ""),
        ('"--signal", "{signal}", ', ""),
        ('state = ["state", "{id}"]', 'state = ["state"]'),
        ('delete = ["delete", "{id}"]', ""),
        ('"{process}"', '"{proces}"'),
        ('exec = ["exec"', 'run = ["exec"'),
        ('start = ["start", "{id}"]', 'start = "start {id}"'),
        ('kernel = "own"', 'kernels = "own"'),
    ],
)
def test_a_wrong_adapter_is_refused(old: str, new: str) -> None:
    assert old in ADAPTER
    assert _refused("adapter", tomllib.loads(ADAPTER.replace(old, new)))
