"""A property that cannot be applied makes create fail, leaves no container, and nothing else either.

Such properties are recognised by values of our own making, which no host has: they begin with `no-such-`.
"""

import posixpath

from conformance.expectations.contract import Evidence, Expectation, Inconclusive, Unexercised, must_be_refused, violated
from conformance.expectations.mounted import entries
from conformance.record.config import Config, lookup, remembered
from conformance.record.host import Host
from conformance.record.operation import Operation
from conformance.record.record import Record

NO_SUCH = "no-such-"
NO_SUCH_SYSCTL = f"net.{NO_SUCH}key"
_LEFT_BEHIND = {"process", "mount", "cgroup", "state"}


@remembered
def defect(config: Config) -> str:
    """Return which property outside process cannot be applied, "" if there is none of our making."""
    for entry in entries(config):
        if entry.bind and posixpath.basename(entry.source).startswith(NO_SUCH):
            return f"the bind source {entry.source} does not exist"
        if not entry.bind and entry.type.startswith(NO_SUCH):
            return f"there is no filesystem type {entry.type}"
    for name in lookup(config, "/linux/sysctl", {}) or {}:
        if name == NO_SUCH_SYSCTL:
            return f"there is no sysctl {name}"
    for namespace in lookup(config, "/linux/namespaces", ()) or ():
        if posixpath.basename(namespace.get("path") or "").startswith(NO_SUCH):
            return f"there is no namespace {namespace['path']}"
    return ""


def _applies(config: Config, _host: Host) -> bool:
    return bool(defect(config))


def _judge_error(config: Config, _host: Host, record: Record) -> Evidence:
    what = defect(config)
    if not what:
        raise Unexercised
    return must_be_refused(record, by="create", defect=what)


def _unknown_types(config: Config) -> list[str]:
    return [entry.type for entry in entries(config) if not entry.bind and entry.type.startswith(NO_SUCH)]


def _asks_unknown_type(config: Config, host: Host) -> bool:
    return bool(_unknown_types(config)) and not host.filesystems.intersection(_unknown_types(config))


def _judge_type(config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect=f"types that /proc/filesystems does not list: {_unknown_types(config)}")


def _refused(record: Record) -> Operation:
    """Return the create that was refused; raises Inconclusive or Unexercised without one."""
    create = record.operation("create")
    if create is None or create.timed_out:
        raise Inconclusive("create did not come back")
    if create.succeeded:
        raise Unexercised
    if record.leaks_after_refusal is None:
        raise Inconclusive("nobody looked what the refused create left")
    return create


def _accepted_otherwise(record: Record) -> None:
    """Raise Inconclusive if the same config without the defect did not run: then nothing is what this runtime always leaves."""
    if record.twin is None or "running" not in record.twin.snapshots:
        raise Inconclusive("the same config without the defect was not accepted: nothing is what this runtime always leaves")


def _judge_no_container(config: Config, _host: Host, record: Record) -> Evidence:
    create = _refused(record)
    processes = [leak.what for leak in record.leaks_after_refusal or () if leak.kind == "process"]
    if processes:
        violated(expected="no process of the refused container", observed=processes, evidence=create.describe())
    readings = [state for state in record.states if state.operation.ended >= create.ended]
    if not readings:
        raise Inconclusive("state was not called after the refused create")
    for reading in readings:
        if reading.operation.succeeded:
            violated(expected="an error from state: there is no container", observed=reading.operation.describe())
    _accepted_otherwise(record)
    return Evidence(f"no container: {defect(config)}", "no process, and an error from state", kind="refused")


def _judge_environment(config: Config, _host: Host, record: Record) -> Evidence:
    create = _refused(record)
    parents = _parents(lookup(config, "/linux/cgroupsPath") or "")
    left = [
        f"{leak.kind}: {leak.what}"
        for leak in record.leaks_after_refusal or ()
        if leak.kind in _LEFT_BEHIND and not (leak.kind == "cgroup" and leak.what.endswith(parents))
    ]
    if left:
        violated(expected="nothing left of the refused container", observed=left, evidence=create.describe())
    _accepted_otherwise(record)
    return Evidence(f"as before: {defect(config)}", "no process, mount, cgroup or state left", kind="refused")


def _parents(cgroups_path: str) -> tuple[str, ...]:
    """Return the cgroups above that of the container: shared by others, they are no part of it."""
    steps = cgroups_path.strip("/").split("/")
    return tuple("/" + "/".join(steps[:count]) for count in range(1, len(steps)))


EXPECTATIONS: tuple[Expectation, ...] = (
    *(
        Expectation(requirement=requirement, applies=_applies, judge=_judge_error, sees="runtime", judges_refusal=True)
        for requirement in ("runtime.create.error-unappliable", "runtime.lifecycle.step02-error-if-unable")
    ),
    Expectation(
        requirement="runtime.create.no-container-on-unappliable",
        applies=_applies,
        judge=_judge_no_container,
        sees="runtime",
        judges_refusal=True,
    ),
    Expectation(
        requirement="runtime.errors.leave-env-unchanged",
        applies=_applies,
        judge=_judge_environment,
        sees="runtime",
        judges_refusal=True,
    ),
    Expectation(
        requirement="config.mounts.type.linux",
        applies=_asks_unknown_type,
        judge=_judge_type,
        sees="runtime",
        judges_refusal=True,
    ),
)
