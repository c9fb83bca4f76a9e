"""Results files for the tests of this room, as plain data: reports know nothing of conformance, so neither do these tests."""

import json
from pathlib import Path
from typing import Any

GOOD: dict[str, Any] = {
    "requirement": "linux.maskedpaths.effect",
    "level": "MUST",
    "verdict": "passed",
    "waived": False,
    "advisory": False,
    "ambiguous": False,
    "disputed": False,
    "inconclusive": False,
    "case": "linux/masked",
    "title": "A masked path cannot be read",
    "lane": "host",
    "runtime": {"name": "runc", "path": "/usr/sbin/runc", "version": "1.1.5", "spec_version": "1.0.2"},
    "spec_version": "1.0.2",
    "expected": None,
    "observed": None,
    "evidence": None,
    "reason": "",
    "seconds": 0.1,
    "reproducer": None,
    "worker": "main",
}


def result(requirement: str = "a.b", **changes: Any) -> dict[str, Any]:
    """Return a valid line with these changes."""
    return {**GOOD, "requirement": requirement, **changes}


def written(path: Path, *results: dict[str, Any]) -> Path:
    """Write a results file and return its path."""
    path.write_text("".join(json.dumps(each) + "\n" for each in results), encoding="utf-8")
    return path
