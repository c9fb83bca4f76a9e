"""System calls about which a seccomp config settles something, with arguments that meet its conditions or miss them.

Left out, since the text or the tools leave them open: calls that several entries name, several conditions on one argument,
calls newer than libraries in use or than the newest that the config names (runc answers those with ENOSYS on purpose),
notifications, and on foreign machines everything but plain entries.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from conformance.expectations.seccomp_refusals import defective
from conformance.record.config import Config, lookup, remembered
from conformance.record.host import Host
from specs.linux.seccomp import ACTIONS, ARCHITECTURES, NATIVE, OPERATORS, TABLES
from specs.linux.syscalls import numbers

_EPERM = 1
_MOST_DATA = 0xFFFF
_MOST_DEFAULTS = 40
_NEWEST = 439
"""faccessat2: libseccomp knows it since 2.5.0. Numbers from 424 on are the same everywhere."""
_ALL_BITS = (1 << 64) - 1
_LATECOMERS = frozenset({"uprobe", "uretprobe", "riscv_hwprobe"})
"""Calls that filled gaps between older numbers, so that libraries in use do not know them."""
_MULTIPLEXED = frozenset(
    {
        "socket",
        "bind",
        "connect",
        "listen",
        "accept",
        "accept4",
        "getsockname",
        "getpeername",
        "socketpair",
        "send",
        "sendto",
        "recv",
        "recvfrom",
        "shutdown",
        "setsockopt",
        "getsockopt",
        "sendmsg",
        "recvmsg",
        "sendmmsg",
        "recvmmsg",
        "socketcall",
        "ipc",
        "semop",
        "semget",
        "semctl",
        "semtimedop",
        "msgsnd",
        "msgrcv",
        "msgget",
        "msgctl",
        "shmat",
        "shmdt",
        "shmget",
        "shmctl",
    }
)
"""Calls that some machines have twice: alone, and as a part of socketcall or ipc."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One system call and what is to happen to it."""

    name: str
    number: int
    arch: int
    native: bool
    arguments: tuple[int, ...]
    action_name: str
    errno: int
    errno_given: bool
    ruled: bool
    """An entry is met; else the default holds."""
    operators: tuple[str, ...] = ()
    """Operators of the conditions on the call, met or not."""

    @property
    def action(self) -> int:
        """The SECCOMP_RET_ word."""
        return ACTIONS[self.action_name]

    def __str__(self) -> str:
        values = ", ".join(f"{argument:#x}" for argument in self.arguments)
        return f"{self.name}({values}) of {self.arch:#x}"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of an argument; `mask` is all bits except for MASKED_EQ, where it comes from `value`."""

    index: int
    operator: str
    value: int
    mask: int

    def met(self, argument: int) -> bool:
        """Whether an argument, an unsigned number of 64 bits, meets it."""
        match self.operator:
            case "SCMP_CMP_NE":
                return argument != self.value
            case "SCMP_CMP_LT":
                return argument < self.value
            case "SCMP_CMP_LE":
                return argument <= self.value
            case "SCMP_CMP_GE":
                return argument >= self.value
            case "SCMP_CMP_GT":
                return argument > self.value
            case _:
                return argument & self.mask == self.value

    def examples(self) -> list[int]:
        """Return arguments at the edges: the value, its neighbours, some that differ in the upper half or beside the mask."""
        lowest = self.mask & -self.mask
        found = (self.value, self.value - 1, self.value + 1, self.value ^ 1 << 40, self.value | ~self.mask, self.value ^ lowest)
        return sorted({value & _ALL_BITS for value in found if value not in {-1, _ALL_BITS + 1}})


@remembered
def native_samples(config: Config, host: Host) -> Sequence[Sample]:
    """Return what is settled about the calls of this machine, if it is among those that the config lists."""
    seccomp = _seccomp(config)
    native = NATIVE.get(host.machine)
    if native is None or native not in (seccomp.get("architectures") or [native]):
        return []
    return [*_ruled(seccomp, native, native=True), *_defaults(seccomp, native)]


@remembered
def foreign_samples(config: Config, host: Host) -> Sequence[Sample]:
    """Return what plain entries settle about the calls of other machines that the config lists."""
    seccomp = _seccomp(config)
    # x32 shares its word for the architecture with x86_64.
    listed = [name for name in seccomp.get("architectures") or () if name in TABLES and name != "SCMP_ARCH_X32"]
    foreign = [name for name in dict.fromkeys(listed) if name != NATIVE.get(host.machine)]
    return [sample for name in foreign for sample in _ruled(seccomp, name, native=False)]


def _seccomp(config: Config) -> Mapping[str, Any]:
    """Return the filter; an empty one if it has to be refused."""
    seccomp = lookup(config, "/linux/seccomp")
    return seccomp if isinstance(seccomp, Mapping) and seccomp.get("defaultAction") in ACTIONS and not defective(config) else {}


@lru_cache
def _known(arch: str) -> Mapping[str, int]:
    return {name: number for name, number in numbers(TABLES[arch]).items() if number <= _NEWEST and name not in _LATECOMERS}


def _ruled(seccomp: Mapping[str, Any], arch: str, *, native: bool) -> Iterator[Sample]:
    """Yield samples of the calls that are named once."""
    known, entries = _known(arch) if seccomp else {}, seccomp.get("syscalls") or ()
    counts = Counter(name for entry in entries for name in entry.get("names") or ())
    for entry in entries:
        conditions = _conditions(entry)
        if conditions is None or (not native and entry.get("args")):
            continue
        tried = _tried(seccomp, entry, conditions)
        operators = tuple(condition.operator for condition in conditions)
        for name in entry.get("names") or ():
            if counts[name] == 1 and name in known and (native or name not in _MULTIPLEXED):
                for arguments, met, outcome in tried:
                    yield from _sample(name, known[name], arch, arguments, outcome, native=native, ruled=met, operators=operators)


def _tried(
    seccomp: Mapping[str, Any], entry: Mapping[str, Any], conditions: Sequence[Condition]
) -> list[tuple[tuple[int, ...], bool, tuple[Any, Any]]]:
    """Return argument lists, whether they meet the conditions, and what is to happen then: the same for all calls of an entry."""
    met, missed = (entry.get("action"), entry.get("errnoRet")), (seccomp.get("defaultAction"), seccomp.get("defaultErrnoRet"))
    found = []
    for arguments in _argument_lists(conditions):
        meets = all(condition.met(arguments[condition.index]) for condition in conditions)
        found.append((arguments, meets, met if meets else missed))
    return found


def _defaults(seccomp: Mapping[str, Any], arch: str) -> Iterator[Sample]:
    """Yield calls that no entry names, older than the newest that one does."""
    known = _known(arch) if seccomp else {}
    named = {name for entry in seccomp.get("syscalls") or () for name in entry.get("names") or ()}
    newest = max((known[name] for name in named if name in known), default=-1)
    unnamed = sorted(name for name, number in known.items() if name not in named and number < newest)
    outcome = seccomp.get("defaultAction"), seccomp.get("defaultErrnoRet")
    for name in unnamed[:: max(1, len(unnamed) // _MOST_DEFAULTS)]:
        yield from _sample(name, known[name], arch, (0,) * 6, outcome, native=True, ruled=False)


def _sample(
    name: str,
    number: int,
    arch: str,
    arguments: tuple[int, ...],
    outcome: tuple[Any, Any],
    *,
    native: bool,
    ruled: bool,
    operators: tuple[str, ...] = (),
) -> Iterator[Sample]:
    action, given = outcome
    if action not in ACTIONS or action == "SCMP_ACT_NOTIFY" or not 0 <= (given or 0) <= _MOST_DATA:
        return
    yield Sample(
        name=name,
        number=number,
        arch=ARCHITECTURES[arch],
        native=native,
        arguments=arguments,
        action_name=action,
        errno=_EPERM if given is None else given,
        errno_given=given is not None,
        ruled=ruled,
        operators=operators,
    )


def _conditions(entry: Mapping[str, Any]) -> list[Condition] | None:
    """Return the conditions of an entry, None where they can be read in two ways."""
    found = [_condition(given) for given in entry.get("args") or ()]
    conditions = [condition for condition in found if condition is not None]
    distinct = len({condition.index for condition in conditions}) == len(found)
    return conditions if distinct else None


def _condition(given: Mapping[str, Any]) -> Condition | None:
    index, operator, value = given.get("index"), given.get("op"), given.get("value")
    if not isinstance(index, int) or not isinstance(value, int) or not isinstance(operator, str):
        return None
    if index not in range(6) or operator not in OPERATORS or not 0 <= value <= _ALL_BITS:
        return None
    if operator != "SCMP_CMP_MASKED_EQ":
        return Condition(index, operator, value, _ALL_BITS)
    # libseccomp's roles: the first value is the mask, the second what is to be left under it.
    wanted = given.get("valueTwo") or 0
    return Condition(index, operator, wanted, value) if value and wanted & ~value == 0 else None


def _argument_lists(conditions: Sequence[Condition]) -> list[tuple[int, ...]]:
    """Return argument lists that meet all conditions, and such that vary one argument of those."""
    base = [0] * 6
    for condition in conditions:
        base[condition.index] = next((value for value in condition.examples() if condition.met(value)), 0)
    found = [tuple(base)]
    for condition in conditions:
        index = condition.index
        found += [(*base[:index], value, *base[index + 1 :]) for value in condition.examples()]
    return list(dict.fromkeys(found))
