"""Annotations and labels: reserved prefixes, and the values of the keys that the spec defines (annotations.md)."""

from collections.abc import Callable, Iterator
from typing import Any

from specs.validation.finding import Breach, Path, shown
from specs.validation.image import digests, licenses, references, times
from specs.validation.rules import EACH, Rule, find

_LONGEST = 10_000
"""Characters of a value whose grammar is looked at."""
_OCI = "org.opencontainers."
_IMAGE = "org.opencontainers.image."
_KNOWN = frozenset(
    (
        "created",
        "authors",
        "url",
        "documentation",
        "source",
        "version",
        "revision",
        "vendor",
        "licenses",
        "ref.name",
        "title",
        "description",
        "base.digest",
        "base.name",
        "os",
        "architecture",
        "variant",
        "os.version",
        "os.features",
        "author",
        "stopSignal",
        "exposedPorts",
    )
)
"""Keys of this spec below org.opencontainers.image: the predefined ones and those of conversion.md."""


def maps(value: Any) -> Iterator[tuple[Path, dict[Any, Any]]]:
    """Yield every map of a document that has to follow the annotation rules."""
    places: tuple[tuple[Any, ...], ...] = (
        ("annotations",),
        ("config", "annotations"),
        ("layers", EACH, "annotations"),
        ("manifests", EACH, "annotations"),
        ("subject", "annotations"),
        ("config", "Labels"),
    )
    for place in places:
        for path, found in find(value, *place):
            if isinstance(found, dict):
                yield path, found


def _reserved(value: Any) -> Iterator[Breach]:
    """Whoever defined an unknown key cannot be told from the key: this is said, and no reproach."""
    for path, found in maps(value):
        for key in found:
            if key.startswith(_IMAGE) and key.removeprefix(_IMAGE) not in _KNOWN:
                yield Breach(
                    (*path, key), "annotations.reserved.image", "this spec defines no such key, and the prefix is its own"
                )
            elif key.startswith(_OCI) and not key.startswith(_IMAGE):
                yield Breach(
                    (*path, key), "annotations.reserved.opencontainers", "the prefix is reserved for keys that OCI specs define"
                )


def _values(key: str, requirement: str, holds: Callable[[str], bool], expected: str) -> Rule:
    def check(value: Any) -> Iterator[Breach]:
        for path, found in maps(value):
            text = found.get(_IMAGE + key)
            if isinstance(text, str) and len(text) > _LONGEST:
                yield Breach((*path, _IMAGE + key), requirement, f"not judged: longer than {_LONGEST} characters", unjudged=True)
            elif isinstance(text, str) and not holds(text):
                yield Breach((*path, _IMAGE + key), requirement, f"expected {expected}, found {shown(text)}")

    return Rule((requirement,), check)


RULES = (
    Rule(("annotations.reserved.image", "annotations.reserved.opencontainers"), _reserved),
    _values("created", "annotations.created.rfc3339", times.is_date_time, "a date and time as RFC 3339 has it"),
    _values("licenses", "annotations.licenses.spdx", licenses.is_expression, "an SPDX licence expression"),
    _values("ref.name", "annotations.refname.charset", references.keeps_ref_characters, "only A-Z a-z 0-9 - . _ : @ / +"),
    _values("ref.name", "annotations.refname.grammar", references.is_ref, "alphanumerics with single separators between"),
    _values("base.digest", "annotations.base-digest.format", lambda text: digests.parse(text) is not None, "a digest"),
    _values("base.name", "annotations.base-name.format", references.is_distribution_reference, "a reference to an image"),
    _values(
        "base.name",
        "annotations.base-name.fully-qualified",
        references.names_registry,
        "a name that begins with a registry's host",
    ),
)
