"""Faults in the allowed device list. Whatever spoils a part of an entry also breaks what the entry allows."""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]
Entries = list[dict[str, Any]]
_ALLOW = "linux.device-list.allow.effect"


def _changing(change: Callable[[Entries], object]) -> Callable[[Config], None]:
    """Change the list in place, if there is one."""

    def changed(config: Config) -> None:
        change(config["linux"].get("resources", {}).get("devices", []))

    return changed


def _deny_plain(entries: Entries) -> None:
    """Deny what is allowed, in lists that have nothing but entries with a type and numbers."""
    if all({"type", "major", "minor"} <= set(entry) for entry in entries):
        for entry in entries:
            entry["allow"] = False


def _all_letters(entries: Entries) -> None:
    for entry in entries:
        if "major" in entry and entry["allow"]:
            entry["access"] = "rwm"


def _reverse_repeated(entries: Entries) -> None:
    """Turn round the entries about single devices, where one device has several."""
    single = [entry for entry in entries if "minor" in entry]
    if len({entry["minor"] for entry in single}) < len(single):
        entries[:] = [*(entry for entry in entries if "minor" not in entry), *reversed(single)]


def _character_if_unset(entries: Entries) -> None:
    for entry in entries:
        entry.setdefault("type", "c")


def _zero_if_unset(entries: Entries) -> None:
    for entry in entries:
        if entry.get("type") in {"b", "c"}:
            entry.setdefault("major", 0)
            entry.setdefault("minor", 0)


FAULTS: tuple[Fault, ...] = (
    Fault(name="device-entry-denied", reddens=(_ALLOW,), config=_changing(_deny_plain)),
    Fault(
        name="device-letters-ignored",
        reddens=(_ALLOW, "linux.device-list.access.letters"),
        config=_changing(_all_letters),
    ),
    Fault(name="device-order-ignored", reddens=(_ALLOW, "linux.device-list.order"), config=_changing(_reverse_repeated)),
    Fault(
        name="device-type-defaults-to-character",
        reddens=(_ALLOW, "linux.device-list.type.default"),
        config=_changing(_character_if_unset),
    ),
    Fault(
        name="device-numbers-default-to-zero",
        reddens=(_ALLOW, "linux.device-list.major-minor.default"),
        config=_changing(_zero_if_unset),
    ),
)
