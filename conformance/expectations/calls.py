"""System calls that the probe is asked to make, and when their answers may be believed.

A seccomp filter of the config can answer in place of the kernel, even with success. Answers to calls that it touches
show nothing, so `results` refuses to hand them out.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.expectations.contract import Inconclusive, answer
from conformance.record.config import Config, lookup, remembered
from conformance.record.probe import Action, Call, CallResult, Out
from conformance.record.record import Record

AT_FDCWD = -100
_STATX_BASIC_STATS = 0x7FF
_STATX_SIZE = 256
_LETS_THROUGH = frozenset({"SCMP_ACT_ALLOW", "SCMP_ACT_LOG"})


@dataclass(frozen=True, slots=True)
class FileStatus:
    """The part of a statx(2) answer that tells which file it is, and of which type."""

    mode: int
    device: tuple[int, int]
    inode: int

    @property
    def identity(self) -> tuple[int, int, int]:
        """Device and inode number: equal for two paths only if they lead to one file."""
        return (*self.device, self.inode)


def c_string(text: str) -> bytes:
    """Encode a string of the config as the kernel wants it."""
    return text.encode(errors="surrogatepass") + b"\0"


def statx(path: str) -> Call:
    """Ask which file `path` leads to; the layout of the answer is the same on every architecture."""
    return Call("statx", (AT_FDCWD, c_string(path), 0, _STATX_BASIC_STATS, Out(_STATX_SIZE)))


def status_of(result: CallResult) -> FileStatus:
    """Decode the answer to `statx`; raises Inconclusive where the call failed or filled nothing in."""
    if result.value != 0 or len(result.data) < _STATX_SIZE or not any(result.data):
        raise Inconclusive(f"statx gave no answer (error {result.errno})")
    (mode,) = struct.unpack_from("<H", result.data, 28)
    (inode,) = struct.unpack_from("<Q", result.data, 32)
    major, minor = struct.unpack_from("<II", result.data, 136)
    return FileStatus(mode, (major, minor), inode)


def results(config: Config, record: Record, action: Action) -> Sequence[CallResult]:
    """Return the kernel's own answers to the action's calls; raises Inconclusive where there are none to be had."""
    touched = _touched(config, action) if lookup(config, "/linux/seccomp") is not None else ()
    if touched:
        raise Inconclusive(f"the configured seccomp filter may answer in place of the kernel: {', '.join(touched)}")
    return answer(record, action).results


@remembered
def _touched(config: Config, action: Action) -> tuple[str, ...]:
    return tuple(sorted(name for name in {call.name for call in action.calls} if not _let_through(config, name)))


def number(result: CallResult) -> int:
    """Return the value of a call; raises Inconclusive where it failed."""
    if result.errno:
        raise Inconclusive(f"the call failed with error {result.errno}")
    return result.value


def _let_through(config: Config, name: str) -> bool:
    seccomp = lookup(config, "/linux/seccomp")
    if not isinstance(seccomp, dict):
        return True
    return all(action in _LETS_THROUGH for action in _possible_actions(seccomp, name))


def _possible_actions(seccomp: Mapping[str, Any], name: str) -> Iterable[object]:
    """Yield the actions that the filter can take on a call: its rules, and the default where all of them have conditions."""
    rules = [rule for rule in seccomp.get("syscalls") or () if name in rule.get("names", ())]
    yield from (rule.get("action") for rule in rules)
    if all(rule.get("args") for rule in rules):
        yield seccomp.get("defaultAction")
