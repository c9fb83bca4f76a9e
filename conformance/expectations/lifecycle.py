"""runtime.md, Operations: create, start, kill and delete, in the right status and in the wrong one."""

from collections.abc import Iterable
from typing import Literal

from conformance.expectations.contract import (
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    Unexercised,
    always,
    answer,
    created,
    equal,
    never,
    operations,
    running,
    violated,
)
from conformance.expectations.operations import made_while, must_fail, noted, worked
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.operation import Operation, Status
from conformance.record.probe import Action, Call, Out
from conformance.record.record import Record
from conformance.record.snapshot import Process, Snapshot

SIGUSR1 = 10
_SET = (1 << (SIGUSR1 - 1)).to_bytes(8, "little")
_TWO_SECONDS = (2).to_bytes(8, "little") + bytes(8)

# A blocked signal stays pending even for pid 1 of a pid namespace, which ignores unhandled ones: pid_namespaces(7).
BLOCK_SIGUSR1 = Action("block SIGUSR1", (Call("rt_sigprocmask", (0, _SET, 0, 8)),))
WAIT_SIGUSR1 = Action("wait for SIGUSR1", (Call("rt_sigtimedwait", (_SET, Out(128), _TWO_SECONDS, 8)),))


def _creates(_config: Config, _host: Host, record: Record) -> Evidence:
    _completed(record, "create", "a container")
    shown = [r.document for r in record.states if r.actual is Status.CREATED and r.document]
    if not record.states and record.created is None:
        raise Inconclusive("nobody looked whether there is a container")
    if not shown and record.created is None:
        violated(expected="a container after a successful create", observed="no state and no process")
    return Evidence("a new container", {"state": shown[:1], "pid": created(record).process.pid})


def _args_not_applied(config: Config, _host: Host, record: Record) -> Evidence:
    process = created(record).process
    arguments = tuple(lookup(config, "/process/args", ()))
    starts = [op.started for op in operations(record, "start")]
    early = [moment for moment in record.program_started if not starts or moment < starts[0]]
    if early or process.cmdline == arguments:
        violated(expected="the program does not run before start", observed={"cmdline": process.cmdline, "exe": process.exe})
    return Evidence("the program does not run before start", {"cmdline": process.cmdline, "exe": process.exe})


def _config_frozen(config: Config, _host: Host, record: Record) -> Evidence:
    wanted = lookup(config, "/annotations")
    start = next(op for op in operations(record, "start"))
    for reading in record.states:
        shown = (reading.document or {}).get("annotations")
        if reading.operation.started > start.started and shown and shown != wanted:
            violated(expected={"annotations": wanted}, observed={"annotations": shown})
    return equal(expected=tuple(lookup(config, "/process/args")), observed=running(record).process.cmdline)


