"""results.jsonl: a JSON object a line, one line for each outcome; the only product of a run that reports read.

Written by append alone, each line with one write(2), so that a session killed at any moment leaves whole lines, and at worst
a torn last one, which is dropped on reading. Each xdist worker writes a file of its own; `merge` puts them together.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from conformance.record.as_json import as_json
from conformance.verdict.outcome import Outcome


def line(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as an object of results.jsonl, by specs/schemas/result.json; a waiver's grounds become its `reason`."""
    runtime = outcome.runtime
    waiver = outcome.waiver
    return {
        "requirement": outcome.requirement,
        "level": outcome.level.value,
        "verdict": outcome.verdict.value,
        "waived": outcome.waived,
        "advisory": outcome.advisory,
        "ambiguous": outcome.ambiguous,
        "disputed": outcome.disputed,
        "inconclusive": outcome.inconclusive,
        "case": outcome.case,
        "title": outcome.title,
        "lane": outcome.lane,
        "runtime": {
            "name": runtime.name,
            "path": runtime.path,
            "version": runtime.version,
            "spec_version": runtime.spec_version,
        },
        "spec_version": outcome.spec_version,
        "expected": as_json(outcome.expected),
        "observed": as_json(outcome.observed),
        "evidence": as_json(outcome.evidence),
        "reason": f"{waiver.reason} ({waiver.url})" if waiver else outcome.reason,
        "seconds": round(outcome.seconds, 6),
        "reproducer": outcome.reproducer,
        "worker": os.environ.get("PYTEST_XDIST_WORKER", "main"),
    }


class ResultsWriter:
    """Appends outcomes to a file; a torn last line, left by a killed session, is cut off first."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        if path.is_file():  # and not a pipe or terminal
            os.ftruncate(self._descriptor, path.read_bytes().rfind(b"\n") + 1)

    def write(self, outcome: Outcome) -> dict[str, Any]:
        """Append the outcome and return its line. Raises OSError if it could not be written whole (disk full)."""
        result = line(outcome)
        data = _encode(result)
        if (written := os.write(self._descriptor, data)) != len(data):
            raise OSError(f"only {written} of {len(data)} bytes of a result were written")
        return result

    def close(self) -> None:
        """Close the file; nothing is buffered."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def read(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file, without a torn last one. Raises ValueError with file and line where one is no JSON object."""
    *whole, _torn = path.read_bytes().split(b"\n")
    return [_parsed(text, f"{path}:{number}") for number, text in enumerate(whole, 1)]


def merge(paths: Sequence[Path], into: Path) -> list[dict[str, Any]]:
    """Write the lines of all files, in that order, to `into` (in one step: it is the old file or the new one), and return them.

    Raises ValueError where a file is damaged, or where one program of a lane tells two versions: these are no results of one run.
    """
    lines = [each for path in paths for each in read(path)]
    versions: dict[tuple[str, str], str] = {}
    for each in lines:
        runtime = each["runtime"]
        known = versions.setdefault((runtime["path"], each["lane"]), runtime["version"])
        if known != runtime["version"]:
            raise ValueError(f"{runtime['path']} has version {known!r} in some results and {runtime['version']!r} in others")
    partial = into.with_name(into.name + ".partial")
    partial.write_bytes(b"".join(_encode(each) for each in lines))
    partial.replace(into)
    return lines


def _encode(result: dict[str, Any]) -> bytes:
    return json.dumps(result, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _parsed(text: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{where}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{where}: not a JSON object")
    return value
