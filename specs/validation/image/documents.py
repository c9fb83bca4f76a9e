"""Judges one JSON document of an image: its text, its schema, its rules."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from specs.validation import reading, schemas
from specs.validation.finding import Breach, Path, shown
from specs.validation.image import annotations, artifacts, configs, descriptors, platforms
from specs.validation.image.limits import Limits
from specs.validation.reading import JsonRules, Reading
from specs.validation.rules import Rule, apply

REQUIREMENTS = (
    "considerations.json-suffix",
    "annotations.keys-unique",
    "head.json.utf8",
    "head.json.no-duplicate-names",
    "head.json.i-json",
)
"""What `parse` can find broken."""

_ANNOTATION_MAPS = ("annotations", "Labels")

_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "": ("schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"),
        "descriptor": ("mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform"),
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of document is judged."""

    schema: str
    rules: tuple[Rule, ...]


def _case_variants(value: Any) -> Iterator[Breach]:
    """Go's JSON reader takes `LAYERS` for `layers`, others don't: one document, two meanings. The text does not mention it."""
    if not isinstance(value, dict):
        return
    yield from _variants((), value, _NAMES[""])
    for path, descriptor in descriptors.places(value):
        yield from _variants(path, descriptor, _NAMES["descriptor"])


def _variants(path: Path, value: dict[str, Any], names: tuple[str, ...]) -> Iterator[Breach]:
    folded = {name.casefold(): name for name in names}
    for name in value:
        known = folded.get(name.casefold(), name) if len(name) < 20 else name
        if known != name:
            yield Breach((*path, name), "", f"some readers take {shown(name)} for `{known}`, others don't know it")


CASE_VARIANTS = Rule(("",), _case_variants)

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYOUT = "application/vnd.oci.layout.header.v1+json"
DESCRIPTOR = "application/vnd.oci.descriptor.v1+json"
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        MANIFEST: Kind("image/manifest", (*descriptors.RULES, *annotations.RULES, *artifacts.RULES, CASE_VARIANTS)),
        INDEX: Kind(
            "image/index", (*descriptors.RULES, *annotations.RULES, *platforms.INDEX_RULES, *artifacts.RULES, CASE_VARIANTS)
        ),
        CONFIG: Kind("image/config", (*configs.RULES, *annotations.RULES, *platforms.CONFIG_RULES)),
        LAYOUT: Kind("image/layout", ()),
        DESCRIPTOR: Kind("image/descriptor", (*descriptors.ALONE, *annotations.RULES)),
    }
)
"""By media type (media-types.md)."""


def weight(data: bytes) -> int:
    """Return an upper bound of the values in a JSON text, without parsing it."""
    return 1 + data.count(b",") + data.count(b"[") + data.count(b"{")


def parse(data: bytes, *, limits: Limits, not_json: str = "considerations.json-suffix") -> Reading:
    """Read a JSON text; `not_json` is the requirement that it is one.

    A name that occurs twice breaks a released statement only among annotations and labels.
    """
    if why := _too_much(data, limits):
        return Reading(value=None, breaches=(Breach((), "", f"not judged: {why}", unjudged=True),), usable=False)
    rules = JsonRules(utf8="head.json.utf8", duplicate_names="head.json.no-duplicate-names", largest=limits.document_bytes)
    found = reading.parse(data, rules)
    breaches = tuple(each for raw in found.breaches for each in _named(raw, not_json))
    return Reading(value=found.value, breaches=breaches, usable=found.usable)


def _too_much(data: bytes, limits: Limits) -> str:
    if len(data) > limits.document_bytes:
        return f"larger than {limits.document_bytes} bytes"
    return f"may hold more than {limits.document_values} values" if weight(data) > limits.document_values else ""


def _named(breach: Breach, not_json: str) -> Iterator[Breach]:
    """Say which statements a breach of the JSON text breaks: RFC 8259 stands behind every +json type, I-JSON is not released."""
    if breach.unjudged:
        yield breach
    elif breach.invalid:
        yield breach._replace(requirement=not_json)
        if breach.requirement == "head.json.utf8":
            yield breach._replace(invalid=False)
    elif breach.requirement:
        yield breach
        if breach.path and breach.path[-1] in _ANNOTATION_MAPS:
            yield breach._replace(requirement="annotations.keys-unique")
    else:
        yield breach._replace(requirement="head.json.i-json")


def is_canonical(data: bytes, value: Any) -> bool:
    """Say whether a text is canonical JSON as OLPC has it: sorted names, no space, nothing escaped but quotes and backslashes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return data == text.encode("utf-8", "surrogatepass")


def judge(value: Any, media_type: str) -> Iterator[Breach]:
    """Judge a document's value; raises KeyError for a media type that is none of KINDS."""
    kind = KINDS[media_type]
    yield from schemas.check(kind.schema, value)
    yield from apply(kind.rules, value)
