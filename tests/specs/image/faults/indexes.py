"""Faults of the index."""

from collections.abc import Mapping
from types import MappingProxyType

from tests.specs.image.faults.edits import Fault, _entries, _file, _top, drop, put
from tests.specs.image.faults.manifests import ANNOTATED
from tests.specs.image.layouts import INDEX, MANIFEST, REF_NAME

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
