"""Operations in order and out of order."""

from conformance.cases.case import Case, Container, HostNamespace, lifecycle
from conformance.cases.defects import defective
from conformance.expectations.lifecycle import BLOCK_SIGUSR1, WAIT_SIGUSR1
from conformance.expectations.support import EXIT
from conformance.record.config import put


def _queries(container: Container) -> None:
    container.call("state", "oci-conformance-no-such-container", note="unknown id")
    container.call("state", note="no id")
    lifecycle(container)
    container.state()


def _without_id(container: Container) -> None:
    for name in ("create", "start", "kill", "delete"):
        container.call(name, note="no id")
    lifecycle(container)
    container.state()


def _same_id(container: Container) -> None:
    container.create()
    container.state()
    container.snapshot("created")
    container.create(note="same id")
    container.state()
    container.snapshot("after the second create")
    container.start()
    container.snapshot("running")
    container.kill()
    container.delete()


def _edited_config(container: Container) -> None:
    container.create()
    container.snapshot("created")
    container.rewrite_config(
        (put("/process/args", ["/probe", "edited after create"]), put("/annotations", {"org.example.edited": "after create"}))
    )
    container.start()
    container.state()
    container.snapshot("running")
    container.kill()
    container.delete()


def _start_running(container: Container) -> None:
    container.create()
    container.snapshot("created")
    container.start()
    container.state()
    container.snapshot("running")
    container.start()
    container.snapshot("after the second start")
    container.state()
    container.kill()
    container.delete()


def _start_and_kill_stopped(container: Container) -> None:
    container.create()
    container.snapshot("created")
    container.start()
    container.snapshot("running")
    container.kill()
    container.state()
    container.start()
    container.snapshot("after the second start")
    container.kill("TERM")
    container.state()
    container.delete()


def _signal(container: Container) -> None:
    container.create()
    container.snapshot("created")
    container.start()
    container.snapshot("running")
    container.ask(BLOCK_SIGUSR1)
    container.kill("USR1")
    container.ask(WAIT_SIGUSR1)
    container.kill()
    container.delete()


def _exit(container: Container) -> None:
    container.create()
    container.snapshot("created")
    container.start()
    container.ask(EXIT)
    container.wait()
    container.state()
    container.delete()


def _again(container: Container) -> None:
    lifecycle(container)
    if container.create().succeeded:
        container.snapshot("created")
    container.kill()
    container.delete()


def _delete_running(container: Container) -> None:
    container.create()
    container.snapshot("created")
    container.start()
    container.snapshot("running")
    container.delete()
    container.snapshot("after the early delete")
    container.kill()
    container.delete()
    container.state()


def _delete_created(container: Container) -> None:
    container.create()
    container.snapshot("created")
    container.delete()
    container.snapshot("after the early delete")
    container.kill()
    container.delete()
    container.state()


CASES = (
    Case(
        name="lifecycle/plain",
        title="A container is created, started, killed and deleted",
        edits=(put("/annotations", {"org.example.colour": "blue"}),),
        aims=(
            "runtime.create.creates",
            "runtime.create.args-not-applied",
            "runtime.start.runs-program",
            "runtime.delete.removes-resources",
            "runtime.operations.all-supported",
            "runtime.scope.ops-on-own-container",
            "runtime.lifecycle.step02-program-not-run",
            "runtime.lifecycle.step02-resources-created",
            "runtime.lifecycle.step08-run-program",
            "runtime.lifecycle.step10-exit-causes",
            "runtime.lifecycle.step12-destroyed",
            "runtime.state.ociversion",
            "runtime.state.id",
            "runtime.state.status",
            "runtime.state.status-created",
            "runtime.state.status-running",
            "runtime.state.status-stopped",
            "runtime.state.pid-required-linux",
            "runtime.state.pid-is-container-process",
            "runtime.state.bundle",
            "runtime.state.ociversion-meaning",
            "runtime.state.status-values",
            "runtime.state.status-extra-allowed",
            "runtime.state.status-extra-new-meaning",
            "runtime.state.additional-properties",
            "runtime.state.json-schema",
        ),
    ),
    Case(
        name="lifecycle/state-of-nothing",
        title="The state of an unknown container, and of none, is an error",
        script=_queries,
        aims=("runtime.query-state.error-unknown", "runtime.query-state.error-no-id"),
    ),
    Case(
        name="lifecycle/operations-without-id",
        title="create, start, kill and delete without a container id are errors",
        script=_without_id,
        aims=(
            "runtime.create.error-missing-args",
            "runtime.start.error-no-id",
            "runtime.kill.error-no-id",
            "runtime.delete.error-no-id",
        ),
    ),
    Case(
        name="lifecycle/create-same-id",
        title="An id that is in use cannot be used again",
        script=_same_id,
        aims=(
            "runtime.create.error-dup-or-invalid-id",
            "runtime.create.no-container-on-bad-id",
            "runtime.state.id-unique-on-host",
        ),
    ),
    Case(
        name="lifecycle/config-edited-after-create",
        title="Editing config.json after create changes nothing",
        edits=(put("/annotations", {"org.example.colour": "blue"}),),
        script=_edited_config,
        aims=("runtime.create.config-frozen", "runtime.lifecycle.step02-config-frozen"),
    ),
    Case(
        name="lifecycle/start-running",
        title="Starting a running container is an error and changes nothing",
        script=_start_running,
        aims=("runtime.start.error-unless-created", "runtime.start.noop-unless-created"),
    ),
    Case(
        name="lifecycle/start-and-kill-stopped",
        title="Starting or killing a stopped container is an error",
        script=_start_and_kill_stopped,
        aims=(
            "runtime.start.error-unless-created",
            "runtime.start.noop-unless-created",
            "runtime.kill.error-unless-alive",
            "runtime.kill.noop-unless-alive",
        ),
    ),
    Case(
        name="lifecycle/kill-sends-signal",
        title="kill delivers the signal that was asked for",
        script=_signal,
        aims=("runtime.kill.sends-signal",),
    ),
    Case(
        name="lifecycle/exit-by-itself",
        title="A program that exits leaves a stopped container",
        script=_exit,
        aims=("runtime.lifecycle.step10-exit-causes", "runtime.state.status-stopped", "runtime.state.annotations-empty"),
    ),
    Case(
        name="lifecycle/id-used-again",
        title="The id of a deleted container can be used again",
        script=_again,
        aims=("runtime.delete.id-reusable",),
    ),
    defective("process-missing", name="lifecycle/without-process"),
    Case(
        name="lifecycle/delete-running",
        title="Deleting a running container is an error and changes nothing",
        script=_delete_running,
        aims=("runtime.delete.error-unless-stopped", "runtime.delete.noop-unless-stopped"),
    ),
    Case(
        name="lifecycle/delete-created",
        title="Deleting a created container is an error and changes nothing",
        script=_delete_created,
        aims=("runtime.delete.error-unless-stopped", "runtime.delete.noop-unless-stopped"),
    ),
    Case(
        name="lifecycle/delete-keeps-joined-namespaces",
        title="delete leaves namespaces and files that the container only used",
        namespaces=(HostNamespace("net", "network"), HostNamespace("ipc", "ipc")),
        edits=(
            put(
                "/linux/namespaces",
                [
                    {"type": "pid"},
                    {"type": "mount"},
                    {"type": "uts"},
                    {"type": "network", "path": "{ns:net}"},
                    {"type": "ipc", "path": "{ns:ipc}"},
                ],
            ),
        ),
        aims=("runtime.delete.keeps-foreign-resources",),
    ),
)
