"""Faults with Intel RDT."""

from tests.faulty.fault import Fault

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="intel-rdt-ignored",
        reddens=("linux.intelrdt.no-resctrl-error",),
        config=lambda config: config["linux"].pop("intelRdt", None),
    ),
)
