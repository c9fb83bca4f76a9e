"""Layouts with one fault each, and exactly the requirements that are then broken."""

import base64
import gzip
import hashlib
import json
import tarfile
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tests.specs.image.layouts import (
    BASE,
    CHANGE,
    EMPTY,
    INDEX,
    MANIFEST,
    REF_NAME,
    Edit,
    Layout,
    archive,
    canonical,
    image,
    index,
    layout,
    member,
    sha256,
)

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


SECOND = ("history", 1)
CONFIG_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "config no object": _text(lambda _: b"[]", "config", "config.mediatype"),
        "no architecture": _config(drop("architecture"), "config.architecture"),
        "architecture a number": _config(put("architecture", 1), "config.architecture"),
        "architecture unknown to Go": _config(put("architecture", "x86_64"), "config.architecture.goarch-producer"),
        "no os": _config(drop("os"), "config.os"),
        "os unknown to Go": _config(put("os", "gnu"), "config.os.goos-producer"),
        "os.version a number": _config(put("os.version", 10), "config.os-version"),
        "os.features a string": _config(put("os.features", "win32k"), "config.os-features"),
        "os.features of windows": _config(
            both(put("os", "windows"), put("os.features", ["win64"])), "config.os-features.win32k-producer"
        ),
        "variant a number": _config(put("variant", 8), "config.variant"),
        "variant not in the table": _config(put("variant", "core2"), "config.variant.table-producer"),
        "created a number": _config(put("created", 5), "config.created"),
        "created no date": _config(put("created", "2023-02-29T12:00:00Z"), "config.created.rfc3339"),
        "author a list": _config(put("author", []), "config.author"),
        "config a list": _config(put("config", []), "config.config"),
        "User a number": _config(put("config", "User", 0), "config.User"),
        "ExposedPorts a list": _config(put("config", "ExposedPorts", ["80"]), "config.ExposedPorts"),
        "port of a name": _config(put("config", "ExposedPorts", "http", {}), "config.ExposedPorts.key-format"),
        "port with a value": _config(
            put("config", "ExposedPorts", "80/tcp", {"a": 1}), "config.ExposedPorts.empty-object-values"
        ),
        "Env a string": _config(put("config", "Env", "A=B"), "config.Env"),
        "Env without =": _config(put("config", "Env", ["A"]), "config.Env.format"),
        "Env without a name": _config(put("config", "Env", ["=A"]), "config.Env.format"),
        "Entrypoint a string": _config(put("config", "Entrypoint", "sh"), "config.Entrypoint"),
        "Cmd of numbers": _config(put("config", "Cmd", [1]), "config.Cmd"),
        "Volumes a list": _config(put("config", "Volumes", ["/a"]), "config.Volumes"),
        "volume with a value": _config(put("config", "Volumes", {"/a": {"b": 1}}), "config.Volumes.empty-object-values"),
        "WorkingDir a number": _config(put("config", "WorkingDir", 1), "config.WorkingDir"),
        "Labels a list": _config(put("config", "Labels", []), "config.Labels"),
        "label a number": _config(put("config", "Labels", "com.example.a", 1), "annotations.strings"),
        "label null": _config(put("config", "Labels", "com.example.a", None), "annotations.value-present"),
        "StopSignal a number": _config(put("config", "StopSignal", 9), "config.StopSignal"),
        "StopSignal of two words": _config(put("config", "StopSignal", "foo bar"), "config.StopSignal.format"),
        "ArgsEscaped a string": _config(put("config", "ArgsEscaped", "true"), "config.ArgsEscaped"),
        "ArgsEscaped used": _config(lambda config: config["config"].update(ArgsEscaped=True), "config.ArgsEscaped.deprecated"),
        "Memory a string": _config(put("config", "Memory", "1"), "config.Memory"),
        "MemorySwap a string": _config(put("config", "MemorySwap", "1"), "config.MemorySwap"),
        "CpuShares a string": _config(put("config", "CpuShares", "1"), "config.CpuShares"),
        "Healthcheck a string": _config(put("config", "Healthcheck", "x"), "config.Healthcheck"),
        "rootfs a list": _config(put("rootfs", []), "config.rootfs"),
        "no rootfs.type": _config(drop("rootfs", "type"), "config.rootfs.type"),
        "rootfs.type unknown": _config(put("rootfs", "type", "tree"), "config.rootfs.type-layers"),
        "diff_ids a string": _config(put("rootfs", "diff_ids", "x"), "config.rootfs.diff_ids"),
        "a DiffID too few": _config(both(drop("rootfs", "diff_ids", 1), drop(*SECOND)), "config.rootfs.diff_ids-order"),
        "DiffID of another layer": _config(put("rootfs", "diff_ids", 1, sha256(b"")), "config.diffid.definition"),
        "DiffID of the packed layer": _config(
            put("rootfs", "diff_ids", 0, sha256(gzip.compress(BASE, mtime=0))), "config.diffid.definition"
        ),
        "DiffID no digest": _config(put("rootfs", "diff_ids", 0, "rubbish"), "config.diffid.definition"),
        "DiffIDs reversed": _config(
            put("rootfs", "diff_ids", [sha256(CHANGE), sha256(BASE)]), "manifest.layers.base-first", "manifest.layers.stack-order"
        ),
        "history an object": _config(put("history", {}), "config.history"),
        "history of numbers": _config(put("history", [1]), "config.history"),
        "history.created no date": _config(put("history", 0, "created", "yesterday"), "config.history.created"),
        "history.author a number": _config(put("history", 0, "author", 1), "config.history.author"),
        "history.created_by a list": _config(put("history", 0, "created_by", []), "config.history.created_by"),
        "history.comment a number": _config(put("history", 0, "comment", 1), "config.history.comment"),
        "history.empty_layer a string": _config(
            put("history", 2, "empty_layer", "yes"), "config.history.empty_layer", "config.history.empty_layer-meaning"
        ),
        "history of one layer more": _config(put("history", 2, {}), "config.history.empty_layer-meaning"),
    }
)

