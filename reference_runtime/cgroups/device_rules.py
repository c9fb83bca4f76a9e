"""The allowed device list as rules, completed by what every container may use. Source: config-linux.md#allowed-device-list.

Entries apply in their order. Before the first stands a denial of everything, since a container may not access nodes beyond
its devices and the default ones; the default ones stay usable when an entry denies everything, as runc and crun have it
and engines expect. An entry without `access` is about all three letters, as one without a number is about all numbers.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

ANY = -1
ALL_ACCESS = "rwm"


class Rule:
    """One entry: `kind` is a (then about everything), b or c; a number is ANY for all."""

    __slots__ = ("access", "allow", "kind", "major", "minor")

    def __init__(self, *, allow: bool, kind: str = "a", major: int = ANY, minor: int = ANY, access: str = ALL_ACCESS) -> None:
        self.allow = allow
        self.kind = kind
        self.major = major
        self.minor = minor
        self.access = access

    @property
    def general(self) -> bool:
        """It settles everything, so that earlier rules have no say."""
        return self.kind == "a"


def _defaults() -> "list[Rule]":
    """Return the rules for default devices, terminals, and the making of nodes."""
    made = [Rule(allow=True, kind=kind, access="m") for kind in "cb"]
    # null, zero, full, random, urandom; tty, console, ptmx; terminals of devpts.
    numbers = ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, ANY))
    return made + [Rule(allow=True, kind="c", major=major, minor=minor) for major, minor in numbers]


def rules(entries: "Sequence[dict[str, Any]]", devices: "Sequence[dict[str, Any]]" = ()) -> "list[Rule]":
    """Return the rules in force for resources.devices and linux.devices; the first is about everything."""
    listed = [
        Rule(allow=True, kind="b" if device["type"] == "b" else "c", major=device["major"], minor=device["minor"])
        for device in devices
        if device["type"] != "p"
    ]
    made = [Rule(allow=False), *_defaults(), *listed]
    for entry in entries:
        for rule in _normal(entry):
            if rule.general:
                made = [rule] if rule.allow else [rule, *_defaults()]
            else:
                made.append(rule)
    return made


def _normal(entry: "dict[str, Any]") -> "list[Rule]":
    """Return an entry as one rule, or as two where it is about both types but not about everything."""
    major, minor = (ANY if entry.get(name) is None else entry[name] for name in ("major", "minor"))
    access = "".join(letter for letter in ALL_ACCESS if letter in (entry.get("access") or ALL_ACCESS))
    kind = entry.get("type") or "a"
    general = kind == "a" and major == minor == ANY and access == ALL_ACCESS
    kinds = "cb" if kind == "a" and not general else kind
    return [Rule(allow=entry["allow"], kind=each, major=major, minor=minor, access=access) for each in kinds]
