"""containerd's command line, ctr, with one runtime, and containers that it has started."""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.clients.box import Box
from tests.clients.world import Completed, World

IMAGE = "docker.io/library/busybox:latest"
LINGER = "sleep .3"
"""ctr loses the output of a program that ends before ctr has opened its end of the pipe (with any runtime: delay its openat)."""
STATES = "/run/containerd/runc/default"
"""Where its shim has the runtime keep its state."""


def lingering(command: Sequence[str]) -> tuple[str, ...]:
    """Return a command that does the same and ends a moment later, with the same status."""
    return ("sh", "-c", f'"$@"; status=$?; {LINGER}; exit $status', "sh", *command)


class Task(Box["Containerd"]):
    """A container of containerd that runs."""

    def exec(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        """`ctr task exec`."""
        return self.client("task", "exec", *flags, "--exec-id", secrets.token_hex(4), self.name, *command)

    def output(self, *command: str) -> str:
        """Run another program in it, and return what it prints."""
        return self.exec(*lingering(command)).ok()

    def status(self) -> str:
        """Return what `ctr task ls` says, in lower case, "" if there is no task."""
        return next((status.lower() for name, _, status in self._tasks() if name == self.name), "")

    @property
    def pid(self) -> int:
        """Its process."""
        return next(int(pid) for name, pid, _ in self._tasks() if name == self.name)

    @property
    def id(self) -> str:
        """Its name: containerd has no other."""
        return self.name

    def _tasks(self) -> list[list[str]]:
        return [line.split() for line in self.client("task", "ls").ok().splitlines()]


@dataclass(frozen=True)
class Containerd:
    """A client of containerd that asks for one runtime."""

    world: World
    runtime: str
    seconds: float = 30
    """How long a command, or waiting for its effect, may take."""

    def __call__(self, *words: str, **more: Any) -> Completed:
        """Run a command; `more` as for World.run."""
        return self.world.run("ctr", *words, **{"timeout": self.seconds, **more})

    def words(self, *command: str, flags: Sequence[str] = ("--rm",), name: str = "") -> list[str]:
        return ["run", f"--runc-binary={self.runtime}", *flags, IMAGE, name or secrets.token_hex(6), *command]

    def run(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        """Run a program to its end, in a container of its own."""
        return self(*self.words(*lingering(command), flags=("--rm", *flags)))

    @contextlib.contextmanager
    def box(self, *command: str, flags: Sequence[str] = ()) -> Iterator[Task]:
        """Run a container in the background; at the end it is removed."""
        box = Task(self, secrets.token_hex(6))
        try:
            self(*self.words(*(command or ("sleep", "1000")), flags=("-d", *flags), name=box.name)).ok()
            yield box
        finally:
            self("task", "rm", "--force", box.name)
            self("container", "rm", box.name)

    def states(self) -> set[str]:
        """Return the containers of which the runtime has a state."""
        folder = self.world.path(STATES)
        return {path.name for path in folder.iterdir()} if folder.exists() else set()
