"""`python -m specs validate` on layouts and on single documents of an image, run for real; and the schemas themselves."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from specs.validate import IMAGE_KINDS, UnknownKindError, validate
from specs.validation import schemas
from specs.validation.image import documents
from specs.validation.image.limits import Limits
from specs.validation.reading import UnreadableError
from tests.specs.image.generated import GOOD
from tests.specs.image.layouts import layout

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "specs/schemas/image").glob("*.json"))
KINDS = {media_type: kind for kind, media_type in IMAGE_KINDS.items()}


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "specs", "validate", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_the_schemas_are_valid_themselves(file: Path) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["$schema"].endswith("2020-12/schema")
    jsonschema.Draft202012Validator.check_schema(document)
    jsonschema.Draft202012Validator.check_schema(schemas.resolved(f"image/{file.stem}"))


def test_a_right_layout_is_quiet_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    right = layout().write(tmp_path / "right")
    wrong = layout(config=lambda config: config.pop("os")).write(tmp_path / "wrong")
    good, bad = _run(str(right)), _run(str(wrong))
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    assert (bad.returncode, bad.stderr) == (1, "")
    assert bad.stdout.startswith(f"{wrong}/blobs/sha256/")
    assert ": $: MUST config.os: `os` is missing\n" in bad.stdout


def test_a_layout_is_known_by_its_index_too(tmp_path: Path) -> None:
    root = layout().write(tmp_path)
    (root / "oci-layout").unlink()
    assert {each.requirement for each in validate(str(root))} == {"layout.oci-layout-file"}


def test_what_shows_nothing_is_no_layout_unless_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownKindError):
        validate(str(tmp_path))
    assert {"layout.oci-layout-file", "layout.index-json-exists"} <= {
        each.requirement for each in validate(str(tmp_path), kind="layout")
    }
    with pytest.raises(UnreadableError):
        documents_of(tmp_path / "nowhere")


def documents_of(path: Path) -> None:
    validate(str(path), kind="image-manifest")


@pytest.mark.parametrize(("media_type", "document"), GOOD)
def test_a_single_document_is_recognised(tmp_path: Path, media_type: str, document: Any) -> None:
    file = tmp_path / "document.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    told = validate(str(file))
    assert told == validate(str(file), kind=KINDS[media_type])
    assert not [each for each in told if each.level.value == "MUST"]
    file.write_text("[]", encoding="utf-8")
    assert [each.level.value for each in validate(str(file), kind=KINDS[media_type])] == ["MUST"]


@pytest.mark.parametrize(
    ("limits", "message"),
    [(Limits(document_bytes=10), "larger than 10 bytes"), (Limits(document_values=3), "may hold more than 3 values")],
)
def test_a_document_beyond_the_limits_is_not_judged(limits: Limits, message: str) -> None:
    data = b'{"a": [1, 2, 3]}'
    found = documents.parse(data, limits=limits)
    assert [(each.unjudged, each.message) for each in found.breaches] == [(True, f"not judged: {message}")]
    assert documents.parse(data, limits=Limits()).usable
