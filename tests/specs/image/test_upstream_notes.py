"""Where upstream's schemas are known to let pass what the text forbids, or to refuse what it allows: ours are right on each."""

import base64
from typing import Any

import pytest

from specs.validation.finding import Finding, judged
from specs.validation.image import documents
from specs.verdicts import Level
from tests.specs.image.generated import GOOD, fresh
from tests.specs.image.layouts import CONFIG, EMPTY, INDEX, MANIFEST, sha256

DOCUMENTS = dict(GOOD)
LAST = ("manifests", 0)

FORBIDDEN: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "sha256 of three digits": (documents.DESCRIPTOR, ("digest", "sha256:abc"), "descriptor.digest.sha256-hex"),
    "sha256 in upper case": (documents.DESCRIPTOR, ("digest", "sha256:" + "AB" * 32), "descriptor.digest.sha256-hex-lower"),
    "size 2^63": (documents.DESCRIPTOR, ("size", 1 << 63), "descriptor.size.int64"),
    "size -2^63 - 1": (documents.DESCRIPTOR, ("size", -(1 << 63) - 1), "descriptor.size.int64"),
    "data @@@": (documents.DESCRIPTOR, ("data", "@@@"), "descriptor.data.base64"),
    "data without padding": (documents.DESCRIPTOR, ("data", "YQ"), "descriptor.data.base64"),
    "annotation without a name": (documents.MANIFEST, ("annotations", "", 5), "annotations.strings"),
    "annotation with a newline for a name": (documents.MANIFEST, ("annotations", "\n", 5), "annotations.strings"),
    "label without a name": (documents.CONFIG, ("config", "Labels", "", 5), "annotations.strings"),
    "label with a newline for a name": (documents.CONFIG, ("config", "Labels", "\n", 5), "annotations.strings"),
    "manifest that calls itself an index": (documents.MANIFEST, ("mediaType", INDEX), "manifest.mediaType.value"),
    "index that calls itself a manifest": (documents.INDEX, ("mediaType", MANIFEST), "index.mediaType.value"),
    "index entry with data 5": (documents.INDEX, (*LAST, "data", 5), "descriptor.data"),
    "index entry with data @@@": (documents.INDEX, (*LAST, "data", "@@@"), "descriptor.data.base64"),
    "index entry with artifactType 5": (documents.INDEX, (*LAST, "artifactType", 5), "descriptor.artifactType.rfc6838"),
    "index entry with artifactType foo": (documents.INDEX, (*LAST, "artifactType", "foo"), "descriptor.artifactType.rfc6838"),
    "Env without =": (documents.CONFIG, ("config", "Env", ["PATH"]), "config.Env.format"),
    "Env without a name": (documents.CONFIG, ("config", "Env", ["=a"]), "config.Env.format"),
    "diff_ids of rubbish": (documents.CONFIG, ("rootfs", "diff_ids", ["rubbish"]), "config.diffid.definition"),
    "Memory a string": (documents.CONFIG, ("config", "Memory", "1"), "config.Memory"),
    "CpuShares a string": (documents.CONFIG, ("config", "CpuShares", "1"), "config.CpuShares"),
    "Healthcheck a string": (documents.CONFIG, ("config", "Healthcheck", "x"), "config.Healthcheck"),
    "digest with a newline after it": (documents.DESCRIPTOR, ("digest", sha256(b"") + "\n"), "descriptor.digest.grammar"),
    "media type with a newline after it": (documents.DESCRIPTOR, ("mediaType", "a/b\n"), "descriptor.mediaType.rfc6838"),
    "url of rubbish": (documents.DESCRIPTOR, ("urls", ["http://[", "a b"]), "descriptor.urls.rfc3986"),
    "created of rubbish": (documents.CONFIG, ("created", "rubbish"), "config.created.rfc3339"),
    "history.created of rubbish": (documents.CONFIG, ("history", 0, "created", "rubbish"), "config.history.created"),
}
NOTED: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "port with a value": (
        documents.CONFIG,
        ("config", "ExposedPorts", {"80": {"a": 1}}),
        "config.ExposedPorts.empty-object-values",
    ),
    "volume with a value": (documents.CONFIG, ("config", "Volumes", {"/a": {"b": 1}}), "config.Volumes.empty-object-values"),
    "size -1": (documents.DESCRIPTOR, ("size", -1), "head.descriptor.size-non-negative"),
    "empty architecture": (documents.CONFIG, ("architecture", ""), "config.architecture.goarch-producer"),
    "empty os": (documents.CONFIG, ("os", ""), "config.os.goos-producer"),
    "platform.features": (documents.INDEX, (*LAST, "platform", "features", ["a"]), "index.platform.features-reserved"),
    "port http": (documents.CONFIG, ("config", "ExposedPorts", {"http": {}}), "config.ExposedPorts.key-format"),
    "StopSignal foo bar": (documents.CONFIG, ("config", "StopSignal", "foo bar"), "config.StopSignal.format"),
    "layers []": (documents.MANIFEST, ("layers", []), "manifest.layers.non-empty"),
    "imageLayoutVersion 1.0.1": (documents.LAYOUT, ("imageLayoutVersion", "1.0.1"), "layout.version.aligns"),
}
"""Odd, or advised against: said, below MUST."""
ALLOWED: dict[str, tuple[str, tuple[Any, ...]]] = {
    **{
        f"{'.'.join(map(str, place))} null": (documents.CONFIG, (*place, None))
        for place in (
            ("created",),
            ("author",),
            ("os.version",),
            ("os.features",),
            ("variant",),
            ("config",),
            ("history",),
            *(("config", name) for name in DOCUMENTS[documents.CONFIG]["config"]),
            *(("history", 0, name) for name in DOCUMENTS[documents.CONFIG]["history"][0]),
        )
    },
    "size 1.0": (documents.DESCRIPTOR, ("size", 1.0)),
    "lower-case letters in a time": (documents.CONFIG, ("created", "2024-02-29t23:59:60.5z")),
    "relative reference as url": (documents.DESCRIPTOR, ("urls", ["a/b"])),
}


