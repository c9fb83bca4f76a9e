"""config-linux.md, Seccomp and The Container Process State: what a runtime tells the agent at listenerPath."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    equal,
    must_be_refused,
    violated,
)
from conformance.expectations.tolerance import must_be_accepted
from conformance.expectations.unappliable import NO_SUCH
from conformance.record.agent import AgentConnection
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

_NOTIFY = "SCMP_ACT_NOTIFY"
_FIRST = (5, 0, 0)
"""The first Linux whose seccomp can notify."""
_KILLABLE = (5, 19, 0)
"""The first Linux with SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV."""
NAME = "seccompFd"
LINK = "anon_inode:seccomp notify"
"""What /proc shows of a descriptor that seccomp(2) returned for a listener."""


def _notifies(config: Config) -> bool:
    seccomp = lookup(config, "/linux/seccomp") or {}
    return _NOTIFY in {seccomp.get("defaultAction"), *(rule.get("action") for rule in seccomp.get("syscalls") or ())}


def _path(config: Config) -> str:
    return lookup(config, "/linux/seccomp/listenerPath") or ""


def _nobody_there(config: Config) -> bool:
    return NO_SUCH in _path(config)


def _applies(wants: Callable[[Config], object]) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if not wants(config):
            return False
        if not host.seccomp:
            return NotTestable("the harness itself is under a seccomp filter, or the kernel has none")
        return host.kernel >= _FIRST or NotTestable("Linux 5.0, whose seccomp can notify")

    return applies


def _tells(config: Config) -> bool:
    return _notifies(config) and bool(_path(config)) and not _nobody_there(config)


# What came


def _connections(record: Record) -> tuple[AgentConnection, ...]:
    """Return the connections; raises Inconclusive where nobody listened or no container was made."""
    if record.agent is None:
        raise Inconclusive("nobody listened at listenerPath")
    if "created" not in record.snapshots:
        raise Inconclusive("no container was seen")
    return record.agent


def _connection(record: Record) -> AgentConnection:
    found = _connections(record)
    if not found:
        raise Inconclusive("nothing was sent to listenerPath")
    return found[0]


def _values(payload: bytes) -> list[Any]:
    """Return the JSON values that follow one another; raises ValueError where there is something else."""
    text, found = payload.decode().lstrip(), []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def _state(record: Record) -> Mapping[str, Any]:
    """Return the process state; raises Inconclusive where none was sent that can be read."""
    try:
        values = _values(_connection(record).payload)
    except ValueError as error:
        raise Inconclusive("what was sent is not JSON") from error
    if not values or not isinstance(values[0], Mapping):
        raise Inconclusive("no JSON object was sent")
    return values[0]


def _names(record: Record) -> list[Any]:
    names = _state(record).get("fds")
    return names if isinstance(names, list) else []


# Judging


def _sent(_config: Config, _host: Host, record: Record) -> Evidence:
    found = _connections(record)
    if not any(connection.payload for connection in found):
        violated(expected="the container process state", observed=f"{len(found)} connections, and nothing sent")
    return Evidence("the container process state", found[0].payload.decode(errors="replace"))


def _stream(config: Config, host: Host, record: Record) -> Evidence:
    """Take a connection for proof: the agent's socket is an AF_UNIX stream, and none but such a socket can connect to it."""
    _sent(config, host, record)
    return Evidence("a connection to an AF_UNIX socket of type SOCK_STREAM", f"{len(_connections(record))} of them")


def _one(_config: Config, _host: Host, record: Record) -> Evidence:
    counts = []
    for connection in _connections(record):
        try:
            counts.append(len(_values(connection.payload)))
        except ValueError as error:
            raise Inconclusive("what was sent is not JSON") from error
    if not counts:
        raise Inconclusive("nothing was sent to listenerPath")
    return equal(expected=[1] * len(counts), observed=counts)


def _closed(_config: Config, _host: Host, record: Record) -> Evidence:
    if not _connection(record).closed:
        violated(expected="a connection that is closed after sending", observed="still open")
    return Evidence("closed after sending", "closed")


def _failing(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect="nobody listens at listenerPath")


