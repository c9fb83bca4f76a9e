"""JSON from people that may mean harm."""

import json
from typing import Any

import pytest

from reference_runtime.config.reader import LIMIT, parse
from reference_runtime.config.writer import dumps
from reference_runtime.fault import RuntimeFault

GOOD: list[Any] = [
    {},
    [],
    'text \u20ac \U0001f600 \\ " \n',
    {"a": [1, -2, 3.5, 1e3, True, False, None, {"b": {}}]},
    18446744073709551615,
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
]


@pytest.mark.parametrize("value", GOOD, ids=map(str, range(len(GOOD))))
def test_reads_what_json_writes(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2), f" \r\n\t{json.dumps(value)}\n"):
        assert parse(text.encode(), name="x") == value


@pytest.mark.parametrize("value", GOOD, ids=map(str, range(len(GOOD))))
@pytest.mark.parametrize("indent", ["", "  "])
def test_json_reads_what_is_written(value: Any, indent: str) -> None:
    assert json.loads(dumps(value, indent=indent)) == value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"{", "not valid JSON"),
        (b"{} x", "something follows"),
        (b'{"a": 1, "a": 1}', "'a' occurs twice"),
        (b'{"b": {"a": 1, "c": 2, "a": 3}}', "'a' occurs twice"),
        (b"[NaN]", "NaN is no JSON"),
        (b"[-Infinity]", "Infinity is no JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b"[" + b"9" * 5000 + b"]", "5000 digits"),
        (b'{"a": 01}', "not valid JSON"),
        (b'{"a": "\n"}', "not valid JSON"),
        (b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b" " * (LIMIT + 1), "larger than"),
    ],
)
def test_refused_in_one_line(content: bytes, message: str) -> None:
    with pytest.raises(RuntimeFault, match=message) as refused:
        parse(content, name="config.json")
    assert "\n" not in str(refused.value)
