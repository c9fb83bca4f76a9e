"""Edits of a document, and layouts made with one of them."""

import gzip
import hashlib
import json
import tarfile
from collections.abc import Callable
from typing import Any

from tests.specs.image.layouts import BASE, EMPTY, MANIFEST, Edit, Layout, archive, canonical, image, index, layout, sha256

Fault = tuple[Callable[[], Layout], set[str]]

NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
DUPLICATES = {"head.json.no-duplicate-names", "considerations.canonical-json"}


def put(*steps: Any) -> Edit:
    """Set the value at `steps`, all but the last of which lead there."""

    def edit(document: Any) -> None:
        *way, name, value = steps
        for step in way:
            document = document[step]
        document[name] = value

    return edit


def drop(*steps: Any) -> Edit:
    def edit(document: Any) -> None:
        *way, name = steps
        for step in way:
            document = document[step]
        del document[name]

    return edit


def both(*edits: Edit) -> Edit:
    def edit(document: Any) -> None:
        for each in edits:
            each(document)

    return edit


def _config(edit: Edit, *broken: str) -> Fault:
    return lambda: layout(config=edit), set(broken)


def _manifest(edit: Edit, *broken: str) -> Fault:
    return lambda: layout(manifest=edit), set(broken)


def _top(edit: Edit, *broken: str) -> Fault:
    return lambda: layout(top=edit), set(broken)


def _file(name: str, data: bytes | None, *broken: str) -> Fault:
    def make() -> Layout:
        made = layout()
        made.files.pop(name, None)
        if data is not None:
            made.files[name] = data
        return made

    return make, set(broken)


def _layer(*members: tuple[tarfile.TarInfo, bytes], broken: tuple[str, ...]) -> Fault:
    return lambda: layout(archives=[BASE, archive(*members)]), set(broken)


def _bytes(data: bytes, *broken: str, suffix: str = "") -> Fault:
    """Give a layer that is no archive, or not packed as its type says."""
    return lambda: layout(archives=[data], pack=lambda each: each, suffix=suffix), set(broken)


def _text(change: Callable[[bytes], bytes], which: str, *broken: str) -> Fault:
    """Change the JSON text of one document, digests following."""

    def make() -> Layout:
        made = Layout()
        texts: dict[str, bytes] = {}
        plain = layout()
        for place, data in plain.files.items():
            if b'"schemaVersion"' in data and place.startswith("blobs"):
                texts["manifest"] = data
            elif b'"rootfs"' in data:
                texts["config"] = data
            else:
                made.files[place] = data
        texts["index"] = plain.files["index.json"]
        _relink(made, texts, change, which)
        return made

    return make, set(broken)


def _relink(made: Layout, texts: dict[str, bytes], change: Callable[[bytes], bytes], which: str) -> None:
    names = {}
    for name, above in (("config", "manifest"), ("manifest", "index")):
        old, new = texts[name], change(texts[name]) if which == name else texts[name]
        names[name] = new
        made.files["blobs/" + sha256(new).replace(":", "/")] = new
        document = json.loads(texts[above])
        below = document["config"] if name == "config" else document["manifests"][0]
        assert (new != old) == (which == name)
        below.update(digest=sha256(new), size=len(new))
        texts[above] = canonical(document)
    made.files["index.json"] = change(texts["index"]) if which == "index" else texts["index"]


def _blob(edit: Callable[[Layout, str], None], *broken: str) -> Fault:
    """Change the file of the image's first layer after its digest was taken."""

    def make() -> Layout:
        made = layout()
        edit(made, "blobs/" + sha256(gzip.compress(BASE, mtime=0)).replace(":", "/"))
        return made

    return make, set(broken)


def _stray(place: str, data: bytes, *broken: str) -> Fault:
    return _file(place, data, *broken)


def _upper(made: Layout) -> None:
    data = b"unreferenced"
    made.files["blobs/sha256/" + hashlib.sha256(data).hexdigest().upper()] = data


def _with(edit: Callable[[Layout], None], *broken: str) -> Fault:
    def make() -> Layout:
        made = layout()
        edit(made)
        return made

    return make, set(broken)


def _entries(edit: Callable[[Layout], list[dict[str, Any]]], *broken: str) -> Fault:
    """Give a layout whose index has more entries, made by `edit`."""

    def make() -> Layout:
        made = Layout()
        first = image(made)
        made.files["index.json"] = canonical(index(first, *edit(made)))
        return made

    return make, set(broken)


def _artifact(made: Layout, **edits: Any) -> dict[str, Any]:
    empty = made.blob(b"{}", EMPTY)
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/x.a",
        "config": empty,
        "layers": [empty],
        **edits,
    }
    return made.document({name: value for name, value in document.items() if value is not None}, MANIFEST)


def _based(made: Layout, below: list[bytes]) -> list[dict[str, Any]]:
    base = image(made, archives=below)
    return [base, image(made, manifest=put("annotations", "org.opencontainers.image.base.digest", base["digest"]))]


def _fixed(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.USTAR_FORMAT)
