"""Device rules for cgroup v1: what to write to devices.deny and devices.allow.

The kernel keeps a default and exceptions from it, and an exception cannot have exceptions (security/device_cgroup.c). So rules
that give a special device less than the wider entry around it need "allow" for the default, and the other way round; where
neither works, v1 cannot express them, and they are refused.
"""

from reference_runtime.cgroups.device_rules import ALL_ACCESS, ANY, Rule
from reference_runtime.cgroups.device_table import settled, wider
from reference_runtime.cgroups.setting import WHERE
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_runtime.cgroups.device_table import Table


def plan(rules: "Sequence[Rule]") -> "list[tuple[str, str]]":
    """Return (file, line) for `rules`, of which the first is about everything. Raises RuntimeFault."""
    for candidate in (rules, _nodes_left(rules), _without_making(rules)):
        tables = {kind: settled(candidate, kind) for kind in "cb"}
        allows_all = all(table == [((ANY, ANY), ALL_ACCESS)] for table in tables.values())
        for allow in (True,) if allows_all else (False, True):
            lines = [_exceptions(kind, table, default_allows=allow) for kind, table in tables.items()]
            if all(each is not None for each in lines):
                start, other = ("devices.allow", "devices.deny") if allow else ("devices.deny", "devices.allow")
                return [(start, "a"), *((other, line) for each in lines for line in each or ())]
    raise RuntimeFault("some entries take back a part of others", where=f"{WHERE}.devices", why="cgroup v1 cannot express that")


def _nodes_left(rules: "Sequence[Rule]") -> "list[Rule]":
    """Leave it at not opening where a device is denied altogether: its node is of no use then.

    docker denies /dev/fuse so, after everything, and what it runs wants to make other nodes.
    """
    return [
        Rule(allow=False, kind=rule.kind, major=rule.major, minor=rule.minor, access="rw")
        if not (rule.allow or rule.general) and rule.access == ALL_ACCESS
        else rule
        for rule in rules
    ]


def _without_making(rules: "Sequence[Rule]") -> "list[Rule]":
    """Anybody may make nodes by our own rules, not by the config's: that gives way if it stands in the way."""
    return [rule for rule in rules if not (rule.allow and rule.access == "m" and rule.major == rule.minor == ANY)]


def _exceptions(kind: str, table: "Table", *, default_allows: bool) -> "list[str] | None":
    """Return the lines that make a table out of a default, None where they would need exceptions of their own."""
    letters = {device: _other(access) if default_allows else access for device, access in table}
    for device, access in letters.items():
        if any(set(letters[each]) - set(access) for each in wider(letters, device)):
            return None
    return [f"{kind} {_number(major)}:{_number(minor)} {access}" for (major, minor), access in letters.items() if access]


def _other(access: str) -> str:
    return "".join(letter for letter in ALL_ACCESS if letter not in access)


def _number(number: int) -> str:
    return "*" if number == ANY else str(number)
