"""Upstream's schemas of the image spec (draft 4), where they are at hand, beside our own judgement of a document."""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import referencing
from referencing.jsonschema import DRAFT4

from specs.validation.finding import Path as JsonPath
from specs.validation.finding import json_path, judged
from specs.validation.image import documents, times, uris
from specs.verdicts import Level

DIRECTORY = Path(__file__).parents[4] / "shared" / "upstream-schemas" / "image-spec-1.1.1"
FILES: Mapping[str, str] = MappingProxyType(
    {
        documents.MANIFEST: "image-manifest-schema.json",
        documents.INDEX: "image-index-schema.json",
        documents.CONFIG: "config-schema.json",
        documents.LAYOUT: "image-layout-schema.json",
        documents.DESCRIPTOR: "content-descriptor.json",
    }
)

Place = tuple[str, str]
"""A JSON path without array indices, and what is broken there: a requirement of ours, a keyword of theirs."""


def ours(value: Any, media_type: str) -> set[Place]:
    """Return what we find at MUST."""
    findings = judged("", documents.judge(value, media_type))
    return {(_without_indices(each.path), each.requirement) for each in findings if each.level is Level.MUST}


def theirs(value: Any, media_type: str) -> set[Place]:
    """Return what upstream's schema refuses."""
    errors = _validator(FILES[media_type]).iter_errors(value)
    return {(_rendered(tuple(each.absolute_path)), str(each.validator)) for error in errors for each in _deepest(error)}


def differences(mine: set[Place], other: set[Place]) -> tuple[set[Place], set[Place]]:
    """Return what only we refuse, and what only upstream refuses: places where the other finds nothing at all."""
    ours_alone = {each for each in mine if each[0] not in {place for place, _ in other}}
    theirs_alone = {each for each in other if each[0] not in {place for place, _ in mine}}
    return ours_alone, theirs_alone


def _deepest(error: Any) -> list[Any]:
    """Return what lies below a failed choice ("a map, or null"), where something does."""
    below = [each for each in error.context or () if len(each.absolute_path) > len(error.absolute_path)]
    return below or [error]


def _without_indices(path: str) -> str:
    """Turn `$.layers[3].size` into `$.layers[].size`."""
    return re.sub(r"\[\d+\]", "[]", path)


def _rendered(path: JsonPath) -> str:
    return _without_indices(json_path(path))


@functools.cache
def _validator(file: str) -> Any:
    def retrieve(uri: str) -> referencing.Resource[Any]:
        return referencing.Resource.from_contents(_load(uri.rpartition("/")[2]), default_specification=DRAFT4)

    registry: referencing.Registry[Any] = referencing.Registry(retrieve=retrieve)  # type: ignore[call-arg]  # attrs' alias
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date-time")(lambda text: not isinstance(text, str) or times.is_date_time(text))
    checker.checks("uri")(lambda text: not isinstance(text, str) or (uris.is_reference(text) and bool(uris.scheme(text))))
    return jsonschema.Draft4Validator(_load(file), registry=registry, format_checker=checker)


def _load(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DIRECTORY / file).read_text(encoding="utf-8"))
    return found
