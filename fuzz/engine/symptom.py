"""When two violations are one find: the same requirement, and the same symptom but for names and numbers."""

import json
import re
from typing import Any, NamedTuple

from conformance.record.as_json import as_json
from conformance.verdict.outcome import Outcome
from specs.verdicts import Verdict

_LONGEST = 160
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_PATH = re.compile(r"(?<![\w.])/[^\s:,]*")
_SAID = re.compile(r"(-> exit 0):[^;]*")
_CONSTANT = re.compile(r"\b(?:RLIMIT|CAP|SCMP)_[A-Z_]+\b")
_NUMBER = re.compile(r"0x[0-9a-f]+|0o[0-7]+|\d+")


class Key(NamedTuple):
    """What makes a find."""

    requirement: str
    symptom: str

    def __str__(self) -> str:
        return f"{self.requirement}: {self.symptom}"


def key(outcome: Outcome) -> Key:
    """Return the key of a violation, or of an error of ours, which is a find as well."""
    if outcome.verdict is Verdict.HARNESS_ERROR:
        return Key(outcome.requirement, f"harness error: {plain(outcome.reason)}"[:_LONGEST])
    shape = [_shape(as_json(outcome.expected)), _shape(as_json(outcome.observed))]
    return Key(outcome.requirement, json.dumps(shape, ensure_ascii=True)[:_LONGEST])


def plain(text: str) -> str:
    """Return a message without what varies from container to container: quoted text, paths, constants, numbers."""
    return _NUMBER.sub("N", _PATH.sub("PATH", _CONSTANT.sub("NAME", _QUOTED.sub("TEXT", text))))


def _shape(value: Any) -> Any:
    """Return the value with lists cut to their kind of content, and texts made plain."""
    if isinstance(value, dict):
        return {plain(name): _shape(member) for name, member in sorted(value.items())[:3]}
    if isinstance(value, list):
        return [_shape(value[0])] if value and not isinstance(value[0], str) else ["..."] if value else []
    if isinstance(value, str):
        return plain(_SAID.sub(r"\1", value))  # what a runtime prints, though all is well, is about the rest of the config
    return value if isinstance(value, bool | None) else "N"
