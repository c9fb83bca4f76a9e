"""Faults of the layout itself, and of its fixed files."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from tests.specs.image.faults.edits import DUPLICATES, Fault, _blob, _file, _text, _upper, _with
from tests.specs.image.layouts import Layout, canonical, index

EXTRA = "blobs/sha256/" + hashlib.sha256(b"extra").hexdigest()
LAYOUT_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "no oci-layout": _file("oci-layout", None, "layout.oci-layout-file"),
        "oci-layout an array": _file("oci-layout", b"[]", "layout.oci-layout-json-object"),
        "oci-layout empty": _file("oci-layout", b"", "layout.oci-layout-json-object"),
        "oci-layout without a version": _file("oci-layout", b"{}", "layout.oci-layout-version-field"),
        "oci-layout of another version": _file("oci-layout", b'{"imageLayoutVersion":"1.0.1"}', "layout.version.aligns"),
        "no index.json": _file("index.json", None, "layout.index-json-exists", "layout.index-json-required"),
        "index.json an array": _file("index.json", b"[]", "layout.index-json-is-index", "index.mediatype-doc"),
        "index.json no JSON": _file("index.json", b"{", "layout.index-json-is-index"),
        "no blobs, and none wanted": (lambda: _bare(has_blobs=True), {"layout.blobs.dir-empty-ok"}),
        "no blobs directory": (lambda: _bare(has_blobs=False), {"layout.blobs.dir-exists"}),
        "a blob nobody names": _file(EXTRA, b"extra", "layout.blobs.unreferenced-ok"),
        "a blob of other content": _file(EXTRA, b"other", "layout.blobs.content-match"),
        "a name in upper case": _with(_upper, "descriptor.digest.sha256-hex-lower"),
        "a name with a dot": _file("blobs/sha256/.tmp", b"x", "layout.blobs.name-charset"),
        "an algorithm in upper case": _file("blobs/SHA256/abc", b"x", "layout.blobs.name-charset"),
        "a file in blobs": _file("blobs/README", b"x", "layout.blobs.structure"),
        "a blob missing": _blob(lambda made, place: made.files.__delitem__(place), "layout.blobs.missing-ok"),
        "a blob with one bit turned": _blob(
            lambda made, place: made.files.__setitem__(place, bytes([made.files[place][0] ^ 1]) + made.files[place][1:]),
            "layout.blobs.content-match",
            "descriptor.digest.calculation",
        ),
        "a blob cut short": _blob(
            lambda made, place: made.files.__setitem__(place, made.files[place][:-1]),
            "layout.blobs.content-match",
            "descriptor.digest.calculation",
            "descriptor.size.raw-bytes",
        ),
        "manifest no JSON": _text(lambda data: data[:-1], "manifest", "considerations.json-suffix"),
        "config not UTF-8": _text(
            lambda data: data.replace(b"test", b"t\xe9st"),
            "config",
            "considerations.json-suffix",
            "head.json.utf8",
        ),
        "config with half a surrogate": _text(
            lambda data: data.replace(b"test", b"t\\ud800"), "config", "head.json.i-json", "considerations.canonical-json"
        ),
        "config not canonical": _text(lambda data: data + b"\n", "config", "considerations.canonical-json"),
        "manifest with a name twice": _text(
            lambda data: data.replace(b'"layers":', b'"layers":[],"layers":'), "manifest", *DUPLICATES
        ),
        "annotation twice": _text(
            lambda data: data.replace(b'"annotations":{', b'"annotations":{"a.b":"","a.b":"",'),
            "manifest",
            *DUPLICATES,
            "annotations.keys-unique",
        ),
        "label twice": _text(
            lambda data: data.replace(b'"Labels":{', b'"Labels":{"a.b":"","a.b":"",'),
            "config",
            *DUPLICATES,
            "annotations.keys-unique",
        ),
    }
)


def _bare(*, has_blobs: bool) -> Layout:
    made = Layout()
    made.files["index.json"] = canonical(index())
    made.has_blobs = has_blobs
    return made
