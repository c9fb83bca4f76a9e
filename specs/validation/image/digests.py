"""Digest strings and the hashes behind them (descriptor.md#digests)."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

HASHES: Mapping[str, Callable[[], "hashlib._Hash"]] = MappingProxyType({"sha256": hashlib.sha256, "sha512": hashlib.sha512})
"""The registered algorithms."""

_GRAMMAR = re.compile(r"([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)", re.ASCII)
_REGISTERED = {"sha256": re.compile(r"[a-f0-9]{64}", re.ASCII), "sha512": re.compile(r"[a-f0-9]{128}", re.ASCII)}


class Digest(NamedTuple):
    """A digest that keeps to the grammar: neither part can hold a slash or be `.` or `..`, so both are safe as file names."""

    algorithm: str
    encoded: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"


def parse(value: Any) -> Digest | None:
    """Return the digest, or None for what is none, a registered algorithm's wrong length and case included."""
    match = _GRAMMAR.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    digest = Digest(match[1], match[2])
    registered = _REGISTERED.get(digest.algorithm)
    return digest if registered is None or registered.fullmatch(digest.encoded) else None


def of(algorithm: str, chunks: Iterable[bytes]) -> Digest:
    """Hash a stream; raises KeyError for an algorithm that is not registered."""
    state = HASHES[algorithm]()
    for chunk in chunks:
        state.update(chunk)
    return Digest(algorithm, state.hexdigest())
