"""Our judgement agrees with upstream's schemas but for the differences that are known, each of them real."""

from typing import Any

import pytest

from specs.validation.image import documents
from tests.specs.image import upstream
from tests.specs.image.generated import GOOD, fresh, generated
from tests.specs.image.known_differences import MISSING, ONLY_OURS, ONLY_THEIRS, Line

pytestmark = pytest.mark.skipif(not upstream.DIRECTORY.is_dir(), reason="upstream's schemas are not here")

COUNT = 2000
SHARDS = 4
OURS = {line[:3] for known in ONLY_OURS for line in known.lines}
THEIRS = {line[:3] for known in ONLY_THEIRS for line in known.lines}
LINES = [("ours", line) for known in ONLY_OURS for line in known.lines] + [
    ("theirs", line) for known in ONLY_THEIRS for line in known.lines
]


def _unknown(media_type: str, ours: set[upstream.Place], theirs: set[upstream.Place]) -> set[tuple[str, str, str]]:
    ours_alone, theirs_alone = upstream.differences(ours, theirs)
    return {(media_type, *each) for each in ours_alone} - OURS | {(media_type, *each) for each in theirs_alone} - THEIRS


@pytest.mark.parametrize(("media_type", "document"), GOOD)
def test_good_documents_are_good_to_both(media_type: str, document: Any) -> None:
    assert (upstream.ours(document, media_type), upstream.theirs(document, media_type)) == (set(), set())


@pytest.mark.parametrize("value", [None, True, 5, "a", []])
@pytest.mark.parametrize("media_type", upstream.FILES)
def test_what_is_no_object_is_bad_to_both(media_type: str, value: Any) -> None:
    assert upstream.ours(value, media_type)
    assert upstream.theirs(value, media_type)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_generated_documents_differ_only_where_it_is_known(shard: int) -> None:
    both_refuse = 0
    for media_type, document in generated(COUNT // SHARDS, seed=shard):
        ours, theirs = upstream.ours(document, media_type), upstream.theirs(document, media_type)
        assert _unknown(media_type, ours, theirs) == set(), document
        both_refuse += bool(ours) and bool(theirs)
    assert both_refuse > COUNT // SHARDS // 4  # agreement on documents that nobody refuses would be cheap


@pytest.mark.parametrize(("side", "line"), LINES)
def test_every_known_difference_is_real(side: str, line: Line) -> None:
    media_type, path, what, way, sample = line
    document = fresh(dict(GOOD)[media_type])
    holder = document
    for step in way[:-1]:
        holder = holder[step]
    if sample is MISSING:
        del holder[way[-1]]
    else:
        holder[way[-1]] = sample
    ours, theirs = upstream.differences(upstream.ours(document, media_type), upstream.theirs(document, media_type))
    assert (path, what) in (ours if side == "ours" else theirs)


def test_no_difference_is_listed_twice() -> None:
    assert len(OURS) + len(THEIRS) == len(LINES)


def test_a_difference_that_nobody_knows_is_seen() -> None:
    """The control: were our rule on `schemaVersion` gone, or theirs, it would be seen."""
    document = {**fresh(dict(GOOD)[documents.INDEX]), "schemaVersion": 3}
    ours, theirs = upstream.ours(document, documents.INDEX), upstream.theirs(document, documents.INDEX)
    assert _unknown(documents.INDEX, ours, theirs) == set()
    assert _unknown(documents.INDEX, set(), theirs) == {(documents.INDEX, "$.schemaVersion", "maximum")}
    assert _unknown(documents.INDEX, ours, set()) == {(documents.INDEX, "$.schemaVersion", "index.schemaVersion.2")}