def _edited(media_type: str, edit: tuple[Any, ...]) -> Any:
    document = fresh(DOCUMENTS[media_type])
    *way, name, value = edit
    holder = document
    for step in way:
        holder = holder[step]
    holder[name] = value
    return document


def _findings(value: Any, media_type: str) -> list[Finding]:
    return judged("", documents.judge(value, media_type))


def _broken(value: Any, media_type: str) -> set[str]:
    return {each.requirement for each in _findings(value, media_type) if each.level is Level.MUST}


@pytest.mark.parametrize("media_type", DOCUMENTS)
def test_the_documents_that_are_edited_break_nothing(media_type: str) -> None:
    assert _broken(DOCUMENTS[media_type], media_type) == set()


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_the_text_forbids_is_found(name: str) -> None:
    media_type, edit, requirement = FORBIDDEN[name]
    assert _broken(_edited(media_type, edit), media_type) == {requirement}


@pytest.mark.parametrize("name", NOTED)
def test_what_is_odd_is_said_without_reproach(name: str) -> None:
    media_type, edit, requirement = NOTED[name]
    found = _findings(_edited(media_type, edit), media_type)
    assert requirement in {each.requirement for each in found}
    assert Level.MUST not in {each.level for each in found}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_the_text_allows_is_not_refused(name: str) -> None:
    media_type, edit = ALLOWED[name]
    assert _broken(_edited(media_type, edit), media_type) == set()


def test_an_empty_config_needs_an_artifact_type() -> None:
    manifest = _edited(documents.MANIFEST, ("config", {"mediaType": EMPTY, "digest": sha256(b"{}"), "size": 2}))
    assert _broken(manifest, documents.MANIFEST) == set()
    del manifest["artifactType"]
    assert _broken(manifest, documents.MANIFEST) == {
        "manifest.artifactType.with-empty-config",
        "manifest.artifact.empty-config-needs-type",
    }


def test_layers_may_be_absent() -> None:
    manifest = fresh(DOCUMENTS[documents.MANIFEST])
    del manifest["layers"]
    assert _broken(manifest, documents.MANIFEST) == set()


def test_a_document_with_layers_and_manifests_is_said_to_be_odd() -> None:
    found = _findings(_edited(documents.MANIFEST, ("manifests", [])), documents.MANIFEST)
    assert any("some for an index" in each.message for each in found)


def test_config_platform_is_not_judged() -> None:
    """No statement gives the config descriptor a platform of any form."""
    assert _broken(_edited(documents.MANIFEST, ("config", "platform", 5)), documents.MANIFEST) == set()


def test_embedded_data_is_standard_base64() -> None:
    data = base64.b64encode(b"any bytes?").decode()
    assert _broken(_edited(documents.DESCRIPTOR, ("data", data)), documents.DESCRIPTOR) == set()
    assert _broken(_edited(documents.DESCRIPTOR, ("mediaType", CONFIG)), documents.DESCRIPTOR) == set()
