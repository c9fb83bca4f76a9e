"""Rules on a runtime's features document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from specs.catalogue import load
from specs.validation.finding import Breach, Path, shown
from specs.validation.rules import EACH, Rule, find
from specs.validation.schemas import resolved
from specs.version import SpecVersion

_RELEASE = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-rc\.?\d+)?", re.ASCII)


def _order(features: Any) -> Iterator[Breach]:
    low, high = (_version(features, name) for name in ("ociVersionMin", "ociVersionMax"))
    if low and high and high < low:
        message = f"expected no version below ociVersionMin {low}, found {high}"
        yield Breach(("ociVersionMax",), "features.ociversionmax.not-below-min", message)


def _version(features: Any, name: str) -> SpecVersion | None:
    for _, value in find(features, name):
        if isinstance(value, str):
            try:
                return SpecVersion.parse(value)
            except ValueError:
                return None
    return None


def _later(features: Any) -> Iterator[Breach]:
    """Find properties later than ociVersionMax.

    A candidate counts as its release, since it can have what was to come with that. `1.0.2-dev` is any state after 1.0.2, so
    nothing can be said.
    """
    for _, value in find(features, "ociVersionMax"):
        found = _RELEASE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            continue
        release = (int(found[1]), int(found[2]), int(found[3]))
        for path, since in _properties((), features, resolved("runtime/features")):
            if release < (since.major, since.minor, since.patch) and path[-1] not in ("ociVersionMin", "ociVersionMax"):
                message = f"the property came with {since}, after ociVersionMax {shown(value)}"
                yield Breach(path, "features.ociversionmax.no-later-properties", message)


def _properties(path: Path, value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[Path, SpecVersion]]:
    """Yield the properties of a document that its schema knows, with the version that their requirement came with."""
    if not isinstance(value, dict):
        return
    for name, below in schema.get("properties", {}).items():
        since = load()[below["requirement"]].since
        if since and value.get(name) is not None:
            yield (*path, name), since
            yield from _properties((*path, name), value[name], below)


def _subset(features: Any) -> Iterator[Breach]:
    for _, known in find(features, "linux", "seccomp", "knownFlags"):
        for path, flag in find(features, "linux", "seccomp", "supportedFlags", EACH):
            if isinstance(known, list) and isinstance(path[-1], int) and isinstance(flag, str) and flag not in known:
                message = f"expected one of knownFlags, found {shown(flag)}"
                yield Breach(path, "features-linux.seccomp.supportedflags.subset", message)


def _options(features: Any) -> Iterator[Breach]:
    for path, value in find(features, "mountOptions", EACH):
        if isinstance(value, str) and "=" in value:
            message = f"expected options of mount(2) itself, found {shown(value)}, which is for one filesystem"
            yield Breach(path, "features.mountoptions.no-fs-specific", message)


RULES = (
    Rule(("features.ociversionmax.not-below-min",), _order),
    Rule(("features.ociversionmax.no-later-properties",), _later),
    Rule(("features-linux.seccomp.supportedflags.subset",), _subset),
    Rule(("features.mountoptions.no-fs-specific",), _options),
)
