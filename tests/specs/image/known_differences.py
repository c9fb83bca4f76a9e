"""Where our judgement and upstream's schemas of image-spec 1.1.1 differ, place by place, and why.

Each line has a sample that shows the difference: a value put into one of the documents of `generated.GOOD`.
"""

from typing import Any, NamedTuple

from specs.validation.image.documents import CONFIG, DESCRIPTOR, INDEX, LAYOUT, MANIFEST

MISSING = object()
"""The sample is the document without what is there."""
UPPER_SHA256 = "sha256:" + "A" * 64
UPPER_SHA512 = "sha512:" + "A" * 128

Line = tuple[str, str, str, tuple[str | int, ...], Any]
"""Media type, JSON path, what only one side finds there, where the sample goes, the sample."""


class Known(NamedTuple):
    """Differences with one reason."""

    reason: str
    lines: tuple[Line, ...]


ONLY_OURS = (
    Known(
        "Their pattern for the names of a map, `.{1,}`, does not reach the empty name: its value is not looked at.",
        (
            (CONFIG, '$.config.ExposedPorts[""]', "config.ExposedPorts.empty-object-values", ("config", "ExposedPorts"), {"": 1}),
            (CONFIG, '$.config.Labels[""]', "annotations.strings", ("config", "Labels"), {"": 1}),
            (CONFIG, '$.config.Volumes[""]', "config.Volumes.empty-object-values", ("config", "Volumes"), {"": 1}),
            (DESCRIPTOR, '$.annotations[""]', "annotations.strings", ("annotations",), {"": 1}),
            (INDEX, '$.annotations[""]', "annotations.strings", ("annotations",), {"": 1}),
            (INDEX, '$.manifests[].annotations[""]', "annotations.strings", ("manifests", 0, "annotations"), {"": 1}),
            (INDEX, '$.subject.annotations[""]', "annotations.strings", ("subject", "annotations"), {"": 1}),
            (MANIFEST, '$.annotations[""]', "annotations.strings", ("annotations",), {"": 1}),
            (MANIFEST, '$.config.annotations[""]', "annotations.strings", ("config", "annotations"), {"": 1}),
            (MANIFEST, '$.layers[].annotations[""]', "annotations.strings", ("layers", 0, "annotations"), {"": 1}),
            (MANIFEST, '$.subject.annotations[""]', "annotations.strings", ("subject", "annotations"), {"": 1}),
        ),
    ),
    Known(
        "They know the grammar of digests, not what sha256 and sha512 make of the encoded part.",
        (
            (DESCRIPTOR, "$.digest", "descriptor.digest.sha256-hex", ("digest",), "sha256:abc"),
            (DESCRIPTOR, "$.digest", "descriptor.digest.sha256-hex-lower", ("digest",), UPPER_SHA256),
            (DESCRIPTOR, "$.digest", "descriptor.digest.sha512-hex", ("digest",), "sha512:abc"),
            (DESCRIPTOR, "$.digest", "descriptor.digest.sha512-hex-lower", ("digest",), UPPER_SHA512),
            (INDEX, "$.manifests[].digest", "descriptor.digest.sha256-hex", ("manifests", 0, "digest"), "sha256:abc"),
            (INDEX, "$.manifests[].digest", "descriptor.digest.sha256-hex-lower", ("manifests", 0, "digest"), UPPER_SHA256),
            (INDEX, "$.manifests[].digest", "descriptor.digest.sha512-hex", ("manifests", 0, "digest"), "sha512:abc"),
            (INDEX, "$.manifests[].digest", "descriptor.digest.sha512-hex-lower", ("manifests", 0, "digest"), UPPER_SHA512),
            (INDEX, "$.subject.digest", "descriptor.digest.sha256-hex", ("subject", "digest"), "sha256:abc"),
            (INDEX, "$.subject.digest", "descriptor.digest.sha256-hex-lower", ("subject", "digest"), UPPER_SHA256),
            (INDEX, "$.subject.digest", "descriptor.digest.sha512-hex", ("subject", "digest"), "sha512:abc"),
            (INDEX, "$.subject.digest", "descriptor.digest.sha512-hex-lower", ("subject", "digest"), UPPER_SHA512),
            (MANIFEST, "$.config.digest", "descriptor.digest.sha256-hex", ("config", "digest"), "sha256:abc"),
            (MANIFEST, "$.config.digest", "descriptor.digest.sha256-hex-lower", ("config", "digest"), UPPER_SHA256),
            (MANIFEST, "$.config.digest", "descriptor.digest.sha512-hex", ("config", "digest"), "sha512:abc"),
            (MANIFEST, "$.config.digest", "descriptor.digest.sha512-hex-lower", ("config", "digest"), UPPER_SHA512),
            (MANIFEST, "$.layers[].digest", "descriptor.digest.sha256-hex", ("layers", 0, "digest"), "sha256:abc"),
            (MANIFEST, "$.layers[].digest", "descriptor.digest.sha256-hex-lower", ("layers", 0, "digest"), UPPER_SHA256),
            (MANIFEST, "$.layers[].digest", "descriptor.digest.sha512-hex", ("layers", 0, "digest"), "sha512:abc"),
            (MANIFEST, "$.layers[].digest", "descriptor.digest.sha512-hex-lower", ("layers", 0, "digest"), UPPER_SHA512),
            (MANIFEST, "$.subject.digest", "descriptor.digest.sha256-hex", ("subject", "digest"), "sha256:abc"),
            (MANIFEST, "$.subject.digest", "descriptor.digest.sha256-hex-lower", ("subject", "digest"), UPPER_SHA256),
            (MANIFEST, "$.subject.digest", "descriptor.digest.sha512-hex", ("subject", "digest"), "sha512:abc"),
            (MANIFEST, "$.subject.digest", "descriptor.digest.sha512-hex-lower", ("subject", "digest"), UPPER_SHA512),
        ),
    ),
    Known(
        "Any string passes as a DiffID, which the text gives the form of a digest.",
        (
            (CONFIG, "$.rootfs.diff_ids[]", "config.diffid.definition", ("rootfs", "diff_ids"), ["a"]),
            (CONFIG, "$.rootfs.diff_ids[]", "descriptor.digest.sha256-hex", ("rootfs", "diff_ids", 0), "sha256:abc"),
            (CONFIG, "$.rootfs.diff_ids[]", "descriptor.digest.sha256-hex-lower", ("rootfs", "diff_ids", 0), UPPER_SHA256),
            (CONFIG, "$.rootfs.diff_ids[]", "descriptor.digest.sha512-hex", ("rootfs", "diff_ids", 0), "sha512:abc"),
            (CONFIG, "$.rootfs.diff_ids[]", "descriptor.digest.sha512-hex-lower", ("rootfs", "diff_ids", 0), UPPER_SHA512),
        ),
    ),
    Known(
        "Their `media` keyword judges nothing; the text wants standard base64.",
        (
            (DESCRIPTOR, "$.data", "descriptor.data.base64", ("data",), "a"),
            (INDEX, "$.manifests[].data", "descriptor.data.base64", ("manifests", 0, "data"), "a"),
            (INDEX, "$.subject.data", "descriptor.data.base64", ("subject", "data"), "a"),
            (MANIFEST, "$.config.data", "descriptor.data.base64", ("config", "data"), "a"),
            (MANIFEST, "$.layers[].data", "descriptor.data.base64", ("layers", 0, "data"), "a"),
            (MANIFEST, "$.subject.data", "descriptor.data.base64", ("subject", "data"), "a"),
        ),
    ),
    Known(
        "Their bound is rounded to 9223372036854776000; the property is an int64.",
        (
            (DESCRIPTOR, "$.size", "descriptor.size.int64", ("size",), 1 << 63),
            (INDEX, "$.manifests[].size", "descriptor.size.int64", ("manifests", 0, "size"), 1 << 63),
            (INDEX, "$.subject.size", "descriptor.size.int64", ("subject", "size"), 1 << 63),
            (MANIFEST, "$.config.size", "descriptor.size.int64", ("config", "size"), 1 << 63),
            (MANIFEST, "$.layers[].size", "descriptor.size.int64", ("layers", 0, "size"), 1 << 63),
            (MANIFEST, "$.subject.size", "descriptor.size.int64", ("subject", "size"), 1 << 63),
        ),
    ),
    Known(
        "Entries of an index are written out in their schema, without `data` and `artifactType`.",
        (
            (INDEX, "$.manifests[].artifactType", "descriptor.artifactType.rfc6838", ("manifests", 0, "artifactType"), True),
            (INDEX, "$.manifests[].data", "descriptor.data", ("manifests", 0, "data"), True),
        ),
    ),
    Known(
        "Any media type passes where the text allows one.",
        (
            (INDEX, "$.mediaType", "index.mediaType.value", ("mediaType",), "application/vnd.oci.empty.v1+json"),
            (MANIFEST, "$.mediaType", "manifest.mediaType.value", ("mediaType",), "application/vnd.oci.empty.v1+json"),
        ),
    ),
    Known(
        "Any string passes; the text gives the form NAME=VALUE.",
        ((CONFIG, "$.config.Env[]", "config.Env.format", ("config", "Env"), ["a"]),),
    ),
    Known(
        "Reserved properties are missing from their schema; the text gives each its type.",
        (
            (CONFIG, "$.config.CpuShares", "config.CpuShares", ("config", "CpuShares"), True),
            (CONFIG, "$.config.Healthcheck", "config.Healthcheck", ("config", "Healthcheck"), True),
            (CONFIG, "$.config.Memory", "config.Memory", ("config", "Memory"), True),
            (CONFIG, "$.config.MemorySwap", "config.MemorySwap", ("config", "MemorySwap"), True),
        ),
    ),
)
"""What only we refuse: requirements."""

