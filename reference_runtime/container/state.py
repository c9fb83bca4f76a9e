"""What a container is, kept in the file `state`, and the state that the spec defines, asked from the kernel each time.

The file is for us alone, so it is marshal's: built into the interpreter, it spares start, kill and delete the 0.3 ms of JSON.
"""

import posix
from marshal import dumps, loads  # built in

from reference_runtime import SPEC_VERSION
from reference_runtime.container.directory import START, Directory
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.files import read_bytes
from reference_runtime.kernel.pidfds import start_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.cgroups.manager import Manager

_FORMAT = 2
"""Of marshal; every Python since 2.5 reads it, so that an upgrade loses no container."""

CREATING, CREATED, RUNNING, PAUSED, STOPPED = "creating", "created", "running", "paused", "stopped"


class Container:
    """A container whose state has been read or is about to be written."""

    __slots__ = ("directory", "document", "terminal")

    def __init__(self, directory: Directory, document: "dict[str, Any]") -> None:
        self.directory = directory
        self.document = document
        self.terminal = -1
        """Our end of the socket that the first half of the terminal comes over, if the caller wants to stay attached."""

    def take_terminal(self) -> int:
        """Return the first half of the terminal, or -1 if it isn't for us. Raises RuntimeFault."""
        if self.terminal < 0:
            return -1
        from reference_runtime.container.console import receive

        return receive(self.terminal)

    @classmethod
    def load(cls, directory: Directory) -> "Container":
        """Read a container's state. Raises RuntimeFault if it does not exist."""
        content = directory.read("state")
        try:
            return cls(directory, loads(content))  # noqa: S302  # nobody but us may write there
        except (ValueError, EOFError, TypeError) as error:
            raise RuntimeFault(f"cannot read the state of {directory.container_id}", why=str(error)) from error

    def save(self) -> None:
        """Write the state."""
        self.directory.write("state", dumps(self.document, _FORMAT))

    @property
    def cgroup(self) -> "Manager":
        """The manager of the container's cgroup."""
        from reference_runtime.cgroups.manager import Manager

        return Manager.recorded(self.document["cgroup"])

    @property
    def container_id(self) -> str:
        return self.directory.container_id

    @property
    def pid(self) -> int:
        """The first process, as it was told at create."""
        pid: int = self.document["pid"]
        return pid

    def is_alive(self) -> bool:
        """Whether the first process is there: that very one, and not only a zombie of it."""
        return self.pid > 0 and start_time(self.pid) == self.document["startTime"]

    def status(self) -> str:
        """Return one of the words above."""
        if not self.is_alive():
            return STOPPED if self.pid else CREATING
        try:
            # The process holds the FIFO: its descriptor closes in the moment in which it executes the program.
            posix.close(posix.open(f"{self.directory.path}/{START}", posix.O_WRONLY | posix.O_NONBLOCK | posix.O_CLOEXEC))
        except FileNotFoundError:
            return CREATING
        except OSError:
            return PAUSED if self.is_frozen() else RUNNING
        return CREATED

    def is_frozen(self) -> bool:
        """Whether the freezer says so, or is about to: one file, asked without the cgroups' manager."""
        try:
            return read_bytes(self.document["freezer"]).strip() in {b"1", b"FROZEN", b"FREEZING"}
        except OSError:
            return False  # no cgroup has a freezer

    def config(self) -> "dict[str, Any]":
        """Return the config as it was at create: later changes of the bundle's do not count."""
        from reference_runtime.config.reader import parse

        config: dict[str, Any] = parse(self.document["config"], name=f"{self.document['bundle']}/config.json")
        return config

    def state(self, *, status: "str | None" = None, pid: "int | None" = None) -> "dict[str, Any]":
        """Return the state as runtime.md defines it, and some more that container engines know from runc.

        `status` and `pid` are given where a hook has to see others than a caller of `state` would.
        """
        now = status or self.status()
        shown = self.pid if pid is None else pid
        document = self.document
        state = {
            "ociVersion": SPEC_VERSION,
            "id": self.container_id,
            "status": now,
            "pid": 0 if now in {STOPPED, CREATING} and pid is None else shown,
            "bundle": document["bundle"],
            "rootfs": document["rootfs"],
            "created": document["created"],
            "owner": document["owner"],
        }
        if document["annotations"]:
            state["annotations"] = document["annotations"]
        return state
