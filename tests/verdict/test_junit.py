"""Merging JUnit files."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance.verdict.junit import merge

ONE = (
    '<?xml version="1.0"?><testsuites><testsuite name="a" tests="2" failures="1" errors="0" skipped="0" time="1.5">'
    '<testcase name="x"/></testsuite></testsuites>'
)
TWO = '<testsuite name="b" tests="3" failures="0" errors="1" skipped="2" time="0.25"/>'


def files(tmp_path: Path, *texts: str) -> list[Path]:
    paths = [tmp_path / f"{number}.xml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_suites_are_kept_and_totals_added(tmp_path: Path) -> None:
    merge(files(tmp_path, ONE, TWO), tmp_path / "all.xml")
    root = ET.parse(tmp_path / "all.xml").getroot()
    assert [suite.get("name") for suite in root] == ["a", "b"]
    assert root.attrib == {"name": "conformance", "tests": "5", "failures": "1", "errors": "1", "skipped": "2", "time": "1.750"}
    assert root.find("testsuite/testcase") is not None


@pytest.mark.parametrize(
    ("text", "problem"), [("", "not XML"), ("<testsuites>", "not XML"), ("<html/>", "root element is <html>")]
)
def test_what_is_no_junit_is_named_and_nothing_is_written(tmp_path: Path, text: str, problem: str) -> None:
    paths = files(tmp_path, ONE, text)
    with pytest.raises(ValueError, match=problem) as caught:
        merge(paths, tmp_path / "all.xml")
    assert str(paths[1]) in str(caught.value)
    assert not (tmp_path / "all.xml").exists()
