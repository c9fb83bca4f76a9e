"""Compile linux.seccomp into a filter: pure, from the config to the bytes for seccomp(2). Source: config-linux.md#seccomp.

The text leaves the precedence of entries open; these rules are those of runc and crun over libseccomp:
- names that an architecture doesn't have are passed over, and so are entries that decide what the default decides;
- an entry without conditions beats those with conditions on the same call; of two equals the first decides;
- conditions of one entry must all hold, but if two of them look at the same argument, any one of the entry's is enough;
- the machine's own architecture always belongs to the filter, and a call of one that doesn't ends the thread.
"""

from reference_runtime.config.shape import array, choice, integer, record, text, uint32, uint64
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.seccomp.program import Block, Condition

    Alternatives = list[list[Condition]]
    Entry = tuple[list[str], int, Alternatives]
    """Names, the word to return, and lists of conditions of which one has to hold; no list means unconditionally."""

_EPERM = 1
_WHERE = "$.linux.seccomp"

_CONDITION = record(
    {"index": integer(0, 5), "value": uint64, "valueTwo": uint64, "op": choice(*OPERATORS)},
    required=("index", "value", "op"),
)
_ENTRY = record(
    {"names": array(text, least=1), "action": choice(*ACTIONS), "errnoRet": uint32, "args": array(_CONDITION)},
    required=("names", "action"),
)
_SECCOMP = record(
    {
        "defaultAction": choice(*ACTIONS),
        "defaultErrnoRet": uint32,
        "architectures": array(choice(*ARCHITECTURES)),
        "flags": array(choice(*FLAGS)),
        "listenerPath": text,
        "listenerMetadata": text,
        "syscalls": array(_ENTRY),
    },
    required=("defaultAction",),
)


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


def compile_filter(seccomp: "dict[str, Any]", *, machine: str) -> Filter:
    """Compile linux.seccomp for `machine` (as uname -m says). Raises RuntimeFault with the path of what is wrong."""
    _SECCOMP(seccomp, _WHERE)
    default = _word(seccomp["defaultAction"], seccomp.get("defaultErrnoRet"), f"{_WHERE}.defaultErrnoRet")
    entries = [_entry(entry, f"{_WHERE}.syscalls[{index}]") for index, entry in enumerate(seccomp.get("syscalls") or ())]
    notify = ACTIONS["SCMP_ACT_NOTIFY"]
    notifies = default == notify or any(word == notify for _, word, _ in entries)
    path, metadata = _listener(seccomp, notifies=notifies)
    sections = _sections(_architectures(seccomp, machine), [entry for entry in entries if entry[1] != default], default)
    block = by_architecture(sections)
    if len(block) > MOST_INSTRUCTIONS:
        raise RuntimeFault(f"the filter has {len(block)} instructions, the kernel takes {MOST_INSTRUCTIONS}", where=_WHERE)
    flags = _flags(seccomp.get("flags") or (), notifies=notifies)
    return Filter(assembled(block), flags=flags, listener_path=path, listener_metadata=metadata)


# Reading the config


def _word(action: str, errno: "int | None", where: str) -> int:
    """Return the word that an action and its errno make. Raises RuntimeFault for an action that carries none."""
    most = MOST_DATA.get(action)
    if most is None:
        if errno is not None:
            raise RuntimeFault(f"{action} carries no errno", where=where)
        return ACTIONS[action]
    if errno is not None and errno > most:
        raise RuntimeFault(f"{errno} is more than the {most} that {action} can carry", where=where)
    return ACTIONS[action] | (_EPERM if errno is None else errno)


def _entry(entry: "dict[str, Any]", where: str) -> "Entry":
    word = _word(entry["action"], entry.get("errnoRet"), f"{where}.errnoRet")
    conditions = [
        (argument["index"], argument["op"], argument["value"], argument.get("valueTwo") or 0)
        for argument in entry.get("args") or ()
    ]
    if len({condition[0] for condition in conditions}) == len(conditions):
        return entry["names"], word, [conditions] if conditions else []
    return entry["names"], word, [[condition] for condition in conditions]


def _architectures(seccomp: "dict[str, Any]", machine: str) -> "list[str]":
    """Return those to compile for, the machine's own first."""
    native = NATIVE.get(machine)
    if native is None:
        raise RuntimeFault(f"there is no table of system calls for {machine}", where=_WHERE)
    return list(dict.fromkeys((native, *(name for name in seccomp.get("architectures") or () if name in TABLES))))


def _flags(names: "Sequence[str]", *, notifies: bool) -> int:
    flags = 0
    for name in names:
        flags |= FLAGS[name]
    if not notifies:
        # It is about waiting for answers to notifications; the kernel refuses it where there are none.
        return flags & ~FLAGS["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]
    exclusive = TSYNC_ESRCH if flags & FLAGS["SECCOMP_FILTER_FLAG_TSYNC"] else 0
    return flags | NEW_LISTENER | exclusive


def _listener(seccomp: "dict[str, Any]", *, notifies: bool) -> tuple[str, str]:
    """Return listenerPath, empty where it is to be ignored, and listenerMetadata."""
    path, metadata = seccomp.get("listenerPath") or "", seccomp.get("listenerMetadata") or ""
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
