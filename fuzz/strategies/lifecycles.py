"""Sequences of operations on several containers: in the right state and in the wrong one, twice, at once, on unknown ids.

A RuleBasedStateMachine makes them up. Its model is the spec's: which status each container has after each operation, if the
runtime does as the text says. The model chooses what is worth doing next; what really happened is judged afterwards, by the
expectations. Container 0 is judged, the others keep it company.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.errors import StopTest
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from conformance.cases.case import Case, Container
from conformance.expectations.lifecycle import BLOCK_SIGUSR1, WAIT_SIGUSR1
from conformance.record.operation import Operation, Status
from conformance.record.probe import Action, Call

COMPANY = 2
"""Containers beside the one that is judged."""
UNKNOWN = "oci-conformance-no-such-container"
_SIGCHLD = 17
_HARMLESS = ("CONT", "WINCH")
"""Signals that no process ends by: a created container's is the runtime's own, which may die of any other a while later."""
_IGNORED = ("TERM", "HUP", "INT", "USR2", "ALRM", "QUIT", "URG", "PIPE", "CONT", "WINCH")
"""The first process of a pid namespace ignores what it has no handler for; see pid_namespaces(7)."""
_EXIT = Action("exit", (Call("exit_group", (7,)),))
_FORK = Action("fork a child that stays", (Call("clone", (_SIGCHLD, 0, 0, 0, 0), pause_if_zero=True),))

AIMS = (
    "runtime.create.error-dup-or-invalid-id",
    "runtime.create.no-container-on-bad-id",
    "runtime.start.error-unless-created",
    "runtime.start.noop-unless-created",
    "runtime.start.error-no-id",
    "runtime.kill.error-unless-alive",
    "runtime.kill.error-no-id",
    "runtime.kill.sends-signal",
    "runtime.delete.error-unless-stopped",
    "runtime.delete.noop-unless-stopped",
    "runtime.delete.error-no-id",
    "runtime.query-state.error-unknown",
    "runtime.query-state.error-no-id",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to one container."""

    container: int
    action: str
    """One of ACTIONS."""
    argument: str = ""


Steps = tuple[Step, ...]
Act = Callable[[Container, str], object]


def _signal_and_wait(container: Container, _argument: str) -> None:
    """Send a signal that the program blocks, and have it wait for it."""
    container.ask(BLOCK_SIGUSR1)
    container.kill("USR1")
    container.ask(WAIT_SIGUSR1)


def _start_and_look(container: Container, _argument: str) -> None:
    if container.start().succeeded:
        container.snapshot("running")


def _create_and_look(container: Container, _argument: str) -> None:
    if container.create().succeeded:
        container.snapshot("created")


def _create_again(container: Container, _argument: str) -> None:
    container.create(note="same id")
    container.snapshot("after the second create")


def _start_again(container: Container, _argument: str) -> None:
    container.start()
    container.snapshot("after the second start")


def _delete_early(container: Container, _argument: str) -> None:
    container.delete()
    container.snapshot("after the early delete")


def _exit(container: Container, _argument: str) -> None:
    container.ask(_EXIT)
    container.wait()


def _unknown(container: Container, operation: str) -> Operation:
    arguments = (UNKNOWN, "KILL") if operation == "kill" else (UNKNOWN,)
    return container.call(operation, *arguments, note="unknown id")


ACTIONS: dict[str, Act] = {
    "create": _create_and_look,
    "create-again": _create_again,
    "start": _start_and_look,
    "start-again": _start_again,
    "state": lambda container, _argument: container.state(),
    "kill": lambda container, signal: container.kill(signal),
    "signal": _signal_and_wait,
    "delete": lambda container, _argument: container.delete(),
    "delete-early": _delete_early,
    "exit": _exit,
    "fork": lambda container, _argument: container.ask(_FORK),
    "exec": lambda container, _argument: container.exec(),
    "unknown-id": _unknown,
    "no-id": lambda container, operation: container.call(operation, note="no id"),
    "at-once": lambda container, operation: container.at_once(operation, operation),
}


_ANY = st.sampled_from((0, 0, *range(1, 1 + COMPANY)))
"""A container, more often the one that is judged."""
_WRONG = {
    "create-again": (Status.CREATED, Status.RUNNING, Status.STOPPED),
    "start-again": (Status.RUNNING, Status.STOPPED),
    "delete-early": (Status.CREATED, Status.RUNNING),
    "kill TERM": (Status.STOPPED,),
}
"""Action to the statuses in which it is an error."""