ANNOTATED = "annotations"
MANIFEST_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "manifest no object": _text(lambda _: b"[]", "manifest", "manifest.mediatype-doc"),
        "no schemaVersion": _manifest(drop("schemaVersion"), "manifest.schemaVersion"),
        "schemaVersion 1": _manifest(put("schemaVersion", 1), "manifest.schemaVersion.2"),
        "schemaVersion a string": _manifest(put("schemaVersion", "2"), "manifest.schemaVersion.2"),
        "no mediaType": _manifest(drop("mediaType"), "manifest.mediaType.use"),
        "mediaType of an index": _manifest(put("mediaType", INDEX), "manifest.mediaType.value"),
        "artifactType null": _manifest(put("artifactType", None), "manifest.artifactType"),
        "artifactType no type": _manifest(
            put("artifactType", "a"), "manifest.artifactType.rfc6838", "artifacts.config-mediatype-not-image"
        ),
        "no config": _manifest(drop("config"), "manifest.config"),
        "config a string": _manifest(put("config", "x"), "manifest.config"),
        "two configs": _manifest(put("config", []), "manifest.config", "mediatypes.relations"),
        "config type no type": _manifest(
            put("config", "mediaType", "a b"), "manifest.config.other-rfc6838", "descriptor.mediaType.rfc6838"
        ),
        "config type of Docker": _manifest(
            put("config", "mediaType", "application/vnd.docker.container.image.v1+json"), "manifest.config.portable"
        ),
        "layers null": _manifest(put("layers", None), "manifest.layers.descriptors"),
        "a layer no object": _manifest(put("layers", 0, "x"), "manifest.layers.descriptors"),
        "no layers in the array": (
            lambda: layout(archives=[]),
            {"manifest.layers.non-empty"},
        ),
        "layer type no type": _manifest(
            put("layers", 0, "mediaType", "a/"), "manifest.layers.other-rfc6838", "descriptor.mediaType.rfc6838"
        ),
        "layer type of Docker": _manifest(
            put("layers", 0, "mediaType", "application/vnd.docker.image.rootfs.diff.tar.gzip"), "manifest.layers.portable"
        ),
        "subject a string": _manifest(put("subject", "x"), "manifest.subject"),
        "annotations null": _manifest(put(ANNOTATED, None), "annotations.empty-absent-or-map"),
        "annotations a list": _manifest(put(ANNOTATED, []), "annotations.is-map"),
        "annotation a number": _manifest(put(ANNOTATED, "com.example.a", 1), "annotations.strings"),
        "annotation null": _manifest(put(ANNOTATED, "com.example.a", None), "annotations.value-present"),
        "annotation of one word": _manifest(
            put(ANNOTATED, "word", ""), "annotations.keys-namespaced", "annotations.keys-reverse-dns"
        ),
        "annotation of a path": _manifest(put(ANNOTATED, "a/b", ""), "annotations.keys-reverse-dns"),
        "reserved prefix": _manifest(put(ANNOTATED, "org.opencontainers.mine", ""), "annotations.reserved.opencontainers"),
        "image's own prefix": _manifest(put(ANNOTATED, "org.opencontainers.image.mine", ""), "annotations.reserved.image"),
        "annotation created": _manifest(
            put(ANNOTATED, "org.opencontainers.image.created", "today"), "annotations.created.rfc3339"
        ),
        "annotation licenses": _manifest(
            put(ANNOTATED, "org.opencontainers.image.licenses", "Apache License"), "annotations.licenses.spdx"
        ),
        "annotation base.digest": _manifest(
            put(ANNOTATED, "org.opencontainers.image.base.digest", "x"), "annotations.base-digest.format"
        ),
        "annotation base.name": _manifest(
            put(ANNOTATED, "org.opencontainers.image.base.name", "h.org/A"), "annotations.base-name.format"
        ),
        "base.name without a host": _manifest(
            put(ANNOTATED, "org.opencontainers.image.base.name", "a/b"), "annotations.base-name.fully-qualified"
        ),
        "empty config without artifactType": _entries(
            lambda made: [_artifact(made, artifactType=None)],
            "manifest.artifactType.with-empty-config",
            "manifest.artifact.empty-config-needs-type",
        ),
        "artifact without a layer": _entries(
            lambda made: [_artifact(made, layers=[])], "manifest.artifact.dummy-layer", "manifest.layers.non-empty"
        ),
        "artifact with the image config": _manifest(
            put("artifactType", "application/x.a"), "artifacts.config-mediatype-not-image"
        ),
        "empty type with other bytes": _entries(
            lambda made: [_artifact(made, layers=[made.blob(b"[]", EMPTY)])], "manifest.empty-descriptor.payload"
        ),
        "manifest that does not hold its base": _entries(
            lambda made: _based(made, [CHANGE]), "annotations.base-digest.immediate"
        ),
    }
)

