"""process.execCPUAffinity: the processors that a process which exec adds runs on."""

import posix

from reference_runtime.config.number_list import numbers
from reference_runtime.fault import RuntimeFault, reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.effects.stage import Stage

_AFFINITY = "$.process.execCPUAffinity"


class Affinity:
    """execCPUAffinity: a list of CPUs such as "0-3,7"."""

    __slots__ = ("cpus",)

    def __init__(self, cpus: str) -> None:
        self.cpus = cpus

    def describe(self) -> str:
        return f"run on the CPUs {self.cpus}"

    def execute(self, stage: "Stage") -> None:  # noqa: ARG002  # every effect gets the stage
        self.apply()

    def apply(self) -> None:
        """Move the caller to these CPUs. Raises RuntimeFault."""
        try:
            posix.sched_setaffinity(0, numbers(self.cpus, _AFFINITY))
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise RuntimeFault(f"cannot run on the CPUs {self.cpus}", where=_AFFINITY, why=why) from error
