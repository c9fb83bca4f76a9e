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


STAGING = "mount"
"""The directory below the container's own state directory where file systems appear before they are moved to their place."""


class Stage:
    """The working directory is the container's state directory; /proc is still the host's until the root is changed."""

    __slots__ = ("deferred", "own_mounts", "proc", "root", "sources", "user_namespace")

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
