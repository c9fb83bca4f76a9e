"""Reading of documents that may be hostile: each trick gets its finding, and none an exception."""

import os
import resource
from pathlib import Path
from typing import Any

import pytest

from specs.validation.finding import json_path
from specs.validation.reading import JsonRules, UnreadableError, parse, read

RULES = JsonRules(utf8="utf8", duplicate_names="twice", case_variants="case", largest=1 << 20, deepest=20)


def _found(data: bytes) -> list[tuple[str, str, str]]:
    return [(json_path(each.path), each.requirement, each.message) for each in parse(data, RULES).breaches]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (b' [1, -2.5, 1e3, "\\u00e9\xc3\xa9", true, null] ', [1, -2.5, 1000.0, "\u00e9\u00e9", True, None]),
        (b'{"a": {"b": 1}, "c": {"b": 1}}', {"a": {"b": 1}, "c": {"b": 1}}),
        (b"[" * 20 + b"]" * 20, parse(b"[" * 20 + b"]" * 20, RULES).value),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_json_is_read(data: bytes, value: Any) -> None:
    reading = parse(data, RULES)
    assert (reading.value, reading.breaches, reading.usable) == (value, (), True)


@pytest.mark.parametrize(
    ("data", "path", "requirement", "words"),
    [
        (b"", "$", "", "not JSON: Expecting value (line 1, column 1)"),
        (b'{"a": 1,\n}', "$", "", "not JSON: "),
        (b"{} {}", "$", "", "not JSON: Extra data (line 1, column 4)"),
        (b'"a\tb"', "$", "", "not JSON: Invalid control character"),
        (b'{"a": [1, NaN]}', "$.a[1]", "", "not JSON: nan is no JSON number"),
        (b'{"a": -Infinity}', "$.a", "", "not JSON: -inf is no JSON number"),
        (b'{"a": NaN, "a": 1}', "$", "", "not JSON: nan is no JSON number"),
        (b'{"a": "\xff"}', "$", "utf8", "not UTF-8: byte 0xff at offset 7"),
        (b'\xef\xbb\xbf"\xff"', "$", "utf8", "not UTF-8: byte 0xff at offset 4"),
        ("{}".encode("utf-16"), "$", "utf8", "not UTF-8: byte 0xff at offset 0"),
        (b'"\xed\xa0\x80"', "$", "utf8", "not UTF-8: byte 0xed at offset 1"),
        (b"[" * 21 + b"]" * 21, "$", "", "not judged: nested deeper than 20 levels"),
        (b"[" * 500000, "$", "", "not judged: nested deeper than 20 levels"),
        (b'{"a":' * 100000, "$", "", "not judged: nested deeper than 20 levels"),
    ],
    ids=lambda value: f"{len(value)}:{value!r}"[:25],
)
def test_what_cannot_be_used_is_said(data: bytes, path: str, requirement: str, words: str) -> None:
    reading = parse(data, RULES)
    assert (reading.value, reading.usable) == (None, False)
    assert words in _found(data)[-1][2]
    assert _found(data)[-1][:2] == (path, requirement)
    assert reading.breaches[-1].unjudged == words.startswith("not judged")
    assert reading.breaches[-1].invalid != words.startswith("not judged")


@pytest.mark.parametrize(
    ("data", "path", "requirement", "words"),
    [
        (b'\xef\xbb\xbf{"a": 1}', "$", "", "byte order mark"),
        (b'{"a": [{"b": 1, "c": 2, "b": 3}]}', "$.a[0]", "twice", "the name 'b' occurs more than once"),
        (b'{"a": 1, "\\u0061": 2}', "$", "twice", "the name 'a' occurs more than once"),
        (b'{"ab": {"schemaVersion": 2, "SchemaVersion": 1}}', "$.ab", "case", "'schemaVersion' and 'SchemaVersion' differ"),
        (b'{"a": "\\ud800x"}', "$.a", "", "half of a surrogate pair"),
        (b'{"\\udc00": 1}', '$["\\udc00"]', "", "half of a surrogate pair"),
    ],
    ids=lambda value: f"{len(value)}:{value!r}"[:25],
)
def test_what_can_be_used_all_the_same_is_said(data: bytes, path: str, requirement: str, words: str) -> None:
    reading = parse(data, RULES)
    assert reading.usable
    assert [found[:2] for found in _found(data)] == [(path, requirement)]
    assert words in _found(data)[0][2]
    str(reading.breaches).encode("ascii")


def test_case_variants_are_looked_for_only_where_a_requirement_says_so() -> None:
    assert parse(b'{"a": 1, "A": 2}', JsonRules(utf8="", duplicate_names="")).breaches == ()


@pytest.mark.parametrize("digits", [b"9" * 401, b"9" * 100000, b"1e999", b"1" + b"0" * 5000], ids=len)
@pytest.mark.parametrize("sign", [b"", b"-"])
def test_huge_numbers_are_beyond_every_bound(digits: bytes, sign: bytes) -> None:
    value = parse(sign + digits, RULES).value
    assert isinstance(value, int)
    assert abs(value) > 1 << 1000
    assert (value < 0) == bool(sign)


def test_many_breaches_are_listed_to_a_bound() -> None:
    many = b"[" + b",".join([b'{"a":1,"a":2,"A":3}'] * 1000) + b"]"
    assert 100 <= len(_found(many)) <= 102
    assert len(_found(b"{" + b",".join(b'"%d":1,"%d":1' % (each, each) for each in range(1000)) + b"}")) == 100


def test_a_large_file_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reading = read(str(path), RULES)
    assert [(each.message, each.unjudged) for each in reading.breaches] == [("not judged: larger than 1048576 bytes", True)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10, "kilobytes; the file has a hundred thousand"


def test_a_file_up_to_the_bound_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b'"' + b"a" * (RULES.largest - 2) + b'"')
    assert read(str(path), RULES).usable


def test_what_is_no_file_is_unreadable(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (str(tmp_path / "none"), str(tmp_path), str(fifo), "/dev/zero", "a\0b"):
        with pytest.raises(UnreadableError):
            read(path, RULES)