def _ignored(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_accepted(record, despite="a listenerPath without SCMP_ACT_NOTIFY", oddities=_path)


def _named(_config: Config, _host: Host, record: Record) -> Evidence:
    names, descriptors = _names(record), _connection(record).descriptors
    if not names or len(names) != len(descriptors):
        violated(expected={"descriptors": len(descriptors), "names": "as many"}, observed=names)
    return Evidence({"descriptors": len(descriptors)}, names)


def _has_listener(_config: Config, _host: Host, record: Record) -> Evidence:
    if NAME not in _names(record):
        violated(expected=f"{NAME} among fds", observed=_state(record).get("fds"))
    return Evidence(f"{NAME} among fds", _names(record))


def _index(_config: Config, _host: Host, record: Record) -> Evidence:
    names, descriptors = _names(record), _connection(record).descriptors
    if NAME not in names or len(names) != len(descriptors):
        raise Inconclusive("descriptors and names do not match in number")
    return equal(expected={NAME: LINK}, observed={NAME: descriptors[names.index(NAME)]}, evidence=list(descriptors))


def _json(_config: Config, _host: Host, record: Record) -> Evidence:
    payload = _connection(record).payload
    try:
        values = _values(payload)
    except ValueError as error:
        violated(expected="JSON", observed=f"{payload!r}: {error}")
    if not values or not isinstance(values[0], Mapping):
        violated(expected="a JSON object", observed=payload)
    return Evidence("a JSON object", values[0])


def _rights(_config: Config, _host: Host, record: Record) -> Evidence:
    descriptors = _connection(record).descriptors
    if not descriptors:
        violated(expected="descriptors by SCM_RIGHTS", observed="none")
    return Evidence("descriptors by SCM_RIGHTS", descriptors)


def _first_only(_config: Config, _host: Host, record: Record) -> Evidence:
    counts = [len(message.descriptors) for message in _connection(record).messages]
    if any(counts[1:]):
        violated(expected="descriptors with the first byte alone", observed=counts)
    return Evidence("descriptors with the first byte alone", counts)


def _killable(_config: Config, host: Host, record: Record) -> Evidence:
    """Judge by SIGSTOP: a caller that waits for the agent is stopped by it, but with the flag goes on waiting (D)."""
    if host.kernel < _KILLABLE:
        raise Inconclusive("Linux 5.19, which can wait so")
    if not record.state_while_notified:
        raise Inconclusive("no notification of a call came")
    return equal(expected={"state": "D"}, observed={"state": record.state_while_notified})


def _version(_config: Config, _host: Host, record: Record) -> Evidence:
    version = _state(record).get("ociVersion")
    if not isinstance(version, str) or not version:
        violated(expected="ociVersion", observed=dict(_state(record)))
    return Evidence("ociVersion", version)


def _pid(_config: Config, _host: Host, record: Record) -> Evidence:
    told = _state(record).get("pid")
    return equal(expected={"pid": record.snapshots["created"].process.pid}, observed={"pid": told})


def _container_state(_config: Config, _host: Host, record: Record) -> Evidence:
    state = _state(record).get("state")
    identifier = state.get("id") if isinstance(state, Mapping) else None
    return equal(expected={"id": record.container_id}, observed={"id": identifier}, evidence=state)


def _metadata(config: Config, _host: Host, record: Record) -> Evidence:
    wanted = lookup(config, "/linux/seccomp/listenerMetadata")
    return equal(expected={"metadata": wanted}, observed={"metadata": _state(record).get("metadata")})


def _there(member: str) -> Callable[[Config, Host, Record], Evidence]:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        if member not in _state(record):
            violated(expected=f"{member}, which is optional", observed=sorted(_state(record)))
        return Evidence(member, _state(record)[member])

    return judge


_JUDGES: Mapping[str, Callable[[Config, Host, Record], Evidence]] = {
    "seccomp.listenerpath.sends-state": _sent,
    "seccomp.listenerpath.socket-type": _stream,
    "seccomp.listenerpath.one-state": _one,
    "seccomp.listenerpath.not-reused": _one,
    "seccomp.listenerpath.closed": _closed,
    "seccomp.listenerpath.fds": _named,
    "seccomp.listenerpath.seccompfd": _has_listener,
    "process-state.payload": _json,
    "process-state.scm-rights": _rights,
    "process-state.fds-first-only": _first_only,
    "process-state.ociversion": _version,
    "process-state.fds": _there("fds"),
    "process-state.fds-index": _index,
    "process-state.pid": _pid,
    "process-state.metadata": _there("metadata"),
    "process-state.state": _container_state,
}

EXPECTATIONS: tuple[Expectation, ...] = (
    *(
        Expectation(requirement=f"linux.{name}", applies=_applies(_tells), judge=judge, sees="runtime")
        for name, judge in _JUDGES.items()
    ),
    Expectation(requirement="linux.seccomp.flags.wait-killable", judge=_killable),
    Expectation(
        requirement="linux.seccomp.listenermetadata.sent",
        applies=_applies(lambda config: _tells(config) and "listenerMetadata" in config["linux"]["seccomp"]),
        judge=_metadata,
        sees="runtime",
    ),
    Expectation(
        requirement="linux.seccomp.listenerpath.send-fail-error",
        applies=_applies(lambda config: _notifies(config) and _nobody_there(config)),
        judge=_failing,
        sees="runtime",
        judges_refusal=True,
    ),
    Expectation(
        requirement="linux.seccomp.listenerpath.ignored",
        applies=_applies(lambda config: not _notifies(config) and _nobody_there(config)),
        judge=_ignored,
        sees="runtime",
        judges_refusal=True,
    ),
)
