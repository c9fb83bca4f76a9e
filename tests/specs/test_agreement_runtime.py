"""Our schemas and rules against the schemas that runtime-spec ships: every difference is one of the known ones.

`validation/differences.json` is the table: who finds something, where (the exact place, `[]` for an index), why the other does
not, and a witness: the document, what is edited and to what, nothing for a removal.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from specs.validate import KINDS, breaches, exit_code
from specs.validation import schemas
from specs.validation.finding import judged
from specs.validation.reading import read
from specs.verdicts import ExitCode
from tests.specs.validation import upstream
from tests.specs.validation.documents import documents, edited

pytestmark = pytest.mark.skipif(not upstream.DIRECTORY.exists(), reason="the upstream schemas are not beside the project")

DOCUMENTS = documents()
TABLE: list[dict[str, Any]] = json.loads(Path(__file__).with_name("validation").joinpath("differences.json").read_text("utf-8"))
KNOWN = {(entry["kind"], entry["found by"], place) for entry in TABLE for place in entry["places"]}
WITNESSES = [
    pytest.param(entry["kind"], entry["found by"], place, witness, id=f"{entry['kind']}:{entry['found by']}:{place}")
    for entry in TABLE
    for place, witness in entry["places"].items()
]
SAMPLES = sorted(upstream.DIRECTORY.glob("test/*/*/*.json"))
DEPRECATED = {("config", "ours", "$.hooks.prestart")}
"""Of samples alone: no generated document has it."""
NUMBER = 2000


def _differences(document: Any, kind: str) -> set[tuple[str, str, str]]:
    ours, theirs = upstream.ours(document, kind), upstream.theirs(document, kind)
    return {(kind, "ours", place) for place in ours - theirs} | {(kind, "theirs", place) for place in theirs - ours}


def _generated(seed: int) -> tuple[str, Any]:
    chance = random.Random(seed)
    kind, document = DOCUMENTS[chance.choice(sorted(DOCUMENTS))]
    return kind, upstream.mutated(document, chance)


def test_the_table_has_reasons_and_no_wildcards() -> None:
    assert len(WITNESSES) == len(KNOWN), "a place stands once"
    assert all(entry["reason"].endswith(".") and entry["places"] for entry in TABLE)
    assert not any("*" in place for _, _, place in KNOWN)


@pytest.mark.parametrize("part", range(10))
def test_generated_documents_differ_only_where_known(part: int) -> None:
    for seed in range(part * NUMBER // 10, (part + 1) * NUMBER // 10):
        kind, document = _generated(seed)
        assert _differences(document, kind) <= KNOWN, f"seed {seed}: {json.dumps(document)}"


def test_generated_documents_are_right_and_wrong_in_many_ways() -> None:
    """The comparison above would say nothing of documents that both take, or of one kind of error."""
    seen = [upstream.theirs(document, kind) for kind, document in map(_generated, range(300))]
    assert sum(not places for places in seen) > 20
    assert len(set().union(*seen)) > 60


@pytest.mark.parametrize(("kind", "who", "place", "witness"), WITNESSES)
def test_each_known_difference_is_there(kind: str, who: str, place: str, witness: list[Any]) -> None:
    name, *edit = witness
    assert DOCUMENTS[name][0] == kind
    assert (kind, who, place) in _differences(edited(DOCUMENTS[name][1], *edit), kind)


@pytest.mark.parametrize("seed", range(0, NUMBER, 10))
def test_the_schema_of_the_state_is_equivalent_to_theirs(seed: int) -> None:
    """The text makes theirs a requirement of its own; what our rules add to it is left out here."""
    chance = random.Random(seed)
    document = edited(
        DOCUMENTS["state"][1], chance.choice(list(upstream.places(DOCUMENTS["state"][1]))), chance.choice(upstream.ODD)
    )
    for value in (document, chance.choice(upstream.ODD), {**document, "annotations": {chance.choice(("", "a", "\n")): 0}}):
        assert bool(schemas.check("runtime/state", value)) == bool(upstream.theirs(value, "state"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: "/".join(path.parts[-3:]))
def test_their_samples_are_judged_as_they_are_meant(path: Path) -> None:
    """Their schema knows no versions: some samples declare 1.0.0 and are wrong in properties that came later."""
    kind = path.parts[-3]
    reading = read(str(path), KINDS[kind].json)
    findings = judged(path.name, [*reading.breaches, *(breaches(reading.value, kind=kind) if reading.usable else ())])
    assert exit_code(findings) is (ExitCode.CONFORMANT if path.parts[-2] == "good" else ExitCode.VIOLATED)
    assert not reading.usable or _differences(reading.value, kind) <= KNOWN | DEPRECATED
