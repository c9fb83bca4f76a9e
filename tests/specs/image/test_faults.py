"""Every rule is seen to find its fault, and nothing else; a right layout has nothing to be found."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from specs.catalogue import load
from specs.validate import validate
from specs.validation.image.named import named
from tests.specs.image import layouts
from tests.specs.image.faults import ALL

PERMITTED = frozenset(
    {
        "annotations.value-empty-ok",
        "config.null-optional.any-optional",
        "config.null-optional.may-null",
        "index.manifests.empty-ok",
        "layout.oci-layout-extra-ok",
    }
)
"""Permissions: named where the schema gives them, broken by nothing."""
CONSEQUENCES = frozenset({"layout.blobs.missing-ok", "layout.blobs.unreferenced-ok"})
"""Permissions that are recorded where a fault hides blobs, too."""
UMBRELLAS = frozenset(
    {
        "config.Labels.annotation-rules",
        "descriptor.annotations",
        "descriptor.annotations.optional-again",
        "descriptor.annotations.rules",
        "index.annotations",
        "index.annotations.optional-again",
        "index.annotations.rules",
        "manifest.annotations",
        "manifest.annotations.optional-again",
        "manifest.annotations.rules",
    }
)
"""Their breaches come under the annotation rules themselves."""


def test_what_the_catalogue_calls_decided_on_documents_is_named_and_nothing_else() -> None:
    assert named() == {each.id for each in load("image").values() if each.decided in ("schema", "rule")}


def test_every_requirement_that_is_named_is_seen_to_break() -> None:
    broken = {each for table in ALL.values() for _, expected in table.values() for each in expected}
    assert named() - PERMITTED - UMBRELLAS - {"layer.plus-zstd"} == broken  # zstd: test_compression.py, where a library is


@pytest.mark.parametrize("suffix", ["", "+gzip"])
def test_a_right_layout_has_no_findings(tmp_path: Path, suffix: str) -> None:
    made = layouts.layout(suffix=suffix, **({} if suffix else {"pack": bytes}))
    assert validate(str(made.write(tmp_path))) == []


def test_diff_ids_of_another_algorithm_are_computed_and_nothing_is_told_twice(tmp_path: Path) -> None:
    """One layer is asked about in sha256 by one config and in sha512 by another."""
    archives = [layouts.archive(*[layouts.member("a")] * 3)]

    def longer(config: dict[str, Any]) -> None:
        config["rootfs"]["diff_ids"] = [f"sha512:{hashlib.sha512(each).hexdigest()}" for each in archives]

    made = layouts.Layout()
    entries = [layouts.image(made, archives=archives), layouts.image(made, archives=archives, config=longer)]
    made.files["index.json"] = layouts.canonical(layouts.index(*entries))
    found = [each.requirement for each in validate(str(made.write(tmp_path)))]
    assert sorted(found) == ["descriptor.digest.sha256-preferred", "layer.no-duplicates"]


@pytest.mark.parametrize(("table", "fault"), [(table, fault) for table, faults in ALL.items() for fault in faults])
def test_a_fault_breaks_exactly_its_requirements(tmp_path: Path, table: str, fault: str) -> None:
    make, expected = ALL[table][fault]
    findings = validate(str(make().write(tmp_path)), kind="layout")
    found = {each.requirement for each in findings} - {""}
    assert found - CONSEQUENCES == expected - CONSEQUENCES, "\n".join(map(str, findings))
    assert found >= expected
