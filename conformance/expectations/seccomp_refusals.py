"""config-linux.md, Seccomp: an errno with an action that cannot carry one is an error."""

from collections.abc import Callable

from conformance.expectations.contract import Evidence, Expectation, Unexercised, must_be_refused
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record
from specs.linux.seccomp import ACTIONS, CARRIES_ERRNO

_CARRIES_NONE = frozenset(ACTIONS) - CARRIES_ERRNO


def _by_default(config: Config) -> list[str]:
    action = lookup(config, "/linux/seccomp/defaultAction")
    given = lookup(config, "/linux/seccomp/defaultErrnoRet")
    return [action] if given is not None and action in _CARRIES_NONE else []


def _by_entry(config: Config) -> list[str]:
    entries = lookup(config, "/linux/seccomp/syscalls") or ()
    actions = [entry.get("action") for entry in entries if entry.get("errnoRet") is not None]
    return [action for action in actions if action in _CARRIES_NONE]


def defective(config: Config) -> bool:
    """Whether the config gives an errno for an action that takes none, and so has to be refused."""
    return bool(_by_default(config) or _by_entry(config))


def _refusal(requirement: str, found: Callable[[Config], list[str]]) -> Expectation:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        if not found(config):
            raise Unexercised
        return must_be_refused(record, by="start", defect=f"an errno is given for {', '.join(found(config))}")

    return Expectation(
        requirement=requirement,
        applies=lambda config, _host: bool(found(config)),
        judge=judge,
        sees="runtime",
        judges_refusal=True,
    )


EXPECTATIONS: tuple[Expectation, ...] = (
    _refusal("linux.seccomp.defaulterrnoret.unsupported-error", _by_default),
    _refusal("linux.seccomp.syscalls.errnoret.unsupported-error", _by_entry),
)
