"""Faults of operations and of the state that they show."""

from tests.faulty.fault import Fault

_STATE = "runtime.state."


def _fault(behaviour: str, *reddens: str) -> Fault:
    return Fault(name=behaviour.replace("_", "-"), behaviour=behaviour, reddens=reddens)


FAULTS = (
    _fault(
        "state_without_oci_version",
        "runtime.state.ociversion",
        "runtime.state.ociversion-meaning",
        "runtime.state.json-schema",
    ),
    _fault("state_with_negative_pid", "runtime.state.json-schema"),
    _fault("state_running_as_up", "runtime.state.status-running", "runtime.state.status-extra-new-meaning"),
    _fault("state_with_another_id", "runtime.state.id"),
    _fault(
        "state_without_status",
        *(f"{_STATE}{name}" for name in ("status", "status-created", "status-running", "status-stopped", "json-schema")),
    ),
    _fault("state_created_as_creating", "runtime.state.status-created"),
    _fault("state_running_as_created", "runtime.state.status-running"),
    _fault("state_stopped_as_running", "runtime.state.status-stopped"),
    _fault("state_without_pid", "runtime.state.pid-required-linux"),
    _fault("state_with_another_pid", "runtime.state.pid-is-container-process"),
    _fault("state_with_relative_bundle", "runtime.state.bundle"),
    _fault("state_rereads_config", "runtime.create.config-frozen", "runtime.lifecycle.step02-config-frozen"),
    _fault("state_of_anything", "runtime.query-state.error-unknown", "runtime.create.no-container-on-unappliable"),
    _fault("state_unsupported", "runtime.operations.all-supported", "runtime.scope.ops-on-own-container"),
    _fault("create_without_id_succeeds", "runtime.create.error-missing-args"),
    _fault("create_twice", "runtime.state.id-unique-on-host"),
    _fault("kill_stopped_deletes", "runtime.kill.noop-unless-alive"),
    Fault(
        name="start-without-process",
        config=lambda config: config.setdefault("process", {"user": {"uid": 0, "gid": 0}, "args": ["/probe"], "cwd": "/"}),
        reddens=("runtime.start.error-no-process", "config.process.required-for-start"),
    ),
    _fault("state_without_id_succeeds", "runtime.query-state.error-no-id"),
    _fault("start_without_id_succeeds", "runtime.start.error-no-id"),
    _fault("kill_without_id_succeeds", "runtime.kill.error-no-id"),
    _fault("delete_without_id_succeeds", "runtime.delete.error-no-id"),
    _fault("create_nothing", "runtime.create.creates"),
    _fault(
        "create_starts",
        "runtime.create.args-not-applied",
        "runtime.lifecycle.step02-program-not-run",
        "runtime.state.status-created",
    ),
    _fault("failed_create_leaves_state", "runtime.errors.leave-env-unchanged"),
    _fault("failed_create_is_remembered", "runtime.create.no-container-on-unappliable"),
    _fault("create_again_in_silence", "runtime.create.error-dup-or-invalid-id"),
    _fault("create_replaces", "runtime.create.error-dup-or-invalid-id", "runtime.create.no-container-on-bad-id"),
    _fault("start_nothing", "runtime.start.runs-program", "runtime.lifecycle.step08-run-program"),
    _fault("start_again_in_silence", "runtime.start.error-unless-created"),
    _fault("start_again_kills", "runtime.start.noop-unless-created"),
    _fault("kill_stopped_in_silence", "runtime.kill.error-unless-alive"),
    _fault("kill_sends_another", "runtime.kill.sends-signal"),
    _fault("delete_running_in_silence", "runtime.delete.error-unless-stopped"),
    _fault("delete_running_by_force", "runtime.delete.noop-unless-stopped"),
    _fault("delete_leaves_state", "runtime.delete.removes-resources", "runtime.lifecycle.step12-destroyed"),
    _fault("delete_unmounts_namespaces", "runtime.delete.keeps-foreign-resources"),
)
