"""One call of the runtime under test."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Status(StrEnum):
    """What the harness itself knows of a container, from its process and from what it asked for."""

    ABSENT = "absent"
    CREATED = "created"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of the runtime and how it ended. Times are time.monotonic seconds."""

    name: str
    """The operation in the spec's words: create, start, state, kill, delete; or exec, features, version..."""
    container_id: str | None
    argv: tuple[str, ...]
    before: Status
    """The container's status when the call was made, by the harness's own knowledge."""
    status: int | None
    """Exit status; -N if signal N ended it; None if it had to be killed after its time-out."""
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False
    """More output came than is kept."""
    started: float = 0.0
    ended: float = 0.0
    cpu: float = 0.0
    """User and system CPU seconds of the runtime's process and the children it waited for."""
    note: str = ""
    """What makes this call special ("without an id", "second create with the same id")."""

    @property
    def succeeded(self) -> bool:
        """The runtime says that it did what was asked."""
        return self.status == 0

    @property
    def refused(self) -> bool:
        """The runtime ended by itself with an error: neither success, nor a crash by signal, nor a hang."""
        return self.status is not None and self.status > 0

    @property
    def timed_out(self) -> bool:
        """The runtime did not come back in time."""
        return self.status is None

    def describe(self) -> str:
        """`create -> exit 1: message` in one line."""
        how = "timed out" if self.status is None else f"exit {self.status}" if self.status >= 0 else f"signal {-self.status}"
        message = " ".join(self.stderr.decode(errors="replace").split())
        return f"{self.name}{f' ({self.note})' if self.note else ''} -> {how}{f': {message[:300]}' if message else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReading:
    """The answer to one `state` operation, parsed as far as it could be."""

    operation: Operation
    document: dict[str, object] | None
    """The JSON object, or None if stdout holds none."""
    problem: str = ""
    """Why there is no document."""
    actual: Status = field(default=Status.ABSENT)
    """The status that the harness knows the container to have at this moment."""

    @classmethod
    def of(cls, operation: Operation) -> Self:
        """Return what a call of `state` answered, of the container as it was known before the call."""
        document, problem = _object_on_stdout(operation)
        return cls(operation=operation, document=document, problem=problem, actual=operation.before)


def _object_on_stdout(operation: Operation) -> tuple[dict[str, object] | None, str]:
    """Return the JSON object that was printed, or None and why there is none."""
    if operation.status != 0:
        return None, operation.describe()
    try:
        document = json.loads(operation.stdout)
    except (ValueError, RecursionError) as error:
        return None, f"stdout is not JSON: {error}"
    if not isinstance(document, dict):
        return None, f"stdout is not a JSON object but {type(document).__name__}"
    return document, ""
