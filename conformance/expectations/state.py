"""runtime.md, State and Query State."""

import posixpath
from typing import Any, Literal

from conformance.expectations.contract import (
    Applicability,
    Applies,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    always,
    equal,
    never,
    violated,
)
from conformance.expectations.operations import must_fail, noted
from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.operation import StateReading, Status
from conformance.record.record import Record

_STATUSES = ("creating", "created", "running", "stopped")
_PROPERTIES = {"ociVersion", "id", "status", "pid", "bundle", "annotations"}


def _readings(record: Record, *statuses: Status) -> list[StateReading]:
    """Return the readings taken while the container had one of `statuses`; raises Inconclusive if none holds a document."""
    asked = [reading for reading in record.states if reading.actual in (statuses or tuple(set(Status) - {Status.ABSENT}))]
    found = [reading for reading in asked if reading.document is not None]
    if not found:
        raise Inconclusive(f"state gave no document: {asked[0].problem}" if asked else "state was not asked")
    return found


def _string_property(name: str) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        values = [_document(reading).get(name) for reading in _readings(record)]
        for value in values:
            if not isinstance(value, str) or not value:
                violated(expected=f"a string {name} in the state", observed=value)
        return Evidence(f"a string {name} in the state", values)

    return judge


def _id(_config: Config, _host: Host, record: Record) -> Evidence:
    ids = {str(_document(reading).get("id")) for reading in _readings(record)}
    return equal(expected={record.container_id}, observed=ids)


def _status(status: Status) -> Judge:
    def judge(_config: Config, _host: Host, record: Record) -> Evidence:
        return equal(expected={status.value}, observed={_document(r).get("status") for r in _readings(record, status)})

    return judge


def _pid_required(_config: Config, _host: Host, record: Record) -> Evidence:
    pids = [_document(reading).get("pid") for reading in _readings(record, Status.CREATED, Status.RUNNING)]
    for pid in pids:
        if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0:
            violated(expected="a positive integer pid while created or running", observed=pid)
    return Evidence("a positive integer pid while created or running", pids)


def _pid_is_container_process(_config: Config, _host: Host, record: Record) -> Evidence:
    if record.running is None:
        raise Inconclusive("the program was never seen running")
    pids = {_document(reading).get("pid") for reading in _readings(record, Status.RUNNING)}
    if not all(isinstance(pid, int) for pid in pids):
        raise Inconclusive("the state holds no pid")
    evidence = {"exe": record.running.process.exe, "cmdline": record.running.process.cmdline}
    return equal(expected={record.running.process.pid}, observed=pids, evidence=evidence)


def _bundle(_config: Config, _host: Host, record: Record) -> Evidence:
    bundles = {_document(reading).get("bundle") for reading in _readings(record)}
    normalised = {posixpath.normpath(bundle) if isinstance(bundle, str) else bundle for bundle in bundles}
    return equal(expected={record.bundle}, observed=normalised)


def _has_annotations(config: Config, _host: Host) -> Applicability:
    return bool(config.get("annotations"))


def _annotations(config: Config, _host: Host, record: Record) -> Evidence:
    for reading in _readings(record):
        shown: Any = _document(reading).get("annotations")
        missing = {key: value for key, value in config["annotations"].items() if not shown or shown.get(key) != value}
        if missing:
            violated(expected=dict(config["annotations"]), observed=shown)
    return Evidence(dict(config["annotations"]), "the same in every state document")


def _status_values(_config: Config, _host: Host, record: Record) -> Evidence:
    values = sorted({str(_document(reading).get("status")) for reading in _readings(record)})
    others = [value for value in values if value not in _STATUSES]
    if others:
        violated(expected=f"one of {', '.join(_STATUSES)}", observed=others)
    return Evidence(f"one of {', '.join(_STATUSES)}", values)


