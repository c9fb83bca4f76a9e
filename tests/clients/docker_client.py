"""docker's command line with one runtime, and containers that it has started."""

import contextlib
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.world import Completed, World

IMAGE = "busybox"


@dataclass(frozen=True)
class Box:
    """A container that was started in the background."""

    docker: "Docker"
    name: str

    def __call__(self, operation: str, *words: str) -> Completed:
        """`docker OPERATION FLAGS... NAME`."""
        return self.docker(operation, *words, self.name)

    def exec(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        return self.docker("exec", *flags, self.name, *command)

    def asked(self, template: str) -> str:
        """Return what `docker inspect` knows."""
        return self("inspect", f"--format={template}").ok()

    def status(self) -> str:
        return self.asked("{{.State.Status}}")

    def wait_until(self, status: str) -> None:
        deadline = time.monotonic() + self.docker.seconds
        while self.status() != status:
            assert time.monotonic() < deadline, f"{self.name} is {self.status()!r}, not {status!r}"
            time.sleep(0.02)

    def file(self, path: str) -> Path:
        """Return the path of a file in it, while it runs."""
        return self.docker.world.path(f"/proc/{self.asked('{{.State.Pid}}')}/root{path}")

    def wait_for(self, path: str) -> None:
        """Return when the program has made a file. Raises AssertionError."""
        self.exec("sh", "-c", f"until test -e {path}; do sleep .01; done").ok()

    def limit(self, *places: str) -> str:
        """Return what its cgroup says, in the file for cgroup v1 or in that for v2; "{}" stands for its id."""
        number = self.asked("{{.Id}}")
        files = [self.docker.world.path(f"/sys/fs/cgroup/{place.format(number)}") for place in places]
        return next(file.read_text().strip() for file in files if file.exists())


@dataclass(frozen=True)
class Docker:
    """A client that asks for one of the daemon's runtimes."""

    world: World
    bridge: bool
    runtime: str = "reference"
    seconds: float = 60
    """How long a command, or waiting for its effect, may take."""

    def __call__(self, *words: str, **more: Any) -> Completed:
        """Run a command; `more` as for World.run."""
        return self.world.run("docker", *words, **{"timeout": self.seconds, **more})

    def words(self, *command: str, flags: Sequence[str] = ()) -> list[str]:
        """Return the words of `docker run`, without a network if `flags` name none."""
        network = () if any(flag.startswith("--network=") for flag in flags) else ("--network=none",)
        return ["run", f"--runtime={self.runtime}", *network, *flags, IMAGE, *command]

    def run(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        return self(*self.words(*command, flags=("--rm", *flags)))

    @contextlib.contextmanager
    def box(self, *command: str, flags: Sequence[str] = ()) -> Iterator[Box]:
        """Run a container in the background; at the end it is removed."""
        box = Box(self, f"box-{secrets.token_hex(4)}")
        try:
            self(*self.words(*(command or ("sleep", "1000")), flags=("--detach", f"--name={box.name}", *flags))).ok()
            yield box
        finally:
            box("rm", "--force", "--volumes")
