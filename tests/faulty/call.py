"""One call of a faulty runtime, and the real one behind it."""

import json
import subprocess
from collections.abc import Callable
from typing import Any


class Call:
    """One call: what was asked for, and the real runtime to ask for something else."""

    def __init__(self, real: str, arguments: list[str]) -> None:
        self.real = real
        self.arguments = arguments
        words = ("create", "start", "state", "kill", "delete")
        self.operation = next((word for word in arguments if word in words), "")
        self.globals = arguments[: arguments.index(self.operation)] if self.operation else arguments
        self.rest = arguments[len(self.globals) + 1 :]

    @property
    def container_id(self) -> str | None:
        """The id: the first word that is neither a flag nor a flag's value."""
        rest = list(self.rest)
        while rest and rest[0].startswith("-"):
            del rest[:2]
        return rest[0] if rest else None

    def run(self, *arguments: str) -> int:
        """Let the real runtime do something with our own standard streams."""
        return subprocess.run([self.real, *self.globals, *(arguments or (self.operation, *self.rest))], check=False).returncode

    def status(self) -> str:
        """Return the status that the real runtime shows for the container."""
        return str(self.document().get("status", ""))

    def document(self) -> dict[str, Any]:
        """Return the real state document, empty if there is none."""
        if self.container_id is None:
            return {}
        command = [self.real, *self.globals, "state", self.container_id]
        shown = subprocess.run(command, capture_output=True, check=False).stdout
        try:
            found: dict[str, Any] = json.loads(shown)
        except ValueError:
            return {}
        return found


Behaviour = Callable[[Call], int]
