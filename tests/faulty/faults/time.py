"""Faults with time namespaces, on our own runtime: Debian's refuse them."""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]


def _dropped(config: Config) -> None:
    config["linux"].pop("timeOffsets", None)
    config["linux"]["namespaces"] = [entry for entry in config["linux"]["namespaces"] if entry["type"] != "time"]


def _later(name: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        for offset in config["linux"].get("timeOffsets", {}).values():
            if name in offset:
                offset[name] += 1

    return change


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="time-namespace-dropped",
        reddens=("linux.namespaces.type.time", "linux.timeoffsets.secs.effect", "linux.timeoffsets.nanosecs.effect"),
        config=_dropped,
        real="reference-runtime",
    ),
    Fault(name="clocks-a-second-on", reddens=("linux.timeoffsets.secs.effect",), config=_later("secs"), real="reference-runtime"),
    Fault(
        name="clocks-a-nanosecond-on",
        reddens=("linux.timeoffsets.nanosecs.effect",),
        config=_later("nanosecs"),
        real="reference-runtime",
    ),
)
