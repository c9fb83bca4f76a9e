"""What a runtime tells the seccomp agent, judged on hand-made records."""

import json
from typing import Any

import pytest

from conformance.expectations.contract import Inconclusive, NotTestable, Violation
from conformance.expectations.seccomp_agent import EXPECTATIONS, LINK
from conformance.record.agent import AgentConnection, AgentMessage
from conformance.record.record import Record
from tests.expectations.records import accepted, host, judged, named, record, refused, snapshot

STATE = {
    "ociVersion": "1.1.0",
    "fds": ["seccompFd"],
    "pid": 1000,
    "metadata": "M",
    "state": {"ociVersion": "1.1.0", "id": "test", "status": "creating", "bundle": "/bundle"},
}


def _config(action: str = "SCMP_ACT_NOTIFY", path: str = "/run/agent") -> dict[str, Any]:
    syscalls = [{"names": ["swapoff"], "action": action}]
    return {
        "linux": {
            "seccomp": {
                "defaultAction": "SCMP_ACT_ALLOW",
                "syscalls": syscalls,
                "listenerPath": path,
                "listenerMetadata": "M",
            }
        }
    }


def _messages(*messages: tuple[bytes, tuple[str, ...]], closed: bool = True) -> AgentConnection:
    return AgentConnection(tuple(AgentMessage(*message) for message in messages), closed)


def _told(*descriptors: str, **members: Any) -> AgentConnection:
    """Return a connection on which the ordinary state came with these members changed, None for one that is missing."""
    state = {name: value for name, value in (STATE | members).items() if value is not None}
    text = json.dumps(state).encode()
    return _messages((text[:1], descriptors or (LINK,)), (text[1:], ()))


def _heard(*connections: AgentConnection) -> Record:
    return record(_config(), created=snapshot(), running=snapshot(), agent=connections)


TEXT = json.dumps(STATE).encode()
WRONG: tuple[tuple[str, AgentConnection | None], ...] = (
    ("seccomp.listenerpath.sends-state", None),
    ("seccomp.listenerpath.sends-state", _messages()),
    ("seccomp.listenerpath.socket-type", None),
    ("seccomp.listenerpath.one-state", _messages((TEXT * 2, (LINK,)))),
    ("seccomp.listenerpath.not-reused", _messages((TEXT, (LINK,)), (b"\n" + TEXT, (LINK,)))),
    ("seccomp.listenerpath.closed", _messages((TEXT, (LINK,)), closed=False)),
    ("seccomp.listenerpath.fds", _told(fds=None)),
    ("seccomp.listenerpath.fds", _told(LINK, "/dev/null")),
    ("seccomp.listenerpath.seccompfd", _told(fds=["other"])),
    ("seccomp.listenermetadata.sent", _told(metadata="other")),
    ("seccomp.listenermetadata.sent", _told(metadata=None)),
    ("process-state.payload", _messages((b"{'pid': 3}", (LINK,)))),
    ("process-state.payload", _messages((b"[]", (LINK,)))),
    ("process-state.scm-rights", _messages((TEXT, ()))),
    ("process-state.fds-first-only", _messages((TEXT[:1], ()), (TEXT[1:], (LINK,)))),
    ("process-state.ociversion", _told(ociVersion=None)),
    ("process-state.fds", _told(fds=None)),
    ("process-state.fds-index", _told("/dev/null", LINK, fds=["seccompFd", "other"])),
    ("process-state.pid", _told(pid=7)),
    ("process-state.metadata", _told(metadata=None)),
    ("process-state.state", _told(state=None)),
    ("process-state.state", _told(state={"id": "another"})),
)


@pytest.mark.parametrize(("name", "wrong"), WRONG, ids=[f"{name} {number}" for number, (name, _) in enumerate(WRONG)])
def test_what_is_told(name: str, wrong: AgentConnection | None) -> None:
    expectation = named(EXPECTATIONS, f"linux.{name}")
    judged(expectation, _heard(_told()))
    with pytest.raises(Violation):
        judged(expectation, _heard(*([wrong] if wrong else [])))
    with pytest.raises(Inconclusive):
        judged(expectation, record(_config(), created=snapshot()))
    with pytest.raises(Inconclusive):
        judged(expectation, record(_config(), agent=()))
    assert expectation.applies(_config("SCMP_ACT_ERRNO"), host()) is False
    assert isinstance(expectation.applies(_config(), host(kernel=(4, 19, 0))), NotTestable)
    assert isinstance(expectation.applies(_config(), host(seccomp=False)), NotTestable)


def test_every_judge_of_what_is_told_is_in_the_table() -> None:
    judged_ones = {each.requirement.removeprefix("linux.") for each in EXPECTATIONS if each.applies(_config(), host())}
    assert judged_ones == {name for name, _ in WRONG}


@pytest.mark.parametrize("name", sorted({name for name, _ in WRONG if "sends-state" not in name and "socket" not in name}))
def test_where_nothing_is_told_the_rest_is_not_judged(name: str) -> None:
    with pytest.raises(Inconclusive):
        judged(named(EXPECTATIONS, f"linux.{name}"), _heard())


def test_what_is_no_json_is_judged_once() -> None:
    broken = _heard(_messages((b"no", (LINK,))))
    for name in ("seccomp.listenerpath.one-state", "process-state.pid"):
        with pytest.raises(Inconclusive):
            judged(named(EXPECTATIONS, f"linux.{name}"), broken)


def test_an_absent_agent_is_an_error() -> None:
    expectation, config = named(EXPECTATIONS, "linux.seccomp.listenerpath.send-fail-error"), _config(path="/no-such-agent")
    judged(expectation, refused(config))
    with pytest.raises(Violation):
        judged(expectation, accepted(config))
    assert expectation.applies(_config(), host()) is False


def test_an_agent_that_is_not_needed_is_not_missed() -> None:
    expectation = named(EXPECTATIONS, "linux.seccomp.listenerpath.ignored")
    config = _config("SCMP_ACT_ERRNO", "/no-such-agent")
    judged(expectation, accepted(config))
    with pytest.raises(Violation):
        judged(expectation, refused(config))
    assert expectation.applies(_config(path="/no-such-agent"), host()) is False


def test_a_caller_that_only_a_deadly_signal_interrupts() -> None:
    killable = named(EXPECTATIONS, "linux.seccomp.flags.wait-killable")
    for state, right in (("D", True), ("T", False)):
        made = record(_config(), running=snapshot(), state_while_notified=state)
        if right:
            killable.judge(made.config, host(), made)
        else:
            with pytest.raises(Violation):
                killable.judge(made.config, host(), made)
    with pytest.raises(Inconclusive):
        killable.judge(_config(), host(), record(_config(), running=snapshot()))
    with pytest.raises(Inconclusive):
        killable.judge(_config(), host(kernel=(5, 15, 0)), record(_config(), state_while_notified="T"))
