"""Faults of the manifest."""

from collections.abc import Mapping
from types import MappingProxyType

from tests.specs.image.faults.edits import Fault, _artifact, _based, _entries, _manifest, _text, drop, put
from tests.specs.image.layouts import CHANGE, EMPTY, INDEX, layout

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
