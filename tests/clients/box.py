"""A container that a client has started in the background, whichever client that is."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from tests.clients.world import Completed, World


class Client(Protocol):
    """What starts containers."""

    @property
    def world(self) -> World:
        """Where they are."""

    @property
    def seconds(self) -> float:
        """How long a command, or waiting for its effect, may take."""


ClientT = TypeVar("ClientT", bound=Client)


@dataclass(frozen=True)
class Box(ABC, Generic[ClientT]):
    """A container, and what of it can be seen from outside."""

    client: ClientT
    name: str

    @abstractmethod
    def exec(self, *command: str, flags: Sequence[str] = ()) -> Completed:
        """Run another program in it."""

    @abstractmethod
    def status(self) -> str:
        """Return what its client says that it does, in lower case."""

    @property
    @abstractmethod
    def pid(self) -> int:
        """Its process."""

    @property
    @abstractmethod
    def id(self) -> str:
        """What the runtime, and so its cgroup, calls it."""

    def wait_until(self, status: str) -> None:
        """Return when it has this status. Raises AssertionError."""
        deadline = time.monotonic() + self.client.seconds
        while self.status() != status:
            assert time.monotonic() < deadline, f"{self.name} is {self.status()!r}, not {status!r}"
            time.sleep(0.02)

    def wait_for(self, path: str) -> None:
        """Return when the program has made a file. Raises AssertionError."""
        self.exec("sh", "-c", f"until test -e {path}; do sleep .01; done").ok()

    def file(self, path: str) -> Path:
        """Return the path of a file in it, while it runs."""
        return self.client.world.path(f"/proc/{self.pid}/root{path}")

    def limit(self, *places: str) -> str:
        """Return what its cgroup says, in the file for cgroup v1 or in that for v2; "{}" stands for its id."""
        files = [self.client.world.path(f"/sys/fs/cgroup/{place.format(self.id)}") for place in places]
        return next(file.read_text().strip() for file in files if file.exists())