def _duplicate_id(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_fail(record, noted(record, "create", "same id"), why="the id is in use")


def _no_second_container(_config: Config, _host: Host, record: Record) -> Evidence:
    if noted(record, "create", "same id").before is Status.STOPPED:
        raise Unexercised("the first container had no process any more that could be touched")
    before, after = created(record), record.snapshots.get("after the second create")
    if after is None:
        violated(expected="the first container untouched", observed="its process is gone")
    return equal(expected=_identity(before), observed=_identity(after))


def _runs_program(config: Config, _host: Host, record: Record) -> Evidence:
    _completed(record, "start", "the program runs")
    if not record.program_started:
        violated(expected="the program runs", observed="start reports success, the program was never seen")
    return Evidence("the program runs", {"args": lookup(config, "/process/args"), "first sign": record.program_started[0]})


def _start_error(_config: Config, _host: Host, record: Record) -> Evidence:
    wrong = made_while(record, "start", {Status.RUNNING, Status.STOPPED})
    return _all(must_fail(record, op, why=f"start while {op.before}") for op in wrong)


def _start_noop(_config: Config, _host: Host, record: Record) -> Evidence:
    wrong = made_while(record, "start", {Status.RUNNING, Status.STOPPED})
    if not worked(record, "start"):
        raise Inconclusive("start was never seen to work here")
    runs = len(record.program_started)
    if runs != 1:
        violated(expected="the program runs once", observed=f"it ran {runs} times", evidence=[op.describe() for op in wrong])
    _same_process(record, running(record), "after the second start", alive=wrong[0].before is Status.RUNNING)
    return Evidence("nothing changes", [op.describe() for op in wrong], kind="left alone")


def _kill_error(_config: Config, _host: Host, record: Record) -> Evidence:
    wrong = made_while(record, "kill", {Status.STOPPED})
    return _all(must_fail(record, op, why="kill while stopped") for op in wrong)


def _sends_signal(_config: Config, _host: Host, record: Record) -> Evidence:
    kills = [op for op in operations(record, "kill") if "USR1" in " ".join(op.argv)]
    if not kills:
        raise Unexercised("no USR1 in this record")
    if not kills[0].succeeded:
        raise Inconclusive(kills[0].describe())
    if answer(record, BLOCK_SIGUSR1).results[0].value != 0:
        raise Inconclusive("the probe could not block the signal")
    got = answer(record, WAIT_SIGUSR1).results[0].value
    return equal(expected=SIGUSR1, observed=got, evidence=kills[0].describe())


def _delete_error(_config: Config, _host: Host, record: Record) -> Evidence:
    wrong = made_while(record, "delete", {Status.RUNNING, Status.CREATED})
    return _all(must_fail(record, op, why=f"delete while {op.before}", disputed=op.before is Status.CREATED) for op in wrong)


def _delete_noop(_config: Config, _host: Host, record: Record) -> Evidence:
    wrong = made_while(record, "delete", {Status.RUNNING, Status.CREATED})[0]
    before = running(record) if wrong.before is Status.RUNNING else created(record)
    after = record.snapshots.get("after the early delete")
    if after is None or _identity(after) != _identity(before):
        violated(
            expected="the container lives on",
            observed="its process is gone" if after is None else _identity(after),
            evidence=wrong.describe(),
            disputed=wrong.before is Status.CREATED,
        )
    return Evidence("the container lives on", _identity(after), kind="left alone")


def _removes_resources(_config: Config, _host: Host, record: Record) -> Evidence:
    own_cgroups = tuple(created(record).cgroups.directories.values())
    if record.leaks is None:
        raise Inconclusive("the container was never deleted")
    # The path above the container's own cgroup may serve others: that it stays accuses nobody.
    left = [f"{k.kind} {k.what}" for k in record.leaks if k.kind != "cgroup" or k.what.startswith(own_cgroups)]
    if left:
        violated(expected="nothing is left", observed=left)
    deleted = [reading for reading in record.states if reading.actual is Status.ABSENT and reading.document is not None]
    if deleted:
        violated(expected="no state after delete", observed=deleted[0].document)
    return Evidence("nothing is left", "mounts, processes, cgroups and the state directory are as before create")


def _keeps_foreign(_config: Config, _host: Host, record: Record) -> Evidence:
    if not record.foreign:
        raise Unexercised("the container used nothing of others")
    if not worked(record, "delete"):
        raise Inconclusive("the container was never deleted")
    lost = sorted(name for name, there in record.foreign.items() if not there)
    if lost:
        violated(expected="what delete did not make stays", observed={"gone": lost})
    return Evidence("what delete did not make stays", sorted(record.foreign))


def _without_id(name: str) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        return must_fail(record, noted(record, name, "no id"), why=f"{name} without a container id")

    return judge


def _all(evidence: Iterable[Evidence]) -> Evidence:
    found = list(evidence)
    return Evidence(found[0].expected, [each.observed for each in found], kind=found[0].kind)


def _identity(snapshot: Snapshot) -> tuple[int, int]:
    process: Process = snapshot.process
    return process.pid, process.start_time


def _same_process(record: Record, before: Snapshot, name: str, *, alive: bool) -> None:
    after = record.snapshots.get(name)
    if alive and (after is None or _identity(after) != _identity(before)):
        violated(expected=_identity(before), observed=after and _identity(after))
    if not alive and after is not None:
        violated(expected="no process of a stopped container", observed=_identity(after))


def _completed(record: Record, name: str, wanted: str) -> Operation:
    """Return the operation if it succeeded. A hang or a crash of it is a violation, an error leaves nothing to judge."""
    found = next((op for op in operations(record, name) if not op.note), None)
    if found is None or found.refused:
        raise Inconclusive(f"no successful {name} in this record")
    if not found.succeeded:
        violated(expected=wanted, observed=found.describe())
    return found


def _by_cases(requirement: str, judge: Judge) -> Expectation:
    return Expectation(requirement=requirement, applies=never, judge=judge, sees="runtime", judges_refusal=True)


def _by_all(requirement: str, judge: Judge, sees: Literal["snapshot", "probe", "runtime"]) -> Expectation:
    return Expectation(requirement=requirement, applies=always, judge=judge, sees=sees, judges_refusal=True)


EXPECTATIONS = (
    _by_all("runtime.create.creates", _creates, "snapshot"),
    _by_all("runtime.create.args-not-applied", _args_not_applied, "snapshot"),
    _by_all("runtime.lifecycle.step02-program-not-run", _args_not_applied, "snapshot"),
    _by_all("runtime.start.runs-program", _runs_program, "probe"),
    _by_all("runtime.lifecycle.step08-run-program", _runs_program, "probe"),
    _by_all("runtime.delete.removes-resources", _removes_resources, "runtime"),
    _by_all("runtime.lifecycle.step12-destroyed", _removes_resources, "runtime"),
    _by_cases("runtime.create.config-frozen", _config_frozen),
    _by_cases("runtime.lifecycle.step02-config-frozen", _config_frozen),
    _by_cases("runtime.create.error-dup-or-invalid-id", _duplicate_id),
    _by_cases("runtime.create.no-container-on-bad-id", _no_second_container),
    _by_cases("runtime.start.error-unless-created", _start_error),
    _by_cases("runtime.start.noop-unless-created", _start_noop),
    _by_cases("runtime.create.error-missing-args", _without_id("create")),
    _by_cases("runtime.start.error-no-id", _without_id("start")),
    _by_cases("runtime.kill.error-unless-alive", _kill_error),
    _by_cases("runtime.kill.sends-signal", _sends_signal),
    _by_cases("runtime.kill.error-no-id", _without_id("kill")),
    _by_cases("runtime.delete.error-unless-stopped", _delete_error),
    _by_cases("runtime.delete.noop-unless-stopped", _delete_noop),
    _by_cases("runtime.delete.error-no-id", _without_id("delete")),
    _by_cases("runtime.delete.keeps-foreign-resources", _keeps_foreign),
)
