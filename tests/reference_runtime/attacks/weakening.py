"""Copies of the reference runtime with one defence taken out: an attack that fails on the original has to succeed there."""

import shutil
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "reference_runtime"


@dataclass(frozen=True)
class Change:
    """What is replaced where; `file` is below reference_runtime/."""

    file: str
    snippet: str
    replacement: str


def weakened(directory: Path, changes: tuple[Change, ...]) -> Path:
    """Copy the runtime below a directory and apply the changes; returns its executable.

    Raises LookupError if a snippet isn't there exactly once: then the change has to follow the code, or the attack is void.
    """
    copy = directory / SOURCE.name
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        file = copy / change.file
        source = file.read_text(encoding="utf-8")
        if source.count(change.snippet) != 1:
            raise LookupError(f"{change.file} has {source.count(change.snippet)} times, not once: {change.snippet}")
        file.write_text(source.replace(change.snippet, change.replacement), encoding="utf-8")
    return copy / "reference-runtime"
