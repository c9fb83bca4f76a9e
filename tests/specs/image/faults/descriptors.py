"""Faults of a descriptor."""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tests.specs.image.faults.edits import Fault, _artifact, _entries, _manifest, put
from tests.specs.image.faults.indexes import MULTIHASH
from tests.specs.image.layouts import BASE, Layout, sha256

UPPER = "sha256:" + "A" * 64
DESCRIPTOR_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "no mediaType": _entries(lambda made: [_without("mediaType", made)], "descriptor.mediaType"),
        "mediaType of 128 characters": _manifest(
            put("layers", 0, "mediaType", "a/" + "b" * 128), "descriptor.mediaType.rfc6838", "manifest.layers.other-rfc6838"
        ),
        "no digest": _entries(lambda made: [_without("digest", made)], "descriptor.digest"),
        "digest without a colon": _entries(lambda made: [_plain(made, digest="abc")], "descriptor.digest.grammar"),
        "digest with a newline": _entries(lambda made: [_plain(made, digest=sha256(b"x") + "\n")], "descriptor.digest.grammar"),
        "digest with a path": _entries(
            lambda made: [_plain(made, digest="sha256:../../etc/passwd")],
            "descriptor.digest.grammar",
        ),
        "sha256 too short": _entries(lambda made: [_plain(made, digest="sha256:abc")], "descriptor.digest.sha256-hex"),
        "sha256 in upper case": _entries(lambda made: [_plain(made, digest=UPPER)], "descriptor.digest.sha256-hex-lower"),
        "sha512 too short": _entries(
            lambda made: [_plain(made, digest="sha512:abc")],
            "descriptor.digest.sha512-hex",
            "descriptor.digest.sha256-preferred",
        ),
        "sha512 in upper case": _entries(
            lambda made: [_plain(made, digest="sha512:" + "AB" * 64)],
            "descriptor.digest.sha512-hex-lower",
            "descriptor.digest.sha256-preferred",
        ),
        "another algorithm": _entries(lambda made: [_plain(made, digest=MULTIHASH)], "descriptor.digest.sha256-preferred"),
        "blake3 too short": _entries(
            lambda made: [_plain(made, digest="blake3:abc")],
            "head.descriptor.digest.blake3-hex",
            "head.descriptor.digest.blake3-256bit",
            "descriptor.digest.sha256-preferred",
        ),
        "blake3 in upper case": _entries(
            lambda made: [_plain(made, digest="blake3:" + "AB" * 32)],
            "head.descriptor.digest.blake3-hex-lower",
            "descriptor.digest.sha256-preferred",
        ),
        "no size": _entries(lambda made: [_without("size", made)], "descriptor.size"),
        "size a string": _entries(lambda made: [_plain(made, size="4")], "descriptor.size.int64"),
        "size with a fraction": _entries(
            lambda made: [_plain(made, size=4.5)], "descriptor.size.int64", "descriptor.size.raw-bytes"
        ),
        "size of 2^63": _entries(
            lambda made: [_plain(made, size=1 << 63)], "descriptor.size.int64", "descriptor.size.raw-bytes", "head.json.double"
        ),
        "size beyond 2^53": _entries(
            lambda made: [_plain(made, size=(1 << 53) + 1)], "descriptor.size.raw-bytes", "head.json.double"
        ),
        "size negative": _entries(
            lambda made: [_plain(made, size=-1)], "descriptor.size.raw-bytes", "head.descriptor.size-non-negative"
        ),
        "size of the unpacked layer": _manifest(put("layers", 0, "size", len(BASE)), "descriptor.size.raw-bytes"),
        "urls a string": _entries(lambda made: [_plain(made, urls="https://a")], "descriptor.urls"),
        "url a number": _entries(lambda made: [_plain(made, urls=[1])], "descriptor.urls.rfc3986"),
        "url no URI": _entries(lambda made: [_plain(made, urls=["https://a b"])], "descriptor.urls.rfc3986"),
        "url of ftp": _entries(lambda made: [_plain(made, urls=["ftp://a"])], "descriptor.urls.http-https"),
        "data null": _entries(lambda made: [_plain(made, data=None)], "descriptor.data"),
        "data no base64": _entries(lambda made: [_plain(made, data="@@@")], "descriptor.data.base64"),
        "data of the URL alphabet": _entries(lambda made: [_plain(made, data="-_-_")], "descriptor.data.base64"),
        "data without padding": _entries(lambda made: [_plain(made, data="eA")], "descriptor.data.base64"),
        "data of other bytes": _entries(
            lambda made: [_plain(made, data=base64.b64encode(b"other").decode())], "descriptor.data.identical"
        ),
        "artifactType null": _entries(lambda made: [_plain(made, artifactType=None)], "descriptor.artifactType"),
        "artifactType a number": _entries(lambda made: [_plain(made, artifactType=5)], "descriptor.artifactType.rfc6838"),
        "artifactType of something else": _entries(
            lambda made: [{**_artifact(made), "artifactType": "application/x.b"}], "descriptor.artifactType.config-type"
        ),
    }
)


def _plain(made: Layout, **more: Any) -> dict[str, Any]:
    """Return an entry of a nested index without rules of its own on types: a descriptor below an artifact."""
    return _artifact(made, layers=[{**made.blob(b"x", "application/x.thing"), **more}])


def _without(name: str, made: Layout) -> dict[str, Any]:
    descriptor = made.blob(b"x", "application/x.thing")
    del descriptor[name]
    return _artifact(made, layers=[descriptor])
