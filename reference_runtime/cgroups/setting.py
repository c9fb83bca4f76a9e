"""One control file to write: the product of the plans."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Current = Callable[[str], str]
    """What a control file of the container's cgroup says now; "" if it isn't there, or the cgroup isn't yet."""


WHERE = "$.linux.resources"


class Setting:
    """A value for a controller's file. Of several (file, value) the first whose file this kernel has is written.

    `controller` is empty for the core files of v2, `where` is the JSON path of what is set.
    """

    __slots__ = ("alternatives", "controller", "where")

    def __init__(self, controller: str, *alternatives: tuple[str, str], where: str) -> None:
        self.controller = controller
        self.alternatives = alternatives
        self.where = where

    def describe(self) -> str:
        """Return one line for --plan."""
        return " or ".join(f"write {value!r} to {file}" for file, value in self.alternatives)
