"""Device rules settled: which accesses each device is allowed, from the most special devices to all others.

Rules are about overlapping devices and letters, and the last one about a letter decides. In the table each entry says all
about its devices, so both a list of cgroup v1 and a program of v2 can be read off it.
"""

from reference_runtime.cgroups.device_rules import ALL_ACCESS, ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reference_runtime.cgroups.device_rules import Rule

    Device = tuple[int, int]
    Table = list[tuple[Device, str]]
    """(major and minor, or ANY for all that no earlier entry is about; allowed letters), the entry about all at the end."""


def settled(rules: "Sequence[Rule]", kind: str) -> "Table":
    """Return the table for one kind of device; the first of `rules` is about everything."""
    about = [rule for rule in rules if rule.kind in ("a", kind)]
    devices = {(rule.major, rule.minor) for rule in about}
    majors = {major for major, minor in devices if minor == ANY and major != ANY}
    minors = {minor for major, minor in devices if major == ANY and minor != ANY}
    # Where "all of a major" and "all of a minor" cross, neither says all.
    devices |= {(major, minor) for major in majors for minor in minors}
    table = {device: _allowed(about, device) for device in sorted(devices, key=_breadth)}
    return [(device, access) for device, access in table.items() if _says_more(table, device)]


def _breadth(device: "Device") -> "tuple[int, Device]":
    return device.count(ANY), device


def covers(wide: "Device", device: "Device") -> bool:
    """Whether all of `device` is among `wide`."""
    return wide[0] in (ANY, device[0]) and wide[1] in (ANY, device[1])


def wider(table: "Iterable[Device]", device: "Device") -> "list[Device]":
    """Return the others of a table that cover a device."""
    return [each for each in table if each != device and covers(each, device)]


def _allowed(about: "Sequence[Rule]", device: "Device") -> str:
    """Return the letters whose last rule about all of `device` is a permission."""
    relevant = [rule for rule in reversed(about) if covers((rule.major, rule.minor), device)]
    return "".join(letter for letter in ALL_ACCESS if next(rule.allow for rule in relevant if letter in rule.access))


def _says_more(table: "dict[Device, str]", device: "Device") -> bool:
    """Whether an entry differs from what the wider ones say already."""
    broader = {(ANY, ANY), (device[0], ANY), (ANY, device[1])} - {device}
    return device == (ANY, ANY) or any(table.get(each, table[device]) != table[device] for each in broader)
