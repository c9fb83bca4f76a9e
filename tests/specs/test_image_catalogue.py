"""The image spec's part of the catalogue: it is whole, its anchors are real, and what can be read in two ways is marked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from specs.catalogue import Requirement, load

INVENTORY = Path(__file__).parents[3] / "shared" / "inventory" / "image-spec.tsv"
HEADINGS = frozenset((Path(__file__).parent / "anchors-image-1.1.1.txt").read_text(encoding="utf-8").split())
UNRELEASED_HEADINGS = frozenset({"descriptor.md#blake3"})
"""Headings that no release has yet."""

AMBIGUITIES: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        1: ("descriptor.digest.verify-untrusted", "descriptor.verify.before-consume", "descriptor.digest.sha256-implement"),
        2: ("conversion.user.unknown-error",),
        3: ("config.User.no-group-defaults", "conversion.user.no-additional-when-numeric-or-group"),
        4: ("descriptor.artifactType.config-type",),
        5: ("descriptor.platform-for-manifest",),
        6: ("manifest.layers.non-empty",),
        7: ("manifest.layers.portable",),
        8: ("config.Labels.annotation-rules",),
        9: ("config.null-optional.any-optional", "head.config.config-omitted"),
        10: ("layout.refname.no-semantics", "annotations.refname.grammar"),
        11: ("layout.index-json.unknown-type-no-error",),
        12: ("layout.version.aligns",),
        13: ("layout.blobs.name-charset",),
        14: ("layout.blobs.content-match-example",),
        15: ("descriptor.urls",),
        16: ("manifest.config.other-rfc6838", "manifest.layers.other-rfc6838"),
        17: ("descriptor.digest.unknown-alg-valid",),
        18: ("descriptor.data.verify",),
        19: ("layer.apply.dir-over-dir",),
        20: ("layer.apply.no-whiteouts",),
        21: ("layer.create.relative-paths",),
        22: ("layer.whiteout.order-first",),
        23: ("layer.create.entirety", "layer.create.parents-not-shown"),
        24: ("layer.file-types",),
        25: ("index.variants.go-analog",),
        26: ("config.ExposedPorts.key-format", "config.StopSignal.format"),
        27: ("config.rootfs.diff_ids-order", "config.history.empty_layer-meaning"),
        28: ("config.os-features.win32k-producer", "annotations.base-name-digest-agree"),
        29: ("conversion.annot.labels-copied", "conversion.annot.os-features"),
        30: ("conversion.volumes.mounts", "considerations.canonical-json"),
        31: ("mediatypes.compat.docker-layer",),
    }
)
"""By number of the ambiguity in the notes to the inventory: the statements that can be read in two ways."""

PLAIN: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        2: ("conversion.user.numeric-verbatim",),
        5: ("index.platform.present-if-specific",),
        6: ("manifest.layers.descriptors",),
        8: ("annotations.empty-absent-or-map", "config.null-optional.may-null"),
        9: ("config.config.null",),
        10: ("annotations.refname.charset",),
        11: ("index.manifests.mediaType.unknown-no-error",),
        13: ("layout.blobs.structure",),
        15: ("descriptor.urls.rfc3986",),
        16: ("descriptor.mediaType.rfc6838",),
        19: ("manifest.layers.final-fs",),
        21: ("layer.no-duplicates",),
        24: ("layer.attrs.mtime", "layer.attrs.xattrs", "layer.tar-archive"),
        27: ("config.diffid.definition",),
        28: ("conversion.annot.author",),
        29: ("conversion.annot.created", "conversion.cwd"),
        30: ("config.whitespace",),
    }
)
"""And those that the same ambiguity touches, while what is judged of them is plain: their notes say what is left out."""

FURTHER = ("annotations.reserved.opencontainers", "annotations.reserved.image")
"""Read in two ways, though the notes do not say so."""


def _mismatches(known: Iterable[str], entries: Iterable[str]) -> set[str]:
    """Ids that only one side has."""
    return set(known) ^ set(entries)


def _astray(requirements: Iterable[Requirement]) -> Iterator[str]:
    """Ids whose anchor is no heading of the text they follow."""
    for each in requirements:
        if each.anchor not in (HEADINGS if each.since else HEADINGS | UNRELEASED_HEADINGS):
            yield each.id


def _mismarked(requirements: Iterable[Requirement]) -> Iterator[str]:
    """Ids that are ambiguous in the tables or in the entry alone, or give one reading only."""
    listed = {name for names in (*AMBIGUITIES.values(), FURTHER) for name in names}
    for each in requirements:
        if (each.id in listed) != bool(each.ambiguous) or (each.ambiguous and "; or " not in each.ambiguous):
            yield each.id


def test_every_statement_of_the_inventory_has_an_entry() -> None:
    if not INVENTORY.exists():
        pytest.skip("the inventory of statements is not beside this tree")
    known = [line.split("\t")[0] for line in INVENTORY.read_text(encoding="utf-8").splitlines()[1:]]
    assert _mismatches(known, load("image")) == set()
    assert len(known) == len(set(known)) == 428


def test_a_missing_and_a_foreign_entry_would_be_found() -> None:
    ids = list(load("image"))
    assert _mismatches(ids, [*ids[1:], "no.such"]) == {ids[0], "no.such"}


def test_there_are_428_entries() -> None:
    catalogue = load("image")
    assert len(catalogue) == 428
    assert {each.spec for each in catalogue.values()} == {"image-spec"}
    assert sum(each.since is None for each in catalogue.values()) == 13


def test_anchors_are_headings_of_the_text() -> None:
    assert len(HEADINGS) > 90
    assert list(_astray(load("image").values())) == []


@pytest.mark.parametrize("anchor", ["descriptor.md#blake3", "descriptor.md#sha-1", "no-such.md#properties"])
def test_an_anchor_astray_would_be_found(anchor: str) -> None:
    entry = replace(load("image")["descriptor.digest"], anchor=anchor)
    assert list(_astray([entry])) == ["descriptor.digest"]
    assert list(_astray([replace(entry, since=None)])) == ([] if anchor in UNRELEASED_HEADINGS else ["descriptor.digest"])


def test_since_names_releases() -> None:
    named = {str(each.since) for each in load("image").values() if each.since}
    assert named == {"1.0.0", "1.0.2", "1.1.0", "1.1.1"}


@pytest.mark.parametrize("version", ["1.0.0", "1.1.1", "1.2.0", "9.9.9"])
def test_what_is_unreleased_is_in_force_nowhere(version: str) -> None:
    catalogue = load("image")
    unreleased = catalogue.matching(["head.*"])
    assert len(unreleased) == 13
    assert not any(each.in_force(version) for each in unreleased)
    assert catalogue["descriptor.digest"].in_force(version)


def test_every_ambiguity_of_the_notes_is_marked() -> None:
    assert list(AMBIGUITIES) == list(range(1, 32))
    catalogue = load("image")
    assert all(names and set(names) <= set(catalogue) for names in (*AMBIGUITIES.values(), *PLAIN.values(), FURTHER))
    assert list(_mismarked(catalogue.values())) == []


@pytest.mark.parametrize(
    ("id_", "ambiguous"),
    [
        ("layer.whiteout.order-first", ""),
        ("layer.whiteout.order-first", "before all siblings"),
        ("layer.whiteout.hidden", "hidden; or removed"),
    ],
    ids=["no mark", "one reading", "a mark that no note has"],
)
def test_a_wrong_mark_would_be_found(id_: str, ambiguous: str) -> None:
    entry = load("image")[id_]
    assert list(_mismarked([entry])) == []
    assert list(_mismarked([replace(entry, ambiguous=ambiguous)])) == [id_]


def test_umbrellas_leave_the_judging_to_their_children() -> None:
    catalogue = load("image")
    assert {each.id for each in catalogue.values() if each.umbrella} == {
        "config.config.base-params",
        "conversion.rely-on-config",
        "conversion.verbatim",
        "index.manifests.mediaType.support",
        "layer.apply.replace",
        "layer.attrs",
        "layer.windows-attrs",
        "manifest.config.support",
        "manifest.layers.support",
        "mediatypes.conflict.mismatch",
    }
    assert {each.level for each in catalogue.children("layer.attrs")} == {catalogue["layer.attrs"].level}
