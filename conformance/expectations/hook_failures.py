"""runtime.md, Lifecycle: what a hook that fails does, and config.md, `timeout`: what becomes of one that does not end."""

from conformance.expectations.contract import Applicability, Evidence, Inconclusive, Judge, never, violated
from conformance.expectations.hook_calls import CREATE_KINDS, KINDS, OPERATION, about_hooks, calls, entries
from conformance.record.config import Config, lookup
from conformance.record.hook import HookCall
from conformance.record.host import Host
from conformance.record.record import Record

AFTER_THE_FAILURE = "after the failed hook"
"""Name of the snapshot that a case takes once the operation in which a poststart hook failed is over."""


def _failing(kind: str) -> Judge:
    """Judge a failing hook: the operation is an error, and the container is stopped before its program ever runs."""

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        failed = [call for call in calls(record, kind) if call.exit_status]
        if not failed:
            raise Inconclusive(f"no {kind} hook failed")
        program = lookup(config, "/process/args/0")
        if record.program_started or any(call.container_exe == program for call in failed):
            violated(expected="the program never runs", observed="the program ran")
        operation = next(op for op in record.operations if op.name == OPERATION[kind])
        if operation.timed_out:
            raise Inconclusive(operation.describe())
        if kind in CREATE_KINDS and record.created is not None:
            violated(expected="the container is stopped", observed="its process is alive", evidence=operation.describe())
        if record.twin is None or "running" not in record.twin.snapshots:
            raise Inconclusive("the same config with succeeding hooks was not seen to run")
        return Evidence("the container is stopped and its program never runs", operation.describe(), kind="refused")

    return judge


def _poststop_continues(config: Config, _host: Host, record: Record) -> Evidence:
    found = calls(record, "poststop")
    if not any(call.exit_status for call in found):
        raise Inconclusive("no poststop hook failed")
    wanted, seen = list(range(len(entries(config, "poststop")))), sorted({call.index for call in found})
    if seen != wanted:
        violated(expected=f"poststop hooks {wanted}, the failing one among them", observed=seen)
    if any(reading.document is not None and reading.operation.started > found[-1].released for reading in record.states):
        violated(expected="the container is deleted", observed="it still has a state")
    return Evidence(f"poststop hooks {wanted}, the failing one among them", seen)


def _poststart_stops(_config: Config, _host: Host, record: Record) -> Evidence:
    """Judge the effect alone: how an error is exposed is not prescribed, that the container is stopped is."""
    if not any(call.exit_status for call in calls(record, "poststart")):
        raise Inconclusive("no poststart hook failed")
    failed = next((op for op in record.operations if op.name in {call.operation for call in calls(record, "poststart")}), None)
    if failed is None or failed.timed_out:
        raise Inconclusive(failed.describe() if failed else "the hook was part of no operation")
    if record.twin is None or "running" not in record.twin.snapshots:
        raise Inconclusive("the same config with succeeding hooks was not seen to run")
    alive = record.snapshots.get(AFTER_THE_FAILURE)
    if alive is not None:
        violated(expected="the container is stopped", observed=alive.process.cmdline, evidence=failed.describe())
    return Evidence("the container is stopped", failed.describe(), kind="refused")


def _poststop_warns(_config: Config, _host: Host, record: Record) -> Evidence:
    """How a warning is exposed is not prescribed, so it is judged by what stands in its place: an error of delete."""
    if not any(call.exit_status for call in calls(record, "poststop")):
        raise Inconclusive("no poststop hook failed")
    delete = record.operation("delete")
    if delete is not None and delete.refused:
        violated(expected="a warning at most, and delete goes on", observed=delete.describe())
    if delete is None or not delete.succeeded:
        raise Inconclusive(delete.describe() if delete else "delete was never called")
    return Evidence("a warning at most, and delete goes on", delete.describe())


def _stalled(config: Config, record: Record) -> list[HookCall]:
    """Return the hooks that were never let go and have a timeout."""
    found = [call for call in record.hooks if call.exit_status == -1 and "timeout" in _entry(config, call)]
    if not found:
        raise Inconclusive("no hook with a timeout was kept from ending")
    return found


def _entry(config: Config, call: HookCall) -> Config:
    configured = entries(config, call.kind)
    return configured[call.index] if call.index < len(configured) else {}


def _sets_timeout(config: Config, _host: Host) -> Applicability:
    return any("timeout" in entry for kind in KINDS for entry in entries(config, kind))


def _aborted(config: Config, _host: Host, record: Record) -> Evidence:
    stalled = _stalled(config, record)
    seconds = {f"{call.kind} {call.index}": _entry(config, call)["timeout"] for call in stalled}
    operations = [op for op in record.operations if op.name in {call.operation for call in stalled}]
    # An operation that had to be killed may have taken its hook with it: that is not the runtime's doing.
    waiting = {op.name for op in operations if op.timed_out}
    alive = [f"{call.kind} {call.index}" for call in stalled if not call.aborted or call.operation in waiting]
    if alive:
        violated(
            expected={"aborted after seconds": seconds},
            observed={"still running": alive},
            evidence=[op.describe() for op in operations],
        )
    return Evidence({"aborted after seconds": seconds}, "each had ended when the operation was over")


_FAILING = (
    ("runtime.lifecycle.step03-prestart-fail", "prestart"),
    ("runtime.lifecycle.step04-createruntime-fail", "createRuntime"),
    ("runtime.lifecycle.step05-createcontainer-fail", "createContainer"),
    ("runtime.lifecycle.step07-startcontainer-fail", "startContainer"),
)

EXPECTATIONS = (
    *(about_hooks(requirement, never, _failing(kind)) for requirement, kind in _FAILING),
    about_hooks("runtime.lifecycle.step09-poststart-fail", never, _poststart_stops),
    about_hooks("runtime.lifecycle.step13-poststop-fail-warning", never, _poststop_warns),
    about_hooks("runtime.lifecycle.step13-poststop-fail-continue", never, _poststop_continues),
    about_hooks("config.hooks.timeout.effect", _sets_timeout, _aborted),
)
