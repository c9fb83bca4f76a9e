"""Faults with network interfaces, on our own runtime: Debian's have not heard of them."""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]


def _names_ignored(config: Config) -> None:
    for entry in config["linux"].get("netDevices", {}).values():
        entry.pop("name", None)


def _renamed(config: Config) -> None:
    for number, entry in enumerate(config["linux"].get("netDevices", {}).values()):
        entry.setdefault("name", f"ocinew{number}")


def _fault(name: str, *reddens: str, config: Callable[[Config], object] | None = None, behaviour: str | None = None) -> Fault:
    requirements = tuple(f"linux.netdevices.{each}" for each in reddens)
    return Fault(name=name, reddens=requirements, config=config, behaviour=behaviour, real="reference-runtime")


FAULTS: tuple[Fault, ...] = (
    _fault(
        "interfaces-ignored",
        *("available", "moved", "check-movable", "name-clash-error"),
        config=lambda config: config["linux"].pop("netDevices", None),
    ),
    _fault("interface-names-ignored", "name.effect", "template-allowed", "name-clash-error", config=_names_ignored),
    _fault("interfaces-renamed", "name.default", config=_renamed),
    _fault("interfaces-left-down", "set-up", "keep-attributes", behaviour="create_leaves_interfaces_down"),
    _fault("interfaces-changed", "keep-attributes", behaviour="create_changes_interfaces"),
    _fault("interfaces-set-back", "no-management", behaviour="start_sets_interfaces_back"),
    _fault("interfaces-moved-back", "no-move-back", behaviour="delete_moves_interfaces_back"),
)