def _further_status(_config: Config, _host: Host, record: Record) -> Evidence:
    """Tell whether a status beyond the four is used; that none is, is right too."""
    values = {str(_document(reading).get("status")) for reading in _readings(record)}
    return Evidence("any status", sorted(values - set(_STATUSES)) or "none beyond the four")


def _no_second_name(_config: Config, _host: Host, record: Record) -> Evidence:
    """Judge while the container is known to be created, running or stopped: another name cannot stand for these."""
    shown = [(reading.actual.value, _document(reading).get("status")) for reading in _readings(record)]
    others = [(actual, status) for actual, status in shown if isinstance(status, str) and status not in _STATUSES]
    if others:
        violated(expected="further values for further states only", observed=others)
    return Evidence("further values for further states only", shown)


def _sets_no_annotations(config: Config, _host: Host) -> Applicability:
    return not config.get("annotations")


def _annotations_empty(_config: Config, _host: Host, record: Record) -> Evidence:
    shown = [_document(reading).get("annotations", "absent") for reading in _readings(record)]
    if any(value not in ("absent", {}) for value in shown):
        violated(expected="annotations absent or an empty map", observed=shown)
    return Evidence("annotations absent or an empty map", shown)


def _additional(_config: Config, _host: Host, record: Record) -> Evidence:
    names = {name for reading in _readings(record) for name in _document(reading)}
    return Evidence("any further properties", sorted(names - _PROPERTIES) or "none")


def _schema(_config: Config, _host: Host, record: Record) -> Evidence:
    """Left out are further status values, which the shipped schema forbids and the prose permits."""
    from specs.validation.schemas import check  # noqa: PLC0415  # its library takes 80 ms to import, for one requirement

    readings = _readings(record)
    for reading in readings:
        found = [
            f"{'.'.join(map(str, breach.path))}: {breach.message}"
            for breach in check("runtime/state", _document(reading))
            if breach.requirement != "runtime.state.status-values" or breach.invalid
        ]
        if found:
            violated(expected="a document that is valid by the schema of states", observed=found, evidence=reading.document)
    return Evidence("a document that is valid by the schema of states", [reading.document for reading in readings])


def _unknown(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_fail(record, noted(record, "state", "unknown id"), why="no such container")


def _no_id(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_fail(record, noted(record, "state", "no id"), why="state without a container id")


def _document(reading: StateReading) -> dict[str, object]:
    return reading.document or {}


def _expectation(
    requirement: str, judge: Judge, *, applies: Applies = always, sees: Literal["snapshot", "runtime"] = "runtime"
) -> Expectation:
    return Expectation(requirement=requirement, applies=applies, judge=judge, sees=sees, judges_refusal=True)


EXPECTATIONS = (
    _expectation("runtime.state.ociversion", _string_property("ociVersion")),
    _expectation("runtime.state.id", _id),
    _expectation("runtime.state.status", _string_property("status")),
    _expectation("runtime.state.status-created", _status(Status.CREATED)),
    _expectation("runtime.state.status-running", _status(Status.RUNNING)),
    _expectation("runtime.state.status-stopped", _status(Status.STOPPED)),
    _expectation("runtime.state.pid-required-linux", _pid_required),
    _expectation("runtime.state.pid-is-container-process", _pid_is_container_process, sees="snapshot"),
    _expectation("runtime.state.bundle", _bundle),
    _expectation("runtime.state.annotations", _annotations, applies=_has_annotations),
    _expectation("runtime.state.ociversion-meaning", _string_property("ociVersion")),
    _expectation("runtime.state.status-values", _status_values),
    _expectation("runtime.state.status-extra-allowed", _further_status),
    _expectation("runtime.state.status-extra-new-meaning", _no_second_name),
    _expectation("runtime.state.annotations-empty", _annotations_empty, applies=_sets_no_annotations),
    _expectation("runtime.state.additional-properties", _additional),
    _expectation("runtime.state.json-schema", _schema),
    _expectation("runtime.query-state.error-unknown", _unknown, applies=never),
    _expectation("runtime.query-state.error-no-id", _no_id, applies=never),
)
