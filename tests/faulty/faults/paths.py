"""Faults in masked and read-only paths: ignored, and relative ones dropped in silence."""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]


def _ignored(kind: str) -> Callable[[Config], None]:
    """Leave out the absolute paths; a relative one stays, so that its own requirement is not touched."""

    def change(config: Config) -> None:
        if kind in config["linux"]:
            config["linux"][kind] = [path for path in config["linux"][kind] if not path.startswith("/")]

    return change


def _relative_dropped(kind: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        if kind in config["linux"]:
            config["linux"][kind] = [path for path in config["linux"][kind] if path.startswith("/")]

    return change


FAULTS: tuple[Fault, ...] = (
    Fault(name="masked-paths-ignored", reddens=("linux.maskedpaths.effect",), config=_ignored("maskedPaths")),
    Fault(name="readonly-paths-ignored", reddens=("linux.readonlypaths.effect",), config=_ignored("readonlyPaths")),
    Fault(name="relative-masked-dropped", reddens=("linux.maskedpaths.absolute",), config=_relative_dropped("maskedPaths")),
    Fault(name="relative-readonly-dropped", reddens=("linux.readonlypaths.absolute",), config=_relative_dropped("readonlyPaths")),
)
