"""Runs one of our JSON Schemas over a value and says each error as a breach of a requirement, in plain words.

Schemas are draft 2020-12 with five keywords of our own beside those that judge:

    requirement    id of the requirement that this subschema expresses; it holds for all below that names none itself
    requirements   {keyword: id} where one keyword of the subschema expresses another requirement
    permits        ids of permissions that the subschema grants by not forbidding; no error names them
    expected       what a value has to be, for messages: "an absolute path"
    closed         true: the text fixes what can stand here (a type, a range, a list), so anything else is an invalid value

A property that is missing breaks the property's own requirement. `$ref` is inlined at load, so that an error knows its place:
what stands beside it adds to the target, and its `requirement` replaces that of the target's root.
"""

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from specs.validation.finding import Breach, shown

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_DIRECTORY = File(__file__).parents[1] / "schemas"
_MOST = 1000
"""Errors of one document that are listed."""
_ONE = ("items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else")
_SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "dependentSchemas")
_OURS = ("requirement", "requirements", "permits", "expected", "title")
_OF_FILES = ("$ref", "$defs", "$schema")
"""Not in a resolved schema. Below one that names its $schema jsonschema falls back to its own class, without our `pattern`."""
_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


class SchemaError(ValueError):
    """A schema of ours that cannot be used."""


def check(name: str, value: Any) -> list[Breach]:
    """Return what `schemas/NAME.json`, such as `runtime/config`, finds wrong with a value, each thing once."""
    errors = list(itertools.islice(_validator(name).iter_errors(value), _MOST))
    mistyped = {tuple(each.absolute_path) for each in errors if each.validator == "type"}
    telling = (each for each in errors if each.validator == "type" or tuple(each.absolute_path) not in mistyped)
    return list(dict.fromkeys(itertools.chain.from_iterable(map(_breaches, telling))))


@functools.cache
def resolved(name: str) -> dict[str, Any]:
    """Return a schema with its references inlined and every subschema's requirement spelled out; raises SchemaError."""
    root: dict[str, Any] = _resolve(_document(name), home=name, requirement="")
    return root


def requirements(name: str) -> set[str]:
    """Return the ids that a schema names."""
    found: set[str] = set()
    for node in _subschemas(resolved(name)):
        found.update([node["requirement"]] if "requirement" in node else [])
        found.update(node.get("requirements", {}).values(), node.get("permits", ()))
    return found


@functools.cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _resolve(node: Mapping[str, Any], *, home: str, requirement: str) -> dict[str, Any]:
    """Return a subschema of the file `home` on its own: references inlined, `requirement` from above where it has none."""
    effective = node.get("requirement", requirement)
    own = {key: _nested(key, value, home=home, requirement=effective) for key, value in node.items() if key not in _OF_FILES}
    if "$ref" in node:
        own = _joined(_target(node["$ref"], home=home, requirement=effective), own, reference=node["$ref"])
        if "requirement" not in node and "requirement" in own:
            return own
    return {**own, "requirement": effective} if effective else own


def _nested(keyword: str, value: Any, *, home: str, requirement: str) -> Any:
    if keyword in _ONE:
        return _resolve(value, home=home, requirement=requirement)
    if keyword in _SEVERAL:
        return [_resolve(each, home=home, requirement=requirement) for each in value]
    if keyword in _NAMED:
        return {name: _resolve(each, home=home, requirement=requirement) for name, each in value.items()}
    return value


def _target(reference: str, *, home: str, requirement: str) -> dict[str, Any]:
    file, _, pointer = reference.partition("#")
    name = f"{home.rpartition('/')[0]}/{file.removesuffix('.json')}".lstrip("/") if file else home
    node: Any = _document(name)
    try:
        for step in filter(None, pointer.split("/")):
            node = node[step]
    except KeyError as error:
        raise SchemaError(f"{home}: {reference} leads nowhere") from error
    return _resolve(node, home=name, requirement=requirement)


def _joined(target: dict[str, Any], own: dict[str, Any], *, reference: str) -> dict[str, Any]:
    if twice := (target.keys() & own.keys()) - set(_OURS):
        raise SchemaError(f"{reference} and what stands beside it both say {', '.join(sorted(twice))}")
    merged = {**target, **own}
    if "requirements" in target and "requirements" in own:
        merged["requirements"] = {**target["requirements"], **own["requirements"]}
    return merged


def _subschemas(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for key, value in node.items():
        below = [value] if key in _ONE else value if key in _SEVERAL else value.values() if key in _NAMED else ()
        for each in below:
            yield from _subschemas(each)


@functools.cache
def _validator(name: str) -> "Validator":
    import jsonschema  # noqa: PLC0415  # 77 ms, and most users of specs validate nothing

    extend: Callable[..., type[Validator]] = jsonschema.validators.extend  # without annotations in types-jsonschema
    return extend(jsonschema.Draft202012Validator, {"pattern": _pattern})(resolved(name))


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> "Iterator[ValidationError]":
    import jsonschema  # noqa: PLC0415  # loaded already by whoever calls this

    if isinstance(value, str) and not _compiled(pattern).search(value):
        yield jsonschema.ValidationError(f"does not match {pattern}")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Python's $ also matches before a last newline, that of JSON Schema only at the end.
    whole = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    return re.compile(whole, re.ASCII)


def _breaches(error: "ValidationError") -> Iterator[Breach]:
    schema: Any = error.schema
    keyword = str(error.validator)
    path = tuple(error.absolute_path)
    if keyword == "required":
        instance: Any = error.instance
        for name in schema["required"]:
            if name not in instance:
                yield Breach(path, _of_property(schema, name), f"`{name}` is missing")
        return
    requirement = schema.get("requirements", {}).get(keyword) or schema.get("requirement", "")
    invalid = keyword == "type" or schema.get("closed", False)
    yield Breach(path, requirement, f"expected {_expected(keyword, schema)}, found {shown(error.instance)}", invalid=invalid)


def _of_property(schema: Mapping[str, Any], name: str) -> str:
    own = schema.get("requirements", {}).get("required")
    found: str = own or schema.get("properties", {}).get(name, schema).get("requirement", "")
    return found


def _expected(keyword: str, schema: Mapping[str, Any]) -> str:
    value = schema[keyword]
    if "expected" in schema:
        return str(schema["expected"])
    if keyword == "type":
        types = [value] if isinstance(value, str) else value
        return " or ".join(_TYPES[each] for each in types)
    if keyword == "enum":
        return f"one of {', '.join(map(shown, value))}"
    return {
        "const": f"{shown(value)}",
        "minimum": f"at least {value}",
        "maximum": f"at most {value}",
        "minItems": f"at least {value} elements",
        "maxItems": f"at most {value} elements",
        "minLength": f"at least {value} characters",
        "minProperties": f"at least {value} members",
    }[keyword]
