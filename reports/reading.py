"""Reads results.jsonl strictly: a report is made of whole, valid results of one run each, or not at all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specs.schemas import validator
from specs.scoring import Line


class BadResults(Exception):
    """Results that no report can be made of: file, line (0: the file as a whole), JSON path ("$": the whole line), and why."""

    def __init__(self, path: Path, line: int, where: str, problem: str) -> None:
        super().__init__(path, line, where, problem)
        self.path = path
        self.line = line
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        """`results.jsonl:7: $.verdict: problem` in one line."""
        position = f"{self.path}:{self.line}: {self.where}" if self.line else f"{self.path}"
        return f"{position}: {' '.join(self.problem.split())}"


def read(path: Path) -> list[dict[str, Any]]:
    """Return the results in a file. Raises BadResults at the first thing that is wrong with them."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadResults(path, 0, "$", error.strerror or str(error)) from error
    lines = data.split(b"\n")
    if not data.strip():
        raise BadResults(path, 0, "$", "there are no results in it")
    if lines.pop():
        raise BadResults(path, len(lines) + 1, "$", "the line has no end: the run that wrote it was cut off")
    results = [_parsed(path, number, text) for number, text in enumerate(lines, 1)]
    _refuse_mixture(path, results)
    return results


def _parsed(path: Path, number: int, text: bytes) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise BadResults(path, number, "$", f"not JSON: {error}") from error
    problem = min(validator("result").iter_errors(value), key=lambda each: each.json_path, default=None)
    if problem is not None:
        raise BadResults(path, number, problem.json_path, problem.message[:200])
    return value


def _refuse_mixture(path: Path, results: list[dict[str, Any]]) -> None:
    """Refuse lines of two runs of the same runtime and lane: other versions, or a question answered twice."""
    identities: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    answered: dict[tuple[str, ...], int] = {}
    for number, result in enumerate(results, 1):
        run = (result["runtime"]["path"], result["lane"])
        identity = tuple(_identity(result))
        known = identities.setdefault(run, identity)
        for (where, value), (_, other) in zip(identity, known, strict=True):
            if value != other:
                raise BadResults(path, number, where, f"{value!r}, but {other!r} before: these are results of two runs")
        question = (*run, result["case"], result["requirement"])
        if first := answered.get(question):
            raise BadResults(
                path, number, "$.requirement", f"{question[-1]} in case {question[-2]} was answered on line {first} already"
            )
        answered[question] = number


def _identity(result: Line) -> Iterator[tuple[str, str]]:
    for key in ("name", "version", "spec_version"):
        yield f"$.runtime.{key}", result["runtime"][key]
    yield "$.spec_version", result["spec_version"]
