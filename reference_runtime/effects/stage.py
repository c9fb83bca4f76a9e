"""Where effects take place: what the process that sets a container up holds while it does."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Effect(Protocol):
        """One change on the way from a config to a container."""

        def describe(self) -> str:
            """Say in a line what it does."""

        def execute(self, stage: "Stage") -> None:
            """Do it. Raises RuntimeFault, or OSError where the kernel's own words say enough."""

    class Outside(Protocol):
        """One change that the runtime makes to a process from outside."""

        def describe(self) -> str:
            """Say in a line what it does."""

        def execute(self, pid: int) -> None:
            """Do it. Raises RuntimeFault; then it has left nothing."""

        def undo(self) -> None:
            """Take back what would outlast the process, when the container's creation fails later."""

        def lasting(self) -> "list[str]":
            """Return the directories to remove when the container is deleted, children last."""


STAGING = ".."
"""Where file systems appear before they are moved to their place: on the directory of all state directories.

It is always there, and nobody else sees it: the mount namespace is of our own. From below, ".." leads to what is mounted on it.
In a copy of a mount namespace that was joined it is the root, which is the working directory there: its "..", too.
"""


class Inherited:
    """What ends with the process and its children."""

    __slots__ = ()

    def undo(self) -> None:
        """Leave it: nothing outlasts the process."""

    def lasting(self) -> "list[str]":
        """Return no directories."""
        return []


class Stage:
    """The working directory is the container's state directory; /proc is still the host's until the root is changed."""

    __slots__ = ("deferred", "kernel_trees", "own_mounts", "proc", "root", "sources", "user_namespace")

    def __init__(self, *, own_mounts: bool, user_namespace: bool) -> None:
        self.root = -1
        """Descriptor of the container's root."""
        self.proc = -1
        """Descriptor of a /proc that is known to be the kernel's."""
        self.own_mounts = own_mounts
        """Whether the container has a mount namespace of its own, so that its root can be pivoted to."""
        self.user_namespace = user_namespace
        self.sources: dict[int, int] = {}
        """Index of a mount to its source, opened beforehand because the container's user may not reach it."""
        self.deferred: list[int] = []
        """Descriptors of mounts that become read-only when all is in place."""
        self.kernel_trees: dict[str, int] = {}
        """What has been mounted as "proc" and as "sys": covering a file there must not depend on where /proc leads by then."""
