"""Manifests and indexes that are to be told apart, whatever they carry."""

from collections.abc import Iterator
from typing import Any

from specs.validation.finding import Breach
from specs.validation.rules import Rule


def _both(value: Any) -> Iterator[Breach]:
    """Say where the trick of CVE-2021-41190 is played: one document that is a manifest to some readers and an index to others."""
    if isinstance(value, dict) and "layers" in value and "manifests" in value:
        yield Breach((), "", "has `layers` and `manifests`: some readers take it for a manifest, some for an index")


RULES = (Rule(("",), _both),)
