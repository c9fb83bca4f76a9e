"""Judges a document, a bundle or an image layout alone: `validate(path)` gives findings, each naming its requirement.

A kind of document has a schema, rules for what a schema cannot say, and rules for its JSON text.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from specs.validation import bundles, reading, schemas
from specs.validation.finding import Breach, Finding, judged
from specs.validation.image import documents, layout
from specs.validation.image.limits import Limits
from specs.validation.image.named import named as image_named
from specs.validation.reading import JsonRules
from specs.validation.rules import Rule, apply
from specs.validation.runtime import CONFIG_RULES, FEATURES_RULES, STATE_RULES
from specs.verdicts import ExitCode, Level
from specs.version import SpecVersion

_JSON = JsonRules(utf8="glossary.json.utf8", duplicate_names="glossary.json.no-duplicate-names")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of document is judged."""

    schema: str
    rules: tuple[Rule, ...]
    json: JsonRules

    @property
    def requirements(self) -> set[str]:
        """The ids that it can find broken, or permits."""
        text = {self.json.utf8, self.json.duplicate_names, self.json.case_variants} - {""}
        return text | schemas.requirements(self.schema) | {each for rule in self.rules for each in rule.requirements}


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "config": Kind("runtime/config", CONFIG_RULES, _JSON),
        "state": Kind("runtime/state", STATE_RULES, _JSON),
        "features": Kind("runtime/features", FEATURES_RULES, _JSON),
    }
)
"""Single documents, by the name that `--kind` takes."""

IMAGE_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "image-manifest": documents.MANIFEST,
        "image-index": documents.INDEX,
        "image-config": documents.CONFIG,
        "image-descriptor": documents.DESCRIPTOR,
        "oci-layout": documents.LAYOUT,
    }
)
"""Single documents of an image, by the name that `--kind` takes, with their media types."""

_IMAGE_TELLTALES = {
    "image-index": {"schemaVersion", "manifests"},
    "image-manifest": {"schemaVersion", "config"},
    "image-config": {"architecture", "os", "rootfs"},
    "image-descriptor": {"mediaType", "digest", "size"},
    "oci-layout": {"imageLayoutVersion"},
}
"""Names that only this kind of document has together."""

DIRECTORIES: Mapping[str, tuple[tuple[str, ...], Callable[[str], list[Finding]]]] = MappingProxyType(
    {
        "bundle": (("config.json",), lambda path: _bundle(path)),  # noqa: PLW0108  # defined below
        "layout": (("oci-layout", "index.json"), layout.judge),
    }
)
"""Kinds of directories: the files that give them away, and what judges them."""


def named() -> set[str]:
    """Return the ids of all requirements that documents and directories are judged by."""
    return {*bundles.REQUIREMENTS, *image_named()}.union(*(kind.requirements for kind in KINDS.values()))


class UnknownKindError(ValueError):
    """A path that shows no kind we know."""


def validate(path: str, *, kind: str = "") -> list[Finding]:
    """Judge a file or directory; `kind` is a key of KINDS, IMAGE_KINDS or DIRECTORIES, found out if empty.

    Raises reading.UnreadableError for what cannot be read and UnknownKindError for what we would not know how to judge.
    """
    if os.path.isdir(path):
        return _directory(path, kind)
    if kind in IMAGE_KINDS:
        return _image_document(path, kind)
    rules = KINDS[kind].json if kind in KINDS else _JSON
    found = reading.read(path, rules)
    if not found.usable:
        return judged(path, found.breaches)
    kind = kind or recognised(found.value, path)
    if kind in IMAGE_KINDS:
        return _image_document(path, kind)
    inside = breaches(found.value, kind=kind)
    return judged(path, [*found.breaches, *inside], declared=declared(found.value))


def declared(value: Any) -> SpecVersion | None:
    """Return the version of the runtime spec that a config or state says it follows, if it says one."""
    text = value.get("ociVersion") if isinstance(value, dict) else None
    try:
        return SpecVersion.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None


def breaches(value: Any, *, kind: str) -> list[Breach]:
    """Judge a document's value by schema and rules; raises UnknownKindError."""
    if kind not in KINDS:
        raise UnknownKindError(f"a single document is one of {', '.join(KINDS)}, not {kind!r}")
    return [*schemas.check(KINDS[kind].schema, value), *apply(KINDS[kind].rules, value)]


def recognised(value: Any, path: str) -> str:
    """Say which kind of document a value is; raises UnknownKindError if nothing shows it."""
    names = set(value) if isinstance(value, dict) else set()
    if names & {"ociVersionMin", "ociVersionMax"}:
        return "features"
    if "status" in names and names & {"id", "bundle"}:
        return "state"
    for image_kind, telltale in _IMAGE_TELLTALES.items():
        if telltale <= names:
            return image_kind
    if "ociVersion" in names or os.path.basename(path) == "config.json":
        return "config"
    raise UnknownKindError(f"{path}: nothing shows what it is; say --kind={'|'.join((*KINDS, *IMAGE_KINDS))}")


def _directory(path: str, kind: str) -> list[Finding]:
    for name, (telltales, judge) in DIRECTORIES.items():
        if kind == name or (not kind and any(os.path.lexists(os.path.join(path, file)) for file in telltales)):
            return judge(path)
    raise UnknownKindError(f"{path}: no {' or '.join(f'{name} ({files[0]})' for name, (files, _) in DIRECTORIES.items())}")


def _image_document(path: str, kind: str) -> list[Finding]:
    media_type = IMAGE_KINDS[kind]
    limits = Limits()
    found = documents.parse(reading.read_bytes(path, limits.document_bytes + 1), limits=limits)
    return judged(path, [*found.breaches, *(documents.judge(found.value, media_type) if found.usable else ())])


def _bundle(path: str) -> list[Finding]:
    file = os.path.join(path, "config.json")
    if missing := bundles.without_config(path):
        return judged(path, missing)
    found = reading.read(file, _JSON)
    inside = [*breaches(found.value, kind="config"), *bundles.rootfs(path, found.value)] if found.usable else []
    return judged(file, [*found.breaches, *inside], declared=declared(found.value))


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """Return VIOLATED for a finding at MUST, else INCOMPLETE if something was left unjudged, else CONFORMANT."""
    listed = list(findings)
    if any(each.level is Level.MUST for each in listed):
        return ExitCode.VIOLATED
    return ExitCode.INCOMPLETE if any(each.unjudged for each in listed) else ExitCode.CONFORMANT
