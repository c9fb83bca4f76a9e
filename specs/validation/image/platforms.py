"""Platforms of index entries and of image configurations: variants, features of Windows (image-index.md)."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from specs.validation.finding import Breach, Path, shown
from specs.validation.rules import EACH, Rule, find

VARIANTS: Mapping[str, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        "arm": (re.compile(r"v[678]", re.ASCII), "v6, v7 or v8"),
        "arm64": (re.compile(r"v(?:[89]|[1-9]\d+)(?:\.\d+)?", re.ASCII), "v8, v8.1 and so on"),
        "ppc64le": (re.compile(r"power(?:[89]|[1-9]\d+)", re.ASCII), "power8, power9 and so on"),
        "riscv64": (re.compile(r"rva\d+[us]64", re.ASCII), "rva20u64 and so on"),
        "amd64": (re.compile(r"v[1-9]\d*", re.ASCII), "v1, v2, v3 and so on"),
    }
)
"""The table of platform variants. Four of its lines end in an ellipsis: their values go on in the same way."""


def _variant(path: Path, value: dict[str, Any], requirement: str) -> Iterator[Breach]:
    architecture, variant = value.get("architecture"), value.get("variant")
    if not isinstance(variant, str) or not isinstance(architecture, str) or architecture not in VARIANTS:
        return
    pattern, expected = VARIANTS[architecture]
    if not pattern.fullmatch(variant):
        yield Breach((*path, "variant"), requirement, f"expected {expected} for {architecture}, found {shown(variant)}")


def _features(path: Path, value: dict[str, Any], requirement: str) -> Iterator[Breach]:
    if value.get("os") != "windows":
        return
    for below, feature in find(value, "os.features", EACH):
        if isinstance(feature, str) and feature != "win32k":
            yield Breach(
                (*path, *below), requirement, f"expected win32k, the one that is listed for windows, found {shown(feature)}"
            )


def _entries(value: Any) -> Iterator[Breach]:
    for path, platform in find(value, "manifests", EACH, "platform"):
        if isinstance(platform, dict):
            yield from _variant(path, platform, "index.platform.variant.producer")
            yield from _features(path, platform, "index.platform.os-features.win32k-producer")


def _config(value: Any) -> Iterator[Breach]:
    if isinstance(value, dict):
        yield from _variant((), value, "config.variant.table-producer")
        yield from _features((), value, "config.os-features.win32k-producer")


INDEX_RULES = (Rule(("index.platform.variant.producer", "index.platform.os-features.win32k-producer"), _entries),)
CONFIG_RULES = (Rule(("config.variant.table-producer", "config.os-features.win32k-producer"), _config),)
