"""Merges JUnit XML files, which the inner pytest runs write, into one."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

_TOTALS = ("tests", "failures", "errors", "skipped")


def merge(paths: Sequence[Path], into: Path) -> None:
    """Write one <testsuites> with every <testsuite> of the files, in that order, and their totals.

    Raises ValueError that names the file where one is no JUnit XML, OSError where one cannot be read. Nothing is written then.
    """
    merged = ET.Element("testsuites", name="conformance")
    for path in paths:
        merged.extend(_suites(path))
    for total in _TOTALS:
        merged.set(total, str(sum(int(suite.get(total, "0")) for suite in merged)))
    merged.set("time", f"{sum(float(suite.get('time', '0')) for suite in merged):.3f}")
    partial = into.with_name(into.name + ".partial")
    ET.ElementTree(merged).write(partial, encoding="utf-8", xml_declaration=True)
    partial.replace(into)


def _suites(path: Path) -> list[ET.Element]:
    try:
        # The files are our own: pytest wrote them a moment ago.
        root = ET.fromstring(path.read_bytes())  # noqa: S314
    except ET.ParseError as error:
        raise ValueError(f"{path}: not XML: {error}") from error
    if root.tag == "testsuite":
        return [root]
    if root.tag != "testsuites":
        raise ValueError(f"{path}: not JUnit: its root element is <{root.tag}>")
    return root.findall("testsuite")
