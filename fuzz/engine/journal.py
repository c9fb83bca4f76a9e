"""What survives a kill: a file a hunt, replaced in one step every few containers, so that the next run goes on from there."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True, kw_only=True)
class State:
    """How far a hunt has come."""

    seed: int
    round: int = 0
    """The one under way: a resumed hunt goes on with the next."""
    containers: int = 0
    started: int = 0
    refused: int = 0
    seconds: float = 0.0
    done: bool = False
    refusals: dict[str, int] = field(default_factory=dict)
    """The runtime's words, made plain, to how often it refused with them."""
    tally: dict[str, dict[str, int]] = field(default_factory=dict)
    """Requirement to verdict to count."""
    coverage: dict[str, Any] = field(default_factory=dict)
    finds: list[str] = field(default_factory=list)
    """Keys of what was found, as text."""


class Journal:
    """The file of one hunt."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def resume(self, *, seed: int, insist: bool) -> State:
        """Return the state of a hunt that was killed, or a new one with `seed`.

        `insist` says that the seed was asked for: then a hunt with another one is not gone on with. A file that is damaged
        is none.
        """
        try:
            state = State(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return State(seed=seed)
        if state.done or (insist and state.seed != seed):
            return State(seed=seed)
        state.round += 1
        return state

    def write(self, state: State) -> None:
        """Put the state in place of the one before: a kill leaves either the old or the new one."""
        _write(self._path, asdict(state))


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file in one step, readable by people."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, document, indent=1)


def _write(path: Path, document: Mapping[str, Any], indent: int | None = None) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(document, indent=indent, ensure_ascii=True) + "\n", encoding="ascii")
    partial.replace(path)