ONLY_THEIRS = (
    Known(
        "The text lets every optional property be null, which is the same as absent.",
        (
            (CONFIG, "$.author", "type", ("author",), None),
            (CONFIG, "$.config", "type", ("config",), None),
            (CONFIG, "$.config.ArgsEscaped", "type", ("config", "ArgsEscaped"), None),
            (CONFIG, "$.config.Env", "type", ("config", "Env"), None),
            (CONFIG, "$.config.ExposedPorts", "type", ("config", "ExposedPorts"), None),
            (CONFIG, "$.config.StopSignal", "type", ("config", "StopSignal"), None),
            (CONFIG, "$.config.User", "type", ("config", "User"), None),
            (CONFIG, "$.config.WorkingDir", "type", ("config", "WorkingDir"), None),
            (CONFIG, "$.created", "type", ("created",), None),
            (CONFIG, "$.history", "type", ("history",), None),
            (CONFIG, "$.history[].author", "type", ("history", 0, "author"), None),
            (CONFIG, "$.history[].comment", "type", ("history", 0, "comment"), None),
            (CONFIG, "$.history[].created", "type", ("history", 0, "created"), None),
            (CONFIG, "$.history[].created_by", "type", ("history", 0, "created_by"), None),
            (CONFIG, "$.history[].empty_layer", "type", ("history", 0, "empty_layer"), None),
            (CONFIG, "$.variant", "type", ("variant",), None),
            (CONFIG, '$["os.features"]', "type", ("os.features",), None),
            (CONFIG, '$["os.version"]', "type", ("os.version",), None),
        ),
    ),
    Known(
        "Whether null stands for absence is not said here: we record it, they refuse it.",
        (
            (DESCRIPTOR, "$.artifactType", "type", ("artifactType",), None),
            (DESCRIPTOR, "$.data", "type", ("data",), None),
            (DESCRIPTOR, "$.urls", "type", ("urls",), None),
            (INDEX, "$.artifactType", "type", ("artifactType",), None),
            (INDEX, "$.manifests[].platform", "type", ("manifests", 0, "platform"), None),
            (INDEX, "$.manifests[].platform.variant", "type", ("manifests", 0, "platform", "variant"), None),
            (INDEX, '$.manifests[].platform["os.features"]', "type", ("manifests", 0, "platform", "os.features"), None),
            (INDEX, '$.manifests[].platform["os.version"]', "type", ("manifests", 0, "platform", "os.version"), None),
            (INDEX, "$.manifests[].urls", "type", ("manifests", 0, "urls"), None),
            (INDEX, "$.subject", "type", ("subject",), None),
            (INDEX, "$.subject.artifactType", "type", ("subject", "artifactType"), None),
            (INDEX, "$.subject.data", "type", ("subject", "data"), None),
            (INDEX, "$.subject.urls", "type", ("subject", "urls"), None),
            (MANIFEST, "$.artifactType", "type", ("artifactType",), None),
            (MANIFEST, "$.config.artifactType", "type", ("config", "artifactType"), None),
            (MANIFEST, "$.config.data", "type", ("config", "data"), None),
            (MANIFEST, "$.config.urls", "type", ("config", "urls"), None),
            (MANIFEST, "$.layers[].artifactType", "type", ("layers", 0, "artifactType"), None),
            (MANIFEST, "$.layers[].data", "type", ("layers", 0, "data"), None),
            (MANIFEST, "$.layers[].urls", "type", ("layers", 0, "urls"), None),
            (MANIFEST, "$.subject", "type", ("subject",), None),
            (MANIFEST, "$.subject.artifactType", "type", ("subject", "artifactType"), None),
            (MANIFEST, "$.subject.data", "type", ("subject", "data"), None),
            (MANIFEST, "$.subject.urls", "type", ("subject", "urls"), None),
        ),
    ),
    Known(
        "Conforming to RFC 3986 can be read as URI or as reference: a relative one is not judged.",
        (
            (DESCRIPTOR, "$.urls[]", "format", ("urls",), ["a/b"]),
            (INDEX, "$.manifests[].urls[]", "format", ("manifests", 0, "urls"), ["a/b"]),
            (INDEX, "$.subject.urls[]", "format", ("subject", "urls"), ["a/b"]),
            (MANIFEST, "$.config.urls[]", "format", ("config", "urls"), ["a/b"]),
            (MANIFEST, "$.layers[].urls[]", "format", ("layers", 0, "urls"), ["a/b"]),
            (MANIFEST, "$.subject.urls[]", "format", ("subject", "urls"), ["a/b"]),
        ),
    ),
    Known(
        "The text only shows 1.0.0 in an example, and names no type: recorded.",
        (
            (LAYOUT, "$.imageLayoutVersion", "enum", ("imageLayoutVersion",), "1.0.1"),
            (LAYOUT, "$.imageLayoutVersion", "type", ("imageLayoutVersion",), 1),
        ),
    ),
    Known(
        "layers is called neither REQUIRED nor OPTIONAL, and SHOULD have an entry.",
        (
            (MANIFEST, "$", "required", ("layers",), MISSING),
            (MANIFEST, "$.layers", "minItems", ("layers",), []),
        ),
    ),
)
"""What only upstream refuses: keywords."""
