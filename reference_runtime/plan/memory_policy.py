"""Plans linux.memoryPolicy (config-linux.md#memory-policy): pure. The rules are those of set_mempolicy(2)."""

from reference_runtime.config.number_list import mask, numbers
from reference_runtime.config.shape import array, choice, record, text
from reference_runtime.effects.memory_policy import MemoryPolicy
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODES = {
    "MPOL_DEFAULT": 0,
    "MPOL_PREFERRED": 1,
    "MPOL_BIND": 2,
    "MPOL_INTERLEAVE": 3,
    "MPOL_LOCAL": 4,
    "MPOL_PREFERRED_MANY": 5,
    "MPOL_WEIGHTED_INTERLEAVE": 6,
}
FLAGS = {"MPOL_F_NUMA_BALANCING": 1 << 13, "MPOL_F_RELATIVE_NODES": 1 << 14, "MPOL_F_STATIC_NODES": 1 << 15}

_WITHOUT_NODES = ("MPOL_DEFAULT", "MPOL_LOCAL")
_EITHER = ("MPOL_PREFERRED",)
"""With no node it prefers the nearest."""
_BALANCED = ("MPOL_BIND", "MPOL_PREFERRED_MANY")
_WHERE = "$.linux.memoryPolicy"
_POLICY = record({"mode": choice(*MODES), "nodes": text, "flags": array(choice(*FLAGS))}, required=("mode",))


def plan_memory_policy(given: "dict[str, Any]") -> MemoryPolicy:
    """Return the effect on the first process, which does it to itself. Raises RuntimeFault."""
    _POLICY(given, _WHERE)
    mode, nodes, flags = given["mode"], given.get("nodes") or "", given.get("flags") or []
    listed = numbers(nodes, f"{_WHERE}.nodes")
    if listed and mode in _WITHOUT_NODES:
        raise RuntimeFault(f"{mode} has no nodes", where=f"{_WHERE}.nodes")
    if not listed and mode not in _WITHOUT_NODES + _EITHER:
        raise RuntimeFault(f"{mode} needs a node", where=f"{_WHERE}.nodes")
    _check_flags(mode, flags, has_nodes=bool(listed))
    number = MODES[mode]
    for name in set(flags):
        number |= FLAGS[name]
    return MemoryPolicy(mode, number, mask(nodes, _WHERE) if listed else b"")


def _check_flags(mode: str, flags: "list[str]", *, has_nodes: bool) -> None:
    where = f"{_WHERE}.flags"
    how = [name for name in ("MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES") if name in flags]
    if len(how) > 1:
        raise RuntimeFault(f"{' and '.join(how)} exclude each other", where=where)
    if how and not has_nodes:
        raise RuntimeFault(f"{how[0]} is about nodes, and there are none", where=where)
    if "MPOL_F_NUMA_BALANCING" in flags and mode not in _BALANCED:
        raise RuntimeFault(f"MPOL_F_NUMA_BALANCING does not go with {mode}", where=where)
