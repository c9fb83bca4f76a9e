"""docker's command line with one runtime, and containers that it has started."""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.clients.box import Box
from tests.clients.world import Completed, World

IMAGE = "busybox"


class Detached(Box["Docker"]):
    """A container of docker that was started in the background."""

    def __call__(self, operation: str, *words: str) -> Completed:
        """`docker OPERATION FLAGS... NAME`."""
        return self.client(operation, *words, self.name)

    def exec(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        """`docker exec`."""
        return self.client("exec", *flags, self.name, *command)

    def asked(self, template: str) -> str:
        """Return what `docker inspect` knows."""
        return self("inspect", f"--format={template}").ok()

    def status(self) -> str:
        """Return what docker says that it does."""
        return self.asked("{{.State.Status}}")

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self.asked("{{.State.Pid}}"))

    @property
    def id(self) -> str:
        """The number that docker gave it."""
        return self.asked("{{.Id}}")


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
    def box(self, *command: str, flags: Sequence[str] = ()) -> Iterator[Detached]:
        """Run a container in the background; at the end it is removed."""
        box = Detached(self, f"box-{secrets.token_hex(4)}")
        try:
            self(*self.words(*(command or ("sleep", "1000")), flags=("--detach", f"--name={box.name}", *flags))).ok()
            yield box
        finally:
            box("rm", "--force", "--volumes")
