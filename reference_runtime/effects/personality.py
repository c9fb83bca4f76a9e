"""linux.personality and process.oomScoreAdj: what the program inherits, and few configs ask for."""

from reference_runtime.effects.stage import Inherited
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.files import write_file
from reference_runtime.kernel.syscall import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage

_PERSONALITIES = {"LINUX": 0, "LINUX32": 8}


class Personality:
    """personality(2): it survives execve."""

    __slots__ = ("domain",)

    def __init__(self, domain: str) -> None:
        self.domain = domain

    def describe(self) -> str:
        return f"set the personality to {self.domain}"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        try:
            syscall("personality", _PERSONALITIES[self.domain])
        except OSError as error:
            raise RuntimeFault("cannot be set", where="$.linux.personality", why=reason(error)) from error


class OomScore(Inherited):
    """Written by the runtime, which may lower what the container's user may not."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value

    def describe(self) -> str:
        return f"set oom_score_adj to {self.value}"

    def execute(self, pid: int) -> None:
        try:
            write_file(f"/proc/{pid}/oom_score_adj", str(self.value))
        except OSError as error:
            raise RuntimeFault("cannot be set", where="$.process.oomScoreAdj", why=reason(error)) from error
