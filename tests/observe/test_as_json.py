"""Anything of the record becomes JSON that UTF-8 can hold."""

import json
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import pytest

from conformance.record.as_json import as_json
from conformance.record.operation import Operation, Status
from conformance.record.probe import Action, Answer, Call, CallResult
from conformance.record.record import Record
from conformance.record.runtime import RuntimeFacts


class Word(StrEnum):
    ONE = "one"


class Number(IntEnum):
    TWO = 2


@dataclass(frozen=True)
class Holder:
    inner: object


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a\xff", "a\\xff"),
        (bytearray(b"x"), "x"),
        ("a\udcff", "a\\xff"),
        ("ü", "ü"),
        (frozenset({3, 1, 2}), [1, 2, 3]),
        ({"b", 1}, ["b", 1]),
        ((1, (2,)), [1, [2]]),
        ({1: {None: 2}}, {"1": {"None": 2}}),
        ({Word.ONE: Number.TWO}, {"one": "TWO"}),
        (Word.ONE, "one"),
        ({b"\xff": 1}, {"\\xff": 1}),
        (Holder(Holder(None)), {"inner": {"inner": None}}),
        (True, True),
        (1.5, 1.5),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_values(value: object, expected: object) -> None:
    assert as_json(value) == expected
    assert json.loads(json.dumps(as_json(value), ensure_ascii=False).encode()) == expected


def test_a_lone_surrogate_that_no_byte_made() -> None:
    assert as_json("\ud800") == "\\ud800"


def test_record() -> None:
    facts = RuntimeFacts(name="r", path="/r", version="", spec_version="", features=None, kernel="host")
    record = Record(case="c", config={"a": [1]}, container_id="i", bundle="/b", runtime=facts)
    record.operations.append(
        Operation(name="create", container_id="i", argv=("r",), before=Status.ABSENT, status=0, stdout=b"\xfe")
    )
    record.answers[Action("ask", (Call("getpid"),))] = Answer((CallResult(1, b"d"),))
    document = json.loads(json.dumps(as_json(record)))
    assert document["operations"][0]["before"] == "absent"
    assert document["operations"][0]["stdout"] == "\\xfe"
    assert document["answers"] == {"ask": {"results": [{"value": 1, "data": "d"}], "problem": "", "died": None}}
