"""Compile linux.seccomp into a filter: pure, from the config to the bytes for seccomp(2). Source: config-linux.md#seccomp.

The text leaves the precedence of entries open; these rules are those of runc and crun over libseccomp:
- names that an architecture doesn't have are passed over, and so are entries that decide what the default decides;
- an entry without conditions beats those with conditions on the same call; of two equals the first decides;
- conditions of one entry must all hold, but if two of them look at the same argument, any one of the entry's is enough;
- the machine's own architecture always belongs to the filter, and a call of one that doesn't ends the thread.
"""

from reference_runtime.fault import RuntimeFault
from reference_runtime.seccomp.architectures import (
    ARCHITECTURES,
    IPC,
    MULTIPLEXED,
    NATIVE,
    TABLES,
    X32_BIT,
    numbers,
)
from reference_runtime.seccomp.constants import ACTIONS, FLAGS, MOST_DATA, NEW_LISTENER, OPERATORS, TSYNC_ESRCH
from reference_runtime.seccomp.program import (
    KILL_THREAD,
    MOST_INSTRUCTIONS,
    assembled,
    by_architecture,
    returns,
    rule,
    tree,
)
from reference_runtime.values import choice, items, members, required, strings, text, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.seccomp.program import Block, Condition

    Alternatives = list[list[Condition]]
    Entry = tuple[list[str], int, Alternatives]
    """Names, the word to return, and lists of conditions of which one has to hold; no list means unconditionally."""

_EPERM = 1
_ALL_BITS = (1 << 64) - 1
_WHERE = "$.linux.seccomp"


class Filter:
    """A compiled filter: `program` is an array of struct sock_filter, `flags` are seccomp(2)'s."""

    __slots__ = ("flags", "listener_metadata", "listener_path", "program")

    def __init__(self, program: bytes, *, flags: int, listener_path: str = "", listener_metadata: str = "") -> None:
        """`listener_path` is empty unless the filter notifies."""
        self.program = program
        self.flags = flags
        self.listener_path = listener_path
        self.listener_metadata = listener_metadata

    def describe(self) -> str:
        """Return one line for --plan."""
        notifying = f", notifying {self.listener_path}" if self.listener_path else ""
        return f"install a seccomp filter of {len(self.program) // 8} instructions, flags {self.flags:#x}{notifying}"


def compile_filter(value: "Any", *, machine: str) -> Filter:
    """Compile the value of linux.seccomp for `machine` (as uname -m says). Raises RuntimeFault with the path of what is wrong."""
    seccomp = members(value, _WHERE)
    default = _word(seccomp, "defaultAction", "defaultErrnoRet", _WHERE)
    entries = [
        _entry(entry, f"{_WHERE}.syscalls[{index}]")
        for index, entry in enumerate(items(seccomp.get("syscalls"), f"{_WHERE}.syscalls"))
    ]
    architectures = _architectures(seccomp, machine)
    notify = ACTIONS["SCMP_ACT_NOTIFY"]
    notifies = default == notify or any(word == notify for _, word, _ in entries)
    flags = _flags(seccomp, notifies=notifies)
    path, metadata = _listener(seccomp, notifies=notifies)
    block = by_architecture(_sections(architectures, [entry for entry in entries if entry[1] != default], default))
    if len(block) > MOST_INSTRUCTIONS:
        raise RuntimeFault(f"the filter has {len(block)} instructions, the kernel takes {MOST_INSTRUCTIONS}", where=_WHERE)
    return Filter(assembled(block), flags=flags, listener_path=path, listener_metadata=metadata)


# Reading the config


def _word(parent: "dict[str, Any]", action_name: str, errno_name: str, where: str) -> int:
    """Return the word that an action and its errno make. Raises RuntimeFault for an action that carries none."""
    action = choice(required(parent, action_name, where), f"{where}.{action_name}", ACTIONS)
    word = ACTIONS[action]
    given = parent.get(errno_name)
    most = MOST_DATA.get(action)
    if most is None:
        if given is not None:
            raise RuntimeFault(f"{action} carries no errno", where=f"{where}.{errno_name}")
        return word
    return word | (_EPERM if given is None else whole(given, f"{where}.{errno_name}", least=0, most=most))


def _entry(value: "Any", where: str) -> "Entry":
    entry = members(value, where)
    names = strings(required(entry, "names", where), f"{where}.names")
    if not names:
        raise RuntimeFault("at least one name is needed", where=f"{where}.names")
    word = _word(entry, "action", "errnoRet", where)
    conditions = [
        _condition(argument, f"{where}.args[{index}]") for index, argument in enumerate(items(entry.get("args"), f"{where}.args"))
    ]
    if len({condition[0] for condition in conditions}) == len(conditions):
        return names, word, [conditions] if conditions else []
    return names, word, [[condition] for condition in conditions]


def _condition(value: "Any", where: str) -> "Condition":
    argument = members(value, where)
    index = whole(required(argument, "index", where), f"{where}.index", least=0, most=5)
    operator = choice(required(argument, "op", where), f"{where}.op", OPERATORS)
    first = whole(required(argument, "value", where), f"{where}.value", least=0, most=_ALL_BITS)
    second = whole(argument.get("valueTwo", 0), f"{where}.valueTwo", least=0, most=_ALL_BITS)
    return index, operator, first, second


