"""containerd's command line, ctr, with one runtime, and containers that it has started."""

import contextlib
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.world import Completed, World

IMAGE = "docker.io/library/busybox:latest"
STATES = "/run/containerd/runc/default"
"""Where its shim has the runtime keep its state."""


@dataclass(frozen=True)
class Box:
    """A container that runs."""

    ctr: "Containerd"
    name: str

    def exec(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        return self.ctr("task", "exec", *flags, "--exec-id", secrets.token_hex(4), self.name, *command)

    def status(self) -> str:
        """Return what `ctr task ls` says, in lower case, "" if there is no task."""
        lines = [line.split() for line in self.ctr("task", "ls").ok().splitlines()]
        return next((line[2].lower() for line in lines if line[0] == self.name), "")

    def wait_until(self, status: str) -> None:
        deadline = time.monotonic() + self.ctr.seconds
        while self.status() != status:
            assert time.monotonic() < deadline, f"{self.name} is {self.status()!r}, not {status!r}"
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        lines = [line.split() for line in self.ctr("task", "ls").ok().splitlines()]
        return int(next(line[1] for line in lines if line[0] == self.name))

    def file(self, path: str) -> Path:
        """Return the path of a file in it."""
        return self.ctr.world.path(f"/proc/{self.pid}/root{path}")

    def wait_for(self, path: str) -> None:
        """Return when the program has made a file. Raises AssertionError."""
        self.exec("sh", "-c", f"until test -e {path}; do sleep .01; done").ok()

    def limit(self, *places: str) -> str:
        """Return what its cgroup says, in the file for cgroup v1 or in that for v2; "{}" stands for its name."""
        files = [self.ctr.world.path(f"/sys/fs/cgroup/{place.format(self.name)}") for place in places]
        return next(file.read_text().strip() for file in files if file.exists())


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
        return self(*self.words(*command, flags=("--rm", *flags)))

    @contextlib.contextmanager
    def box(self, *command: str, flags: Sequence[str] = ()) -> Iterator[Box]:
        """Run a container in the background; at the end it is removed."""
        box = Box(self, secrets.token_hex(6))
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
