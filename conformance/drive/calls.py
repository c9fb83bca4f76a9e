"""The calls of the runtime for one container, and who has to be attended to while it works: hooks, the seccomp agent."""

from typing import Unpack

from conformance.bundle.builder import Bundle
from conformance.cases.case import Case
from conformance.record.config import lookup
from conformance.record.operation import Operation, Status
from conformance.record.record import Record
from conformance.subject.agent import SeccompAgent
from conformance.subject.hooks import HookListener
from conformance.subject.runtime import Details, Runtime

_STALLED_SECONDS = 10.0
"""For an operation in which a hook is never let go: the runtime has to abort it after the second that the case allows."""


class Calls:
    """Calls the runtime on the bundle of a case."""

    def __init__(self, *, case: Case, bundle: Bundle, record: Record, runtime: Runtime, listener: HookListener | None) -> None:
        self.agent = SeccompAgent(bundle.agent_socket, keep=_is_held(bundle)) if _has_agent(bundle) else None
        self._case = case
        self._bundle = bundle
        self._record = record
        self._runtime = runtime
        self._listener = listener

    def run(self, operation: str, *, before: Status, **details: Unpack[Details]) -> Operation:
        """Call the runtime once; see `Runtime.run`."""
        if self._listener is not None:
            self._listener.operation = operation
        finished = self._runtime.run(
            operation,
            before=before,
            bundle=self._bundle.directory,
            umask=self._case.umask,
            service=self._listener,
            timeout=_STALLED_SECONDS if self._case.hook_stalls else None,
            **details,
        )
        if self._listener is not None:
            self._listener.settle()
        if self.agent is not None:
            self.agent.collect()
        return finished

    def close(self) -> None:
        """Listen to nobody any more; what reached the agent goes into the record."""
        if self._listener is not None:
            self._listener.close()
        if self.agent is not None:
            self.agent.close()
            self._record.agent = tuple(self.agent.connections)


def _has_agent(bundle: Bundle) -> bool:
    return bool(lookup(bundle.config, "/linux/seccomp/listenerPath") == bundle.agent_socket)


def _is_held(bundle: Bundle) -> bool:
    return "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" in (lookup(bundle.config, "/linux/seccomp/flags") or ())