ENTRY = ("manifests", 0)
MULTIHASH = "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"
INDEX_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "no schemaVersion": _top(drop("schemaVersion"), "index.schemaVersion"),
        "schemaVersion 3": _top(put("schemaVersion", 3), "index.schemaVersion.2"),
        "no mediaType": _top(drop("mediaType"), "index.mediaType.use"),
        "mediaType of a manifest": _top(put("mediaType", MANIFEST), "index.mediaType.value"),
        "artifactType null": _top(put("artifactType", None), "index.artifactType"),
        "artifactType a number": _top(put("artifactType", 1), "index.artifactType.rfc6838"),
        "no manifests": _file(
            "index.json",
            b'{"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}',
            "index.manifests",
        ),
        "manifests null": _top(put("manifests", None), "index.manifests.present"),
        "entry a string": _top(put(*ENTRY, "x"), "index.manifests"),
        "entry of another type": _top(put(*ENTRY, "mediaType", "application/xml"), "index.manifests.mediaType.portable"),
        "platform null": _top(put(*ENTRY, "platform", None), "index.platform"),
        "no platform": _top(drop(*ENTRY, "platform"), "descriptor.platform-for-manifest", "index.platform.present-if-specific"),
        "no architecture": _top(drop(*ENTRY, "platform", "architecture"), "index.platform.architecture"),
        "architecture unknown to Go": _top(
            put(*ENTRY, "platform", "architecture", "i686"), "index.platform.architecture.producer"
        ),
        "no os": _top(drop(*ENTRY, "platform", "os"), "index.platform.os"),
        "os unknown to Go": _top(put(*ENTRY, "platform", "os", "Linux"), "index.platform.os.producer"),
        "os.version a number": _top(put(*ENTRY, "platform", "os.version", 1), "index.platform.os-version"),
        "os.features null": _top(put(*ENTRY, "platform", "os.features", None), "index.platform.os-features"),
        "os.features of windows": _top(
            put(*ENTRY, "platform", {"os": "windows", "architecture": "amd64", "os.features": ["x"]}),
            "index.platform.os-features.win32k-producer",
        ),
        "variant a number": _top(put(*ENTRY, "platform", "variant", 1), "index.platform.variant"),
        "variant not in the table": _top(
            put(*ENTRY, "platform", {"os": "linux", "architecture": "arm", "variant": "v5"}), "index.platform.variant.producer"
        ),
        "features used": _top(put(*ENTRY, "platform", "features", ["sse4"]), "index.platform.features-reserved"),
        "subject null": _top(put("subject", None), "index.subject"),
        "nested index no object": _entries(lambda made: [made.blob(b"[]", INDEX)], "index.mediatype-doc"),
        "ref.name of other characters": _top(
            put(*ENTRY, ANNOTATED, REF_NAME, "a b"), "annotations.refname.charset", "annotations.refname.grammar"
        ),
        "ref.name with two separators": _top(put(*ENTRY, ANNOTATED, REF_NAME, "a..b"), "annotations.refname.grammar"),
    }
)

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


