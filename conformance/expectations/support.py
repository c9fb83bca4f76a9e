"""runtime.md: that the operations are there, what they do to ids and to containers that have ended, and how a container ends."""

from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    Unexercised,
    created,
    equal,
    must_be_refused,
    never,
    operations,
    violated,
)
from conformance.expectations.operations import made_while, worked
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.operation import Status
from conformance.record.probe import Action, Call
from conformance.record.record import Record
from specs.linux.namespaces import NAMESPACES

EXIT = Action("exit with 5", (Call("exit_group", (5,)),))
_OPERATIONS = ("create", "start", "state", "kill", "delete")


def _all_supported(_config: Config, _host: Host, record: Record) -> Evidence:
    """Judge what can be asked of a container that runs; that none can be made may have reasons of this host."""
    if not worked(record, "create") or not worked(record, "start"):
        raise Inconclusive("no container was seen to run")
    made = [op for op in record.operations if op.name in _OPERATIONS and not op.note]
    failing = [op.describe() for op in made if not op.succeeded and not _after_the_end(op.name, op.before)]
    if failing:
        violated(expected=f"{', '.join(_OPERATIONS)} work", observed=failing)
    missing = [name for name in _OPERATIONS if not worked(record, name)]
    if missing:
        raise Inconclusive(f"never seen to work: {', '.join(missing)}")
    return Evidence(f"{', '.join(_OPERATIONS)} work", [op.describe() for op in made])


def _after_the_end(name: str, before: Status) -> bool:
    return name == "state" and before is Status.ABSENT


def _resources_created(config: Config, host: Host, record: Record) -> Evidence:
    """Judge by the namespaces, which are there or not whatever else the container is made of."""
    seen = created(record).namespaces
    entries = lookup(config, "/linux/namespaces") or ()
    # A time namespace is made for children, and entered at execve: time_namespaces(7).
    names = [NAMESPACES[entry["type"]].proc for entry in entries if "path" not in entry and entry.get("type") != "time"]
    if not names:
        raise Unexercised("no new namespace is asked for")
    missing = [name for name in names if name in seen and seen[name] == host.namespaces.get(name)]
    if missing:
        violated(expected={"new namespaces": names}, observed={"still those of the runtime": missing})
    return Evidence({"new namespaces": names}, {name: seen.get(name) for name in names})


def _no_process(config: Config, _host: Host) -> Applicability:
    return config.get("process") is None


def _start_refused(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect="process is not set")


def _kill_without_effect(_config: Config, _host: Host, record: Record) -> Evidence:
    kill = made_while(record, "kill", {Status.STOPPED})[0]
    before = [r for r in record.states if r.actual is Status.STOPPED and r.document and r.operation.ended <= kill.started]
    after = [r for r in record.states if r.operation.started >= kill.ended]
    if not before or not after:
        raise Inconclusive("the state was not seen before and after the kill")
    shown = after[0].document
    if shown is None:
        violated(expected=before[-1].document, observed=after[0].problem, evidence=kill.describe())
    return equal(expected=before[-1].document, observed=shown, evidence=kill.describe())


def _id_reused(_config: Config, _host: Host, record: Record) -> Evidence:
    deletes = [op for op in operations(record, "delete") if op.succeeded]
    again = [op for op in operations(record, "create") if deletes and op.started >= deletes[0].ended and not op.note]
    if not again:
        raise Unexercised("no create after delete in this record")
    if not again[0].succeeded:
        violated(expected="the id of a deleted container can be used again", observed=again[0].describe())
    return Evidence("the id of a deleted container can be used again", again[0].describe())


def _one_container_per_id(_config: Config, _host: Host, record: Record) -> Evidence:
    if not any(op.note == "same id" for op in operations(record, "create")):
        raise Unexercised("no second create with the same id in this record")
    first = created(record).process.pid
    alive = [pid for pid in record.second_containers if pid != first]
    if alive and "after the second create" in record.snapshots:
        violated(expected=f"one container {record.container_id}", observed={"processes": [first, *alive]})
    return Evidence(f"one container {record.container_id}", {"process": first})


def _ended(_config: Config, _host: Host, record: Record) -> Evidence:
    if record.exit_code is None:
        raise Inconclusive("the container's process was not seen to end")
    if EXIT in record.answers and record.answers[EXIT].died is not None:
        return equal(expected=5, observed=record.answers[EXIT].died)
    return Evidence("the process ends by itself, by a signal or by kill", record.exit_code)


def _by_cases(requirement: str, judge: Judge) -> Expectation:
    return Expectation(requirement=requirement, applies=never, judge=judge, sees="runtime", judges_refusal=True)


EXPECTATIONS = (
    _by_cases("runtime.operations.all-supported", _all_supported),
    _by_cases("runtime.scope.ops-on-own-container", _all_supported),
    _by_cases("runtime.lifecycle.step02-resources-created", _resources_created),
    *(
        Expectation(requirement=requirement, applies=_no_process, judge=_start_refused, sees="runtime", judges_refusal=True)
        for requirement in ("runtime.start.error-no-process", "config.process.required-for-start")
    ),
    _by_cases("runtime.kill.noop-unless-alive", _kill_without_effect),
    _by_cases("runtime.delete.id-reusable", _id_reused),
    _by_cases("runtime.state.id-unique-on-host", _one_container_per_id),
    _by_cases("runtime.lifecycle.step10-exit-causes", _ended),
)