def _architectures(seccomp: "dict[str, Any]", machine: str) -> "list[str]":
    """Return those to compile for, the machine's own first."""
    native = NATIVE.get(machine)
    if native is None:
        raise RuntimeFault(f"there is no table of system calls for {machine}", where=_WHERE)
    where = f"{_WHERE}.architectures"
    given = [
        choice(name, f"{where}[{index}]", ARCHITECTURES) for index, name in enumerate(items(seccomp.get("architectures"), where))
    ]
    return list(dict.fromkeys((native, *(name for name in given if name in TABLES))))


def _flags(seccomp: "dict[str, Any]", *, notifies: bool) -> int:
    where = f"{_WHERE}.flags"
    flags = 0
    for index, name in enumerate(items(seccomp.get("flags"), where)):
        flags |= FLAGS[choice(name, f"{where}[{index}]", FLAGS)]
    if not notifies:
        # It is about waiting for answers to notifications; the kernel refuses it where there are none.
        return flags & ~FLAGS["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]
    exclusive = TSYNC_ESRCH if flags & FLAGS["SECCOMP_FILTER_FLAG_TSYNC"] else 0
    return flags | NEW_LISTENER | exclusive


def _listener(seccomp: "dict[str, Any]", *, notifies: bool) -> tuple[str, str]:
    """Return listenerPath, empty where it is to be ignored, and listenerMetadata."""
    path = text(seccomp.get("listenerPath", ""), f"{_WHERE}.listenerPath")
    metadata = text(seccomp.get("listenerMetadata", ""), f"{_WHERE}.listenerMetadata")
    if metadata and not path:
        raise RuntimeFault("must not be set without listenerPath", where=f"{_WHERE}.listenerMetadata")
    if notifies and not path:
        raise RuntimeFault("SCMP_ACT_NOTIFY needs a listenerPath", where=_WHERE, why="nobody could answer the notifications")
    return (path, metadata) if notifies else ("", "")


# From entries to numbers to instructions


def _sections(architectures: "Sequence[str]", entries: "Sequence[Entry]", default: int) -> "list[tuple[int, Block]]":
    """Return (AUDIT_ARCH_ value, block) for each. x32 is part of x86_64's: they share the value."""
    otherwise = returns(default)
    decided: dict[int, dict[int, Block]] = {}
    for name in architectures:
        token, bits = TABLES[name]
        decided.setdefault(token, {}).update(_decisions(name, entries, bits, otherwise))
    sections = []
    for token, decisions in decided.items():
        starts, blocks = _intervals(decisions, otherwise)
        if token == TABLES["SCMP_ARCH_X32"][0] and "SCMP_ARCH_X32" not in architectures:
            # An architecture that is not in the filter. -1 is nobody's number: a tracer's way to skip a call.
            starts += (X32_BIT, 0xFFFFFFFF)
            blocks += (returns(KILL_THREAD), otherwise)
        sections.append((token, tree(starts, blocks)))
    return sections


def _decisions(architecture: str, entries: "Sequence[Entry]", bits: int, otherwise: "Block") -> "dict[int, Block]":
    """Return what is decided about each number of one architecture."""
    table = numbers(architecture)
    plain: dict[int, Block] = {}
    conditional: dict[int, Block] = {}
    shared: dict[int, Block] = {}
    for names, word, alternatives in entries:
        # One block for each word, so that neighbours with the same fate are seen to be one interval.
        block = shared.setdefault(word, returns(word))
        for name in names:
            number = table.get(name)
            if number is None:
                continue
            if not alternatives:
                plain.setdefault(number, block)
                continue
            for conditions in alternatives:
                conditional.setdefault(number, []).extend(rule(conditions, word, bits))
    if architecture == "SCMP_ARCH_X86":
        _multiplexed(entries, conditional)
    return {**{number: made + otherwise for number, made in conditional.items()}, **plain}


def _multiplexed(entries: "Sequence[Entry]", conditional: "dict[int, Block]") -> None:
    """Let entries count for socketcall and ipc too, whose first argument selects the call.

    Other arguments lie in memory, where no filter can look: conditions on the first give way to the selector.
    """
    for names, word, alternatives in entries:
        for name in names:
            number, selector = MULTIPLEXED.get(name, (0, 0))
            if not number:
                continue
            # ipc's upper half is a version, which the kernel cuts off before it selects.
            mask = 0xFFFF if number == IPC else 0xFFFFFFFF
            for conditions in alternatives or [[]]:
                others = [condition for condition in conditions if condition[0] != 0]
                selected = (0, "SCMP_CMP_MASKED_EQ", mask, selector)
                conditional.setdefault(number, []).extend(rule([selected, *others], word, 32))


def _intervals(decisions: "dict[int, Block]", otherwise: "Block") -> "tuple[list[int], list[Block]]":
    """Return ascending starts and the block that holds from each on; numbers in between fall to the default."""
    starts: list[int] = []
    blocks: list[Block] = []
    last, expected = None, 0
    for number in sorted(decisions):
        if number != expected and last is not otherwise:
            starts.append(expected)
            blocks.append(otherwise)
            last = otherwise
        block = decisions[number]
        if block is not last:
            starts.append(number)
            blocks.append(block)
            last = block
        expected = number + 1
    if last is not otherwise:
        starts.append(expected)
        blocks.append(otherwise)
    return starts, blocks
