"""Seccomp filters that let the program and the runtime live: only calls that both can do without are restricted."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property
from specs.linux.seccomp import NATIVE, OPERATORS
from specs.linux.syscalls import numbers

_SPARE = (
    "mkdirat", "getpgid", "getsid", "sched_yield", "vhangup", "acct", "swapon", "swapoff", "symlinkat", "linkat", "renameat2",
    "getpriority", "pidfd_getfd", "mincore",
)  # fmt: skip
_MACHINES = frozenset(f"SCMP_ARCH_{name}" for name in ("X86_64", "X86", "AARCH64", "ARM"))
"""What libraries in use know; riscv64 came late."""
_OLD = 439
"""Newer calls are unknown to libraries in use."""
_ACTIONS = ("ERRNO", "TRACE", "KILL_PROCESS", "KILL_THREAD", "TRAP", "LOG", "ALLOW")
_CARRYING = ("ERRNO", "TRACE")
_ERRNOS = (1, 13, 38, 61, 95, 133)
_VALUES = st.one_of(st.integers(0, 9), st.sampled_from((0xFFFF_FFFF, 0x1_0000_0000, 0x1_0000_0005, (1 << 63) - 1)))
_Entry = dict[str, Any]

_MAYBE = st.booleans()
_ANY_ACTION = st.sampled_from(_ACTIONS)
_ANY_ERRNO = st.sampled_from(_ERRNOS)
_ANY_OPERATOR = st.sampled_from(sorted(OPERATORS))
_INDEXES = st.lists(st.integers(0, 4), max_size=2, unique=True)


def allowing(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a filter that allows or logs by default, with entries of every sort, maybe for other machines as well."""
    if not host.seccomp:
        return None
    native = NATIVE.get(host.machine)
    foreign = st.lists(st.sampled_from(sorted(_MACHINES - {native})), max_size=2, unique=True)
    machines = foreign.map(lambda others: [native, *others] if native and others else [])
    actions = st.sampled_from(("SCMP_ACT_ALLOW", "SCMP_ACT_LOG"))
    flags = st.sampled_from(([], [], ["SECCOMP_FILTER_FLAG_LOG"]))
    return st.tuples(actions, _entries(), machines, flags).map(
        lambda given: _feature(
            "linux.seccomp.allowing",
            {"defaultAction": given[0], "syscalls": given[1]}
            | ({"architectures": given[2]} if given[2] else {})
            | ({"flags": given[3]} if given[3] else {}),
        )
    )


def denying(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a filter that denies by default what few programs need, with or without an errno of the config's."""
    if not host.seccomp:
        return None
    names = sorted(name for name, number in numbers(host.machine).items() if number <= _OLD and name not in _SPARE)
    default = st.sampled_from(("SCMP_ACT_ERRNO", "SCMP_ACT_TRAP", "SCMP_ACT_TRACE"))

    def feature(given: tuple[str, int | None, list[_Entry]]) -> Feature:
        action, errno, entries = given
        seccomp: _Entry = {"defaultAction": action, "syscalls": [_entry(names, "ALLOW"), *entries]}
        if errno is not None and action != "SCMP_ACT_TRAP":
            seccomp["defaultErrnoRet"] = errno
        return _feature("linux.seccomp.denying", seccomp)

    return st.tuples(default, st.one_of(st.none(), _ANY_ERRNO), _entries()).map(feature)


def _feature(name: str, seccomp: _Entry) -> Feature:
    return Feature(name=name, sole="filter", shows=("linux.seccomp.*",), edits=(put("/linux/seccomp", seccomp),))


def _entry(names: list[str], action: str, **members: Any) -> _Entry:
    return {"names": names, "action": f"SCMP_ACT_{action}", **members}


def _entries() -> SearchStrategy[list[_Entry]]:
    """Generate entries that name a call once at most: what holds of two that name the same is left open."""
    several = st.lists(st.sampled_from(_SPARE), max_size=6, unique=True)

    @st.composite
    def entries(draw: st.DrawFn) -> list[_Entry]:
        return [_drawn(draw, name) for name in draw(several)]

    return entries()


def _drawn(draw: st.DrawFn, name: str) -> _Entry:
    action = draw(_ANY_ACTION)
    entry = _entry([name], action)
    if action in _CARRYING and draw(_MAYBE):
        entry["errnoRet"] = draw(_ANY_ERRNO)
    indexes = draw(_INDEXES)
    if indexes:
        entry["args"] = [_condition(draw, index) for index in indexes]
    return entry


def _condition(draw: st.DrawFn, index: int) -> _Entry:
    operator, value = draw(_ANY_OPERATOR), draw(_VALUES)
    condition: _Entry = {"index": index, "op": operator, "value": value}
    if operator == "SCMP_CMP_MASKED_EQ":
        condition |= {"value": value or 1, "valueTwo": draw(_VALUES) & (value or 1)}
    return condition


PROPERTIES = (Property("linux.seccomp.allowing", allowing), Property("linux.seccomp.denying", denying))