LAYER_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "no archive": _bytes(b"x" * 1024, "layer.tar-archive"),
        "an archive that stops in a file": _bytes(_fixed(b"0", 4096) + b"x" * 512, "layer.tar-archive"),
        "an archive that stops in a header": _bytes(BASE[:700], "layer.tar-archive"),
        "a PAX header of rubbish": _bytes(_fixed(b"x", 4) + b"abc\n".ljust(512, b"\0"), "layer.tar-archive"),
        "no gzip": _bytes(BASE, "layer.plus-gzip", suffix="+gzip"),
        "gzip cut short": (
            lambda: layout(archives=[BASE], pack=lambda data: gzip.compress(data, mtime=0)[:-9]),
            {"layer.plus-gzip"},
        ),
        "gzip with a wrong checksum": (
            lambda: layout(archives=[BASE], pack=lambda data: gzip.compress(data, mtime=0)[:-8] + bytes(8)),
            {"layer.plus-gzip"},
        ),
        "two entries of one name": _layer(member("a"), member("b"), member("a"), broken=("layer.no-duplicates",)),
        "sparse by PAX": _layer(member("a", pax={"GNU.sparse.major": "1"}), broken=("layer.sparse",)),
        "sparse by GNU": (lambda: layout(archives=[_fixed(b"S", 0) + bytes(1024)]), {"layer.sparse"}),
        "whiteout with content": _layer(member("etc/.wh.a", b"x"), broken=("layer.whiteout.empty-file",)),
        "whiteout a directory": _layer(member("etc/.wh.a", kind=tarfile.DIRTYPE), broken=("layer.whiteout.regular-type",)),
        "whiteout after a directory": _layer(
            member("etc/d", kind=tarfile.DIRTYPE), member("etc/.wh.a"), broken=("layer.whiteout.order-first",)
        ),
        "opaque whiteout": _layer(member("etc/.wh..wh..opq"), broken=("layer.whiteout.explicit-generate",)),
    }
)

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


ALL: Mapping[str, Mapping[str, Fault]] = MappingProxyType(
    {
        "config": CONFIG_FAULTS,
        "manifest": MANIFEST_FAULTS,
        "index": INDEX_FAULTS,
        "descriptor": DESCRIPTOR_FAULTS,
        "layer": LAYER_FAULTS,
        "layout": LAYOUT_FAULTS,
    }
)