class Lifecycles(RuleBasedStateMachine):
    """Makes up steps, by the model; `run` is called with them when they are complete."""

    def __init__(self, run: Callable[[Steps], None]) -> None:
        super().__init__()
        self._run = run
        self._steps: list[Step] = []
        self._model = [Status.ABSENT] * (1 + COMPANY)
        self._gone = [False] * (1 + COMPANY)

    @rule(container=_ANY)
    def forward(self, container: int) -> None:
        """Take the next orderly step of any container."""
        self._forward(container)

    @precondition(lambda self: self._having(Status.CREATED, Status.STOPPED))
    @rule(data=st.data())
    def onward(self, data: st.DataObject) -> None:
        """Take that of one that is there: else few would ever be started."""
        self._forward(data.draw(st.sampled_from(self._having(Status.CREATED, Status.STOPPED))))

    def _forward(self, container: int) -> None:
        """Create it, start it, or delete it when it has stopped."""
        match self._model[container]:
            case Status.ABSENT if not self._gone[container]:
                self._do(container, "create", leads_to=Status.CREATED)
            case Status.CREATED:
                self._do(container, "start", leads_to=Status.RUNNING)
            case Status.STOPPED:
                self._delete(container, "delete")

    @precondition(lambda self: self._having(Status.RUNNING, Status.CREATED))
    @rule(data=st.data(), how=st.sampled_from(("kill KILL", "kill 9", "exit", "at-once kill")))
    def end(self, data: st.DataObject, how: str) -> None:
        """End a container's process by a signal, or have the program exit."""
        statuses = (Status.RUNNING,) if how == "exit" else (Status.RUNNING, Status.CREATED)
        found = self._having(*statuses)
        if found:
            action, _, argument = how.partition(" ")
            self._do(data.draw(st.sampled_from(found)), action, argument, leads_to=Status.STOPPED)

    @precondition(lambda self: self._having(Status.CREATED, Status.RUNNING, Status.STOPPED))
    @rule(data=st.data())
    def wrongly(self, data: st.DataObject) -> None:
        """Do what is an error in the container's status, and changes nothing."""
        container = data.draw(st.sampled_from(self._having(Status.CREATED, Status.RUNNING, Status.STOPPED)))
        status = self._model[container]
        wrong = [action for action, statuses in _WRONG.items() if status in statuses]
        if container == 0 and status is Status.CREATED:
            # Of the container that is judged one that is created stays: what delete does to it is openly contested.
            wrong.remove("delete-early")
        name, _, argument = data.draw(st.sampled_from(wrong)).partition(" ")
        if name == "delete-early" and status is Status.CREATED:
            self._delete(container, name)
        else:
            self._do(container, name, argument)

    @precondition(lambda self: self._having(Status.RUNNING))
    @rule(data=st.data(), action=st.sampled_from(("signal", "fork", "exec", "kill")))
    def work(self, data: st.DataObject, action: str) -> None:
        """Have a running program fork, run another beside it, or send it a signal that it waits for or ignores."""
        signal = data.draw(st.sampled_from(_IGNORED)) if action == "kill" else ""
        self._do(data.draw(st.sampled_from(self._having(Status.RUNNING))), action, signal)

    @precondition(lambda self: self._having(Status.CREATED))
    @rule(signal=st.sampled_from(_HARMLESS))
    def poke(self, signal: str) -> None:
        """Send a created container a signal that no process ends by."""
        self._do(self._having(Status.CREATED)[0], "kill", signal)

    @rule(container=_ANY, twice=st.booleans())
    def state(self, container: int, *, twice: bool) -> None:
        """Ask for its state, whatever it is, maybe twice at the same time."""
        self._do(container, *(("at-once", "state") if twice else ("state",)))

    @precondition(lambda self: self._having(Status.STOPPED))
    @rule()
    def delete_at_once(self) -> None:
        """Delete a stopped container twice at the same time."""
        self._delete(self._having(Status.STOPPED)[-1], "at-once", "delete")

    @rule(operation=st.sampled_from(("start", "state", "kill", "delete")), known=st.booleans())
    def nobody(self, operation: str, *, known: bool) -> None:
        """Call an operation on an unknown id, or on none."""
        self._do(0, "no-id" if known else "unknown-id", operation)

    def teardown(self) -> None:
        """Hand over what was made up, unless Hypothesis has given the example up."""
        if not isinstance(sys.exc_info()[1], StopTest):
            self._run(tuple(self._steps))

    def _having(self, *statuses: Status) -> list[int]:
        return [container for container, status in enumerate(self._model) if status in statuses]

    def _do(self, container: int, action: str, argument: str = "", *, leads_to: Status | None = None) -> None:
        self._steps.append(Step(container, action, argument))
        if leads_to is not None:
            self._model[container] = leads_to

    def _delete(self, container: int, action: str, argument: str = "") -> None:
        """Take a container away for good: its id is not used again."""
        self._do(container, action, argument, leads_to=Status.ABSENT)
        self._gone[container] = True


def case(steps: Steps, name: str) -> Case:
    """Make the case: the steps, then an orderly end for whatever is left."""

    def script(container: Container) -> None:
        containers = [container]
        for step in steps:
            while step.container >= len(containers):
                containers.append(container.beside())
            ACTIONS[step.action](containers[step.container], step.argument)
        for number in sorted({step.container for step in steps if step.action == "create"}, reverse=True):
            containers[number].kill()
            containers[number].delete()
        container.state()

    return Case(
        name=name, title=" ".join(f"{step.container}:{step.action}" for step in steps) or "nothing", script=script, aims=AIMS
    )
