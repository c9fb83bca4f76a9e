"""Descriptors: their URLs, and what they say of content that is at hand (descriptor.md)."""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeGuard

from specs.validation.finding import Breach, Path, shown
from specs.validation.image import digests, uris
from specs.validation.image.blobs import Blob, State
from specs.validation.rules import EACH, Rule, find

REQUIREMENTS = ("descriptor.size.raw-bytes", "descriptor.digest.calculation", "descriptor.data.identical")
"""What `against` can find broken."""

_DOUBLE = 1 << 53
_Placed = tuple[Path, dict[str, Any]]

EMPTY = "application/vnd.oci.empty.v1+json"
_EMPTY_DIGESTS = {algorithm: digests.of(algorithm, [b"{}"]) for algorithm in digests.HASHES}


def places(value: Any) -> Iterator[_Placed]:
    """Yield every descriptor of a manifest or index."""
    for place in (("config",), ("layers", EACH), ("manifests", EACH), ("subject",)):
        for path, found in find(value, *place):
            if isinstance(found, dict):
                yield path, found


def alone(value: Any) -> Iterator[_Placed]:
    """Yield a document that is itself a descriptor."""
    if isinstance(value, dict):
        yield (), value


def against(path: Path, descriptor: dict[str, Any], blob: Blob) -> Iterator[Breach]:
    """Compare a descriptor with the blob that it names."""
    size = descriptor.get("size")
    if blob.state is State.ALTERED:
        yield Breach((*path, "digest"), "descriptor.digest.calculation", "the blob there has other content", invalid=True)
    if _is_number(size) and blob.size is not None and blob.size != size:
        message = f"expected {blob.size}, the bytes of the blob, found {shown(size)}"
        yield Breach((*path, "size"), "descriptor.size.raw-bytes", message, invalid=True)
    yield from _embedded(path, descriptor)


def _embedded(path: Path, descriptor: dict[str, Any]) -> Iterator[Breach]:
    data, size, digest = _decoded(descriptor.get("data")), descriptor.get("size"), digests.parse(descriptor.get("digest"))
    if data is None or digest is None or digest.algorithm not in digests.HASHES:
        return
    if digests.of(digest.algorithm, [data]) != digest:
        yield Breach((*path, "data"), "descriptor.data.identical", "the embedded bytes do not hash to the digest")
    elif _is_number(size) and size != len(data):
        yield Breach(
            (*path, "size"),
            "descriptor.size.raw-bytes",
            f"expected {len(data)}, the embedded bytes, found {shown(size)}",
            invalid=True,
        )


def _decoded(data: Any) -> bytes | None:
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _urls(found: Iterable[_Placed]) -> Iterator[Breach]:
    for base, descriptor in found:
        for path, url in find(descriptor, "urls", EACH):
            if not isinstance(url, str):
                continue
            if not uris.is_reference(url):
                yield Breach((*base, *path), "descriptor.urls.rfc3986", f"expected a URI as RFC 3986 has it, found {shown(url)}")
            elif uris.scheme(url) not in ("http", "https", ""):
                yield Breach((*base, *path), "descriptor.urls.http-https", f"expected http or https, found {shown(url)}")


def _empty(found: Iterable[_Placed]) -> Iterator[Breach]:
    """Hold the empty type to what it promises: the two bytes {}."""
    for path, descriptor in found:
        if descriptor.get("mediaType") != EMPTY:
            continue
        digest = digests.parse(descriptor.get("digest"))
        expected = {"size": 2, "digest": str(_EMPTY_DIGESTS.get(digest.algorithm, digest)) if digest else None, "data": "e30="}
        for name, wanted in expected.items():
            if wanted is not None and name in descriptor and descriptor[name] != wanted:
                message = f"expected {shown(wanted)}, which stands for {{}}, found {shown(descriptor[name])}"
                yield Breach((*path, name), "manifest.empty-descriptor.payload", message)


def _precise(found: Iterable[_Placed]) -> Iterator[Breach]:
    for path, descriptor in found:
        size = descriptor.get("size")
        if _is_number(size) and abs(size) > _DOUBLE:
            yield Breach(
                (*path, "size"),
                "head.json.double",
                f"expected at most 2^53, which every JSON reader holds exactly, found {shown(size)}",
            )


def _rules(where: Callable[[Any], Iterator[_Placed]]) -> tuple[Rule, ...]:
    return (
        Rule(("descriptor.urls.rfc3986", "descriptor.urls.http-https"), lambda value: _urls(where(value))),
        Rule(("head.json.double",), lambda value: _precise(where(value))),
        Rule(("manifest.empty-descriptor.payload",), lambda value: _empty(where(value))),
    )


RULES = _rules(places)
"""For manifests and indexes."""
ALONE = _rules(alone)
"""For a descriptor that is a document of its own."""
