"""Faults with memory policies. Debian's runtimes commit them by themselves: version 1.3.0 of the spec has come after them."""

from tests.faulty.fault import Fault

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="memory-policy-ignored",
        reddens=("linux.memorypolicy.mode.effect",),
        config=lambda config: config["linux"].pop("memoryPolicy", None),
    ),
)
