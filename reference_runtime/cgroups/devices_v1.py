"""Device rules for cgroup v1: what to write to devices.deny and devices.allow.

The kernel keeps a default and a set of exceptions from it, and undoes an exception only by the very same device
(security/device_cgroup.c). So a rule that takes a part away from a wider one cannot be expressed, and is refused.
"""

from reference_runtime.cgroups.device_rules import ALL_ACCESS
from reference_runtime.cgroups.resources import WHERE
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_runtime.cgroups.device_rules import Rule

_MAKING = [("c", -1, -1), ("b", -1, -1)]


def plan(rules: "Sequence[Rule]") -> "list[tuple[str, str]]":
    """Return (file, line) for `rules`, of which the first is about everything. Raises RuntimeFault."""
    exceptions = _exceptions(rules)
    if exceptions is None:
        # The permission to make any node is ours to take back, if that is what stands in the way.
        exceptions = _exceptions([rule for rule in rules if not (rule.device in _MAKING and rule.access == "m" and rule.allow)])
    if exceptions is None:
        raise RuntimeFault(
            "an entry takes back a part of what a wider one says", where=f"{WHERE}.devices", why="cgroup v1 cannot express it"
        )
    deny_first = not rules[0].allow
    start, other = ("devices.deny", "devices.allow") if deny_first else ("devices.allow", "devices.deny")
    return [(start, "a"), *((other, _with_wider(rule, exceptions).line()) for rule in exceptions)]


def _with_wider(rule: "Rule", exceptions: "Sequence[Rule]") -> "Rule":
    """Return a permission with what wider ones add to it: to open for reading and writing, one line must grant both."""
    wider = "".join(each.access for each in exceptions if rule.allow and each.covers(rule))
    return rule.with_access(_sorted(rule.access + wider.replace("m", "")))


def _exceptions(rules: "Sequence[Rule]") -> "list[Rule] | None":
    """Return the rules that differ from the first one's decision, None where exceptions cannot express them."""
    default, *others = rules
    exceptions: dict[tuple[str, int, int], Rule] = {}
    for rule in others:
        if rule.allow != default.allow:
            known = exceptions.get(rule.device)
            access = rule.access if known is None else _sorted(known.access + rule.access)
            exceptions[rule.device] = rule.with_access(access)
            continue
        for device, known in list(exceptions.items()):
            left = "".join(letter for letter in known.access if letter not in rule.access)
            if left == known.access or not rule.meets(known):
                continue
            if not rule.covers(known):
                return None
            if left:
                exceptions[device] = known.with_access(left)
            else:
                del exceptions[device]
    return list(exceptions.values())


def _sorted(access: str) -> str:
    return "".join(letter for letter in ALL_ACCESS if letter in access)
