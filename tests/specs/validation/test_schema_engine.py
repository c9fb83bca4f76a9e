"""How a schema is resolved, and how its errors become breaches."""

import json
from pathlib import Path
from typing import Any

import pytest

from specs.catalogue import load
from specs.validation import schemas
from specs.validation.finding import Breach, Finding, document_level, json_path, judged, shown
from specs.validation.rules import EACH, Rule, apply, find
from specs.verdicts import Level

OUTER: dict[str, Any] = {
    "type": "object",
    "requirement": "outer.top",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "requirement": "outer.name"},
        "plain": {"type": "integer"},
        "place": {"$ref": "inner.json", "requirement": "outer.place"},
        "list": {"type": "array", "items": {"$ref": "inner.json#/$defs/word"}},
        "kind": {"enum": ["a", "b"], "requirements": {"enum": "outer.kind"}, "closed": True},
        "word": {"$ref": "inner.json#/$defs/word", "requirements": {"pattern": "outer.word"}, "permits": ["outer.free"]},
    },
}
INNER: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "requirement": "inner.top",
    "properties": {"deep": {"type": "boolean"}, "own": {"$ref": "#/$defs/word", "requirement": "inner.own"}},
    "$defs": {"word": {"type": "string", "pattern": "^[a-z]+$", "expected": "a word"}},
}


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "outer.json").write_text(json.dumps(OUTER))
    (tmp_path / "inner.json").write_text(json.dumps(INNER))
    monkeypatch.setattr(schemas, "_DIRECTORY", tmp_path)
    for cached in (schemas._document, schemas.resolved, schemas._validator):
        cached.cache_clear()
    return tmp_path


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(
    ("value", "path", "requirement", "message", "invalid"),
    [
        ([], (), "outer.top", "expected an object, found []", True),
        ({}, (), "outer.name", "`name` is missing", False),
        ({"name": 1}, ("name",), "outer.name", "expected a string, found 1", True),
        ({"name": "", "plain": "1"}, ("plain",), "outer.top", "expected an integer, found '1'", True),
        ({"name": "", "place": 1}, ("place",), "outer.place", "expected an object, found 1", True),
        ({"name": "", "place": {"deep": 1}}, ("place", "deep"), "inner.top", "expected true or false, found 1", True),
        ({"name": "", "place": {"own": "A"}}, ("place", "own"), "inner.own", "expected a word, found 'A'", False),
        ({"name": "", "place": {"own": "a\n"}}, ("place", "own"), "inner.own", "expected a word, found 'a\\n'", False),
        ({"name": "", "list": ["a", "\u00e4"]}, ("list", 1), "outer.top", "expected a word, found '\\xe4'", False),
        ({"name": "", "kind": "c"}, ("kind",), "outer.kind", "expected one of 'a', 'b', found 'c'", True),
        ({"name": "", "word": "1"}, ("word",), "outer.word", "expected a word, found '1'", False),
        ({"name": "", "word": 1}, ("word",), "outer.top", "expected a word, found 1", True),
    ],
)
def test_an_error_is_a_breach_of_the_nearest_requirement(
    value: Any, path: tuple[Any, ...], requirement: str, message: str, *, invalid: bool
) -> None:
    assert schemas.check("outer", value) == [Breach(path, requirement, message, invalid=invalid)]


@pytest.mark.usefixtures("directory")
def test_a_right_value_has_no_breaches() -> None:
    assert schemas.check("outer", {"name": "", "plain": 1.0, "place": {"deep": True, "own": "a"}, "kind": "a", "extra": []}) == []


@pytest.mark.usefixtures("directory")
def test_all_ids_of_a_schema_are_known() -> None:
    ids = {"outer.top", "outer.name", "outer.place", "outer.kind", "outer.word", "outer.free", "inner.top", "inner.own"}
    assert schemas.requirements("outer") == ids


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"$ref": "inner.json#/$defs/none"}, "leads nowhere"),
        ({"$ref": "inner.json#/$defs/word", "pattern": "x"}, "both say pattern"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(directory: Path, node: Any, words: str) -> None:
    (directory / "outer.json").write_text(json.dumps(node))
    with pytest.raises(schemas.SchemaError, match=words):
        schemas.resolved("outer")


def test_a_breach_is_weighed_by_the_catalogue() -> None:
    found = [
        Breach(("mounts", 10), "config.mounts.optional", "b", invalid=True),
        Breach(("mounts", 2), "config.mounts.optional", "a"),
        Breach(("mounts", 2), "config.mounts.optional", "a"),
        Breach((), "config.root.required-elsewhere", "c"),
        Breach(("linux",), "vm.image.format.required", "d"),
        Breach(("x",), "", "e"),
        Breach(("x",), "", "f", unjudged=True),
    ]
    findings = judged("c.json", found)
    assert [(each.path, each.level.value, each.ambiguous, each.unjudged) for each in findings] == [
        ("$", "MUST", False, False),
        ("$.linux", "MAY", True, False),
        ("$.mounts[2]", "MAY", False, False),
        ("$.mounts[10]", "MUST", False, False),
        ("$.x", "none", False, False),
        ("$.x", "none", False, True),
    ]
    assert str(findings[1]) == "c.json: $.linux: MAY vm.image.format.required: d (ambiguous: the text has another reading)"
    assert str(findings[4]) == "c.json: $.x: none: e"
    assert Finding(**{**findings[0].as_json(), "level": Level.MUST}) == findings[0]


def test_an_unknown_requirement_is_a_defect() -> None:
    with pytest.raises(KeyError):
        judged("c.json", [Breach((), "no.such", "")])


def test_levels_of_documents() -> None:
    levels = {each: document_level(load()[each]) for each in ("config.process.cwd.required", "linux.memorypolicy.mode.values")}
    assert levels == {"config.process.cwd.required": Level.MUST, "linux.memorypolicy.mode.values": Level.NONE}
    assert document_level(load()["linux.memorypolicy.mode.values"], invalid=True) is Level.MUST


@pytest.mark.parametrize(
    ("path", "expected"),
    [((), "$"), (("a", 0, "b-c"), "$.a[0].b-c"), (("a b", "\u00e9", "1"), '$["a b"]["\\u00e9"]["1"]')],
)
def test_json_paths(path: Any, expected: str) -> None:
    assert json_path(path) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        ("a\nb\u00e9", "'a\\nb\\xe9'"),
        ("a" * 1000, "'" + "a" * 76 + "..."),
        ([1, 2], "an array of 2"),
        ({}, "{}"),
        (dict.fromkeys("abcdef"), "an object with 'a', 'b', 'c', 'd', ..."),
        (10**400, "1" + "0" * 76 + "..."),
    ],
)
def test_values_are_shown_in_one_short_line(value: Any, expected: str) -> None:
    assert shown(value) == expected


def test_find_follows_names_and_each() -> None:
    value = {"a": [{"b": 1}, {"c": 2}, 3], "d": {"x": {"b": 4}}}
    assert list(find(value, "a", EACH, "b")) == [(("a", 0, "b"), 1)]
    assert list(find(value, "d", EACH, "b")) == [(("d", "x", "b"), 4)]
    assert list(find(value, "a", "b")) == []


def test_a_rule_names_only_what_it_announces() -> None:
    rule = Rule(("a.b",), lambda _value: [Breach((), "a.c", "")])
    with pytest.raises(ValueError, match="has found a breach of"):
        list(apply([rule], {}))
