"""Judge an operation that has to fail, with the control that makes the failure mean something."""

from conformance.expectations.contract import Evidence, Inconclusive, Unexercised, violated
from conformance.record.operation import Operation, Status
from conformance.record.record import Record


def must_fail(record: Record, operation: Operation, *, why: str, disputed: bool | None = None) -> Evidence:
    """Judge one operation that is an error by the text.

    The spec fixes no exit status, so success counts only if it is claimed in silence. A failure counts only if the
    same operation was seen to work on the same container: a runtime that fails at everything proves nothing.
    """
    if operation.timed_out or (operation.status or 0) < 0:
        raise Inconclusive(f"no answer: {operation.describe()}")
    if operation.succeeded:
        if operation.stderr.strip() and not operation.stdout.strip():
            raise Inconclusive(f"success is reported along with a message: {operation.describe()}")
        violated(expected=f"an error: {why}", observed=operation.describe(), disputed=disputed)
    if not worked(record, operation.name):
        raise Inconclusive(f"{operation.name} was never seen to work here, so its failure shows nothing")
    return Evidence(f"an error: {why}", operation.describe(), kind="refused")


def worked(record: Record, name: str) -> bool:
    """Whether the operation was seen to work in this record, by its effect."""
    effects = {
        "create": "created" in record.snapshots,
        "start": bool(record.program_started),
        "state": any(reading.document is not None for reading in record.states),
        "kill": record.exit_code == -9,
        "delete": record.leaks is not None and _was_there(record) and _state_refused_after_delete(record),
    }
    claimed = any(op.name == name and not op.note and op.succeeded for op in record.operations)
    return claimed and effects.get(name, False)


def noted(record: Record, name: str, note: str) -> Operation:
    """Return the operation of that name with that note; raises Unexercised without one."""
    for operation in record.operations:
        if operation.name == name and operation.note == note:
            return operation
    raise Unexercised(f"no {name} ({note}) in this record")


def made_while(record: Record, name: str, statuses: set[Status]) -> list[Operation]:
    """Return the operations of that name made while the container was in one of `statuses`.

    Raises Unexercised where there are none.
    """
    found = [
        op for op in record.operations if op.name == name and op.before in statuses and op.container_id == record.container_id
    ]
    if not found:
        raise Unexercised(f"no {name} while {' or '.join(sorted(statuses))} in this record")
    return found


def _was_there(record: Record) -> bool:
    """Whether there was a container that could be deleted: what was never made is never there afterwards either."""
    return "created" in record.snapshots or bool(record.program_started)


def _state_refused_after_delete(record: Record) -> bool:
    deletes = [op for op in record.operations if op.name == "delete" and op.succeeded]
    after = [reading for reading in record.states if deletes and reading.operation.started >= deletes[-1].ended]
    return not any(reading.document is not None for reading in after)
