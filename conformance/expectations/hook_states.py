"""What the state on a hook's stdin says: its status and its pid; and whether hooks run one after the other."""

from conformance.expectations.contract import (
    Applicability,
    Applies,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    created,
    violated,
)
from conformance.expectations.hook_calls import CREATE_KINDS, KINDS, RUNTIME_KINDS, about_hooks, any_kind, entries
from conformance.record.config import Config
from conformance.record.hook import HookCall
from conformance.record.host import Host
from conformance.record.record import Record

_FITTING = {kind: {"creating", "created"} for kind in CREATE_KINDS} | {"startContainer": {"created"}, "poststart": {"running"}}
"""Which status follows from the definitions; for poststop it is left open."""


def _statuses(*kinds: str) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        shown = [(call.kind, call.state.get("status")) for call in record.hooks if call.kind in kinds and call.state]
        if not shown:
            raise Inconclusive("no state was seen on the stdin of hooks")
        for kind, status in shown:
            if status not in _FITTING[kind]:
                violated(expected={kind: sorted(_FITTING[kind])}, observed=shown)
        return Evidence({kind: sorted(_FITTING[kind]) for kind in kinds}, shown)

    return judge


def _some(*kinds: str) -> Applies:
    def applies(config: Config, _host: Host) -> Applicability:
        return any(entries(config, kind) for kind in kinds)

    return applies


def _several(config: Config, _host: Host) -> Applicability:
    return any(len(entries(config, kind)) > 1 for kind in KINDS)


def _one_after_the_other(_config: Config, _host: Host, record: Record) -> Evidence:
    if not any(call.index for call in record.hooks):
        raise Inconclusive("no two hooks of one list were seen")
    crowded = [f"{call.kind} {call.index}" for call in record.hooks if call.crowded]
    if crowded:
        violated(expected="each hook starts after the one before it has ended", observed={"not waited for": crowded})
    return Evidence("each hook starts after the one before it has ended", [f"{call.kind} {call.index}" for call in record.hooks])


def _shown_pids(record: Record, *kinds: str) -> list[tuple[HookCall, object]]:
    """Return the pids in the states that hold one; a state that says creating or stopped need not."""
    shown = [(call, call.state["pid"]) for call in record.hooks if call.kind in kinds and call.state and "pid" in call.state]
    if not shown:
        raise Inconclusive("no pid was seen on the stdin of hooks")
    return shown


def _pid_outside(_config: Config, host: Host, record: Record) -> Evidence:
    pid = created(record).process.pid
    shown = _shown_pids(record, *RUNTIME_KINDS[:-1])
    for call, value in shown:
        if value != pid and call.namespaces.get("pid") == host.namespaces.get("pid"):
            violated(expected=pid, observed={"hook": f"{call.kind} {call.index}", "pid": value})
    return Evidence(pid, [value for _, value in shown])


def _pid_inside(_config: Config, host: Host, record: Record) -> Evidence:
    """Accept the pid of the runtime's pid namespace too where a createContainer hook has been left there."""
    process = created(record).process
    shown = _shown_pids(record, "createContainer", "startContainer")
    for call, value in shown:
        fitting = {process.ns_pids[-1]}
        if call.namespaces.get("pid") == host.namespaces.get("pid"):
            fitting.add(process.pid)
        if value not in fitting:
            violated(expected=sorted(fitting), observed={"hook": f"{call.kind} {call.index}", "pid": value})
    return Evidence({"in the container": process.ns_pids[-1]}, [value for _, value in shown])


EXPECTATIONS: tuple[Expectation, ...] = (
    about_hooks("config.hooks.order-sequential", _several, _one_after_the_other),
    about_hooks("config.hooks.state-fits-phase", any_kind, _statuses(*_FITTING)),
    about_hooks("runtime.state.status-creating", _some(*CREATE_KINDS), _statuses(*CREATE_KINDS)),
    about_hooks("runtime.state.pid-runtime-ns-hooks", _some(*RUNTIME_KINDS[:-1]), _pid_outside),
    about_hooks("runtime.state.pid-container-ns-hooks", _some("createContainer", "startContainer"), _pid_inside),
)
