"""config-linux.md, Memory policy: what the kernel tells the program of its own; get_mempolicy(2)."""

import re
import struct
from collections.abc import Callable, Mapping, Sequence

from conformance.expectations.calls import results
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    running,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Out
from conformance.record.record import Record

MODES: Mapping[str, int] = {
    "MPOL_DEFAULT": 0,
    "MPOL_PREFERRED": 1,
    "MPOL_BIND": 2,
    "MPOL_INTERLEAVE": 3,
    "MPOL_LOCAL": 4,
    "MPOL_PREFERRED_MANY": 5,
    "MPOL_WEIGHTED_INTERLEAVE": 6,
}
"""linux/mempolicy.h."""
_FLAGS = 0xE000
"""The upper bits of a mode, which are flags."""
_SEVERAL = frozenset({"MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"})
"""Modes that keep every node; MPOL_PREFERRED keeps the first."""
_MOST_NODES = 1024
_LIST = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")
ASK = Action("ask the memory policy", (Call("get_mempolicy", (Out(4), Out(_MOST_NODES // 8), _MOST_NODES, 0, 0)),))


def _mode(config: Config) -> str:
    mode = lookup(config, "/linux/memoryPolicy/mode")
    # Without nodes MPOL_PREFERRED means MPOL_LOCAL, and the kernel says so.
    if mode not in MODES or (mode == "MPOL_PREFERRED" and not lookup(config, "/linux/memoryPolicy/nodes")):
        return ""
    return str(mode)


def _nodes(config: Config) -> frozenset[int]:
    """Return the nodes, where they are kept as they are given."""
    text = lookup(config, "/linux/memoryPolicy/nodes")
    flags = lookup(config, "/linux/memoryPolicy/flags") or ()
    if _mode(config) not in _SEVERAL or "MPOL_F_RELATIVE_NODES" in flags:
        return frozenset()
    if not isinstance(text, str) or not _LIST.fullmatch(text):
        return frozenset()
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if int(last or first) >= _MOST_NODES:
            return frozenset()
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _asked(record: Record) -> tuple[int, frozenset[int]]:
    (result,) = results(record.config, record, ASK)
    if result.errno or len(result.data) < 4 + _MOST_NODES // 8:
        raise Inconclusive(f"get_mempolicy gave no answer (error {result.errno})")
    (mode,) = struct.unpack_from("=i", result.data)
    mask = int.from_bytes(result.data[4:], "little")
    return mode & ~_FLAGS, frozenset(node for node in range(_MOST_NODES) if mask >> node & 1)


def _judge_mode(config: Config, _host: Host, record: Record) -> Evidence:
    wanted, (observed, _) = _mode(config), _asked(record)
    if observed != MODES[wanted]:
        name = next((name for name, number in MODES.items() if number == observed), str(observed))
        violated(expected=wanted, observed=name)
    return Evidence(wanted, observed)


def _judge_nodes(config: Config, _host: Host, record: Record) -> Evidence:
    wanted, (mode, observed) = _nodes(config), _asked(record)
    if mode != MODES[_mode(config)]:
        raise Inconclusive("another mode is in force")
    if observed not in {wanted, wanted & running(record).process.mems_allowed}:
        violated(expected=sorted(wanted), observed=sorted(observed))
    return Evidence(sorted(wanted), sorted(observed))


def _expectation(name: str, wants: Callable[[Config], object], judge: Callable[[Config, Host, Record], Evidence]) -> Expectation:
    def applies(config: Config, _host: Host) -> Applicability:
        return bool(wants(config))

    def probes(config: Config, _host: Host) -> Sequence[Action]:
        return (ASK,) if wants(config) else ()

    return Expectation(requirement=f"linux.memorypolicy.{name}.effect", applies=applies, probes=probes, judge=judge, sees="probe")


EXPECTATIONS: tuple[Expectation, ...] = (
    _expectation("mode", _mode, _judge_mode),
    _expectation("nodes", _nodes, _judge_nodes),
)
