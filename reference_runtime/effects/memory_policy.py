"""On which memory nodes a process gets its memory."""

from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage


class MemoryPolicy:
    """set_mempolicy(2): of the calling thread, kept across execve, inherited by children."""

    __slots__ = ("mode", "name", "nodes")

    def __init__(self, name: str, mode: int, nodes: bytes) -> None:
        self.name = name
        self.mode = mode
        """With its flags."""
        self.nodes = nodes
        """A mask, empty for none."""

    def describe(self) -> str:
        """Return one line for --plan."""
        return f"set the memory policy {self.name} ({self.mode:#x}), nodes {int.from_bytes(self.nodes, 'little'):#x}"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        """Do it. Raises RuntimeFault, with ENOSYS where the kernel has no support for memory nodes."""
        # The kernel takes one bit less than it is told.
        bits = 8 * len(self.nodes) + 1 if self.nodes else 0
        try:
            syscall("set_mempolicy", self.mode, self.nodes or None, bits)
        except OSError as error:
            raise RuntimeFault.of(f"{self.name} cannot be set", error, where="$.linux.memoryPolicy") from None
