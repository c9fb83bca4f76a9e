"""One container under test: every call, reading and answer goes into its record."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Unpack

from conformance.bundle.builder import Bundle
from conformance.bundle.proxy import ProbeGone, ProbeSilent
from conformance.cases.case import Case
from conformance.drive.calls import Calls
from conformance.drive.conversation import Conversation
from conformance.drive.first_process import FirstProcess
from conformance.drive.program import executes, executing
from conformance.drive.reaper import Reaper
from conformance.drive.traces import Traces
from conformance.drive.watcher import Watcher
from conformance.host import links
from conformance.observe.errors import ProcessGone
from conformance.observe.inside import within
from conformance.observe.snapshot import snapshot
from conformance.observe.wants import Wants
from conformance.record.config import Edit, edited, lookup
from conformance.record.host import Host
from conformance.record.leak import Leak
from conformance.record.operation import Operation, StateReading, Status
from conformance.record.probe import Action, Answer
from conformance.record.record import Record
from conformance.record.snapshot import Snapshot
from conformance.subject.hooks import HookListener
from conformance.subject.runtime import Details, Runtime, read_pid_file

_DEATH_SECONDS = 10.0
_HOOK_SECONDS = 5.0


class ContainerUnderTest:
    """Performs operations on one bundle; implements `conformance.cases.case.Container`."""

    def __init__(
        self,
        *,
        case: Case,
        bundle: Bundle,
        record: Record,
        runtime: Runtime,
        host: Host,
        reaper: Reaper,
        watcher: Watcher,
        wants: Wants,
        numbers: Mapping[str, int],
        actions: Sequence[Action],
        listener: HookListener | None,
        company: Callable[[], "ContainerUnderTest"],
    ) -> None:
        self.bundle = bundle
        self.record = record
        self.runtime = runtime
        self.host = host
        self.reaper = reaper
        self.wants = wants
        self.actions = actions
        self.listener = listener
        self._calls = Calls(case=case, bundle=bundle, record=record, runtime=runtime, listener=listener)
        self._company = company
        self._neighbours: list[ContainerUnderTest] = []
        self._first = FirstProcess()
        self._status = Status.ABSENT
        self._conversation = Conversation(machine=host.machine, numbers=numbers)
        self._traces = Traces(watcher=watcher, record=record, wants=wants)

    # The operations of the spec.

    def create(self, *, container_id: str | None = None, note: str = "") -> Operation:
        """Create it; with another id, or while it exists, a second create from the same bundle."""
        identifier = container_id or self.record.container_id
        pid_file = f"{self.bundle.directory}.pid"
        if note or self._status is not Status.ABSENT:
            second = self._run("create", note=note, container_id=identifier, pid_file=f"{pid_file}2")
            self.record.operations.append(second)
            pid = read_pid_file(f"{pid_file}2") if second.succeeded else None
            if pid is not None and os.path.exists(f"/proc/{pid}"):
                self.record.second_containers.append(pid)
            return second
        with self._conversation.streams(console_path=self._console_path()) as streams:
            operation = self._run(
                "create",
                container_id=identifier,
                pid_file=pid_file,
                stdin=streams.stdin,
                stdout=streams.stdout,
                watch_stdout=streams.probe_output,
                console_socket=streams.console_path,
            )
            if streams.console is not None and operation.succeeded:
                self._conversation.take_terminal(streams.console)
        self.record.operations.append(operation)
        if operation.succeeded:
            pid = read_pid_file(pid_file)
            if pid is not None and self._first.adopt(pid):
                self._status = Status.CREATED
        else:
            self.record.leaks_after_refusal = self._left_behind()
            self._traces.note("refused")
            self.state(note="after the refused create")
        return operation

    def start(self, *, note: str = "") -> Operation:
        """Start it, and wait until the program is seen to run or the container to have stopped."""
        programs = set() if self.current() is Status.CREATED else executing(self.bundle)
        operation = self._run("start", note=note, container_id=self.record.container_id)
        self.record.operations.append(operation)
        if operation.before is Status.CREATED:
            if operation.succeeded:
                self._await_program()
        elif executing(self.bundle) - programs:
            self.record.program_started.append(time.monotonic())
        return operation

    def state(self, *, note: str = "") -> Operation:
        """Query its state; the reading is recorded."""
        operation = self._run("state", note=note, container_id=self.record.container_id)
        self.record.operations.append(operation)
        self.record.states.append(StateReading.of(operation))
        return operation

    def kill(self, signal: str = "KILL", *, note: str = "") -> Operation:
        """Send a signal; with KILL, wait for its end if the runtime reports success."""
        operation = self._run("kill", note=note, container_id=self.record.container_id, signal=signal)
        self.record.operations.append(operation)
        if operation.succeeded and signal in {"KILL", "SIGKILL", "9"}:
            self.wait()
        return operation

    def delete(self, *, note: str = "") -> Operation:
        """Delete it, without force."""
        operation = self._run("delete", note=note, container_id=self.record.container_id)
        self.record.operations.append(operation)
        self.current()
        if operation.succeeded and self._status is not Status.RUNNING:
            self._forget()
            self.record.leaks = self._left_behind()
            self.record.foreign = self.bundle.foreign()
            self._traces.note("deleted")
        return operation

    def call(self, operation: str, *arguments: str, note: str) -> Operation:
        """Run the runtime with the operation's words and exactly these arguments (none: no container id)."""
        made = self._run(operation, note=note, arguments=arguments, pid_file=f"{self.bundle.directory}.pid2")
        self.record.operations.append(made)
        return made

    def exec(self) -> Operation | None:
        """Have it run its program once more, which ends at once; None if the runtime's adapter has no words for that."""
        if not self.runtime.adapter.offers("exec"):
            return None
        program = {**self.record.config["process"], "args": ["/probe"], "terminal": False}
        with open(self.bundle.process_document, "w", encoding="utf-8") as file:
            json.dump(program, file)
        made = self._run(
            "exec",
            note="not of the spec",
            container_id=self.record.container_id,
            pid_file=f"{self.bundle.directory}.pid2",
            process=self.bundle.process_document,
        )
        self.record.operations.append(made)
        # Nobody but us collects it, and until then the first process of its pid namespace cannot end.
        self._collect(read_pid_file(f"{self.bundle.directory}.pid2") if made.succeeded else None)
        return made

    def at_once(self, *operations: str) -> Sequence[Operation]:
        """Call several operations at the same time; kill is with KILL."""
        before = self.current()
        self._traces.may_change()

        def call(operation: str) -> Operation:
            identifier = self.record.container_id
            return self.runtime.run(
                operation, before=before, note="at once", container_id=identifier, bundle=self.bundle.directory
            )

        # Nobody may reap meanwhile: the threads wait for their own children.
        with ThreadPoolExecutor(len(operations)) as pool:
            made = list(pool.map(call, operations))
        self.record.operations.extend(made)
        succeeded = {operation.name for operation in made if operation.succeeded}
        if "kill" in succeeded:
            self.wait()
        if self.current() is Status.STOPPED and "delete" in succeeded:
            self._forget()
        return made

    # Looking and asking.

    def snapshot(self, name: str) -> Snapshot | None:
        """Take a snapshot under that name; None if there is no process to look at, or "running" is claimed of what is not."""
        if self.pid is None or self.record.runtime.kernel == "own" or self.current() in {Status.ABSENT, Status.STOPPED}:
            return None
        if name == Status.RUNNING and self._status is not Status.RUNNING:
            return None
        try:
            taken = snapshot(self.pid, wants=self.wants)
        except ProcessGone:
            return None
        self.record.snapshots[name] = taken
        self._traces.note(name)
        return taken

    def probe(self) -> None:
        """Have the probe execute what the expectations ask, but for destructive actions."""
        self.ask(*(action for action in self.actions if not action.destructive))

    def ask(self, *actions: Action) -> None:
        """Have the probe execute actions now; the answers are recorded."""
        if not self.record.program_started:
            never = Answer((), problem="the program was never seen to run")
            self.record.answers |= dict.fromkeys(actions, never)
            return
        for action, answer in zip(actions, self._conversation.ask(actions), strict=True):
            died = self.record.exit_code if not answer.complete and self.current() is Status.STOPPED else None
            self.record.answers[action] = answer if died is None else replace(answer, died=died)

    def hold(self, action: Action) -> None:
        """Have the probe make a call that the agent is notified of, and note what SIGSTOP does to it meanwhile."""
        agent = self._calls.agent
        if agent is None or self.pid is None:
            return
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.ask, action)
            self.record.state_while_notified = agent.hold(self.pid)
            asked.result()

    def wait(self, *, seconds: float = _DEATH_SECONDS) -> None:
        """Wait until the container's process has ended, but no longer than that."""
        self._note_end(within=seconds)

    def retune(self, link: str, *, mtu: int) -> None:
        """Change a network interface inside the container, as the program might; without such an interface nothing."""
        with contextlib.suppress(ProcessGone, OSError):
            within(self.pid or 0, lambda: links.change(link, mtu=mtu))

    def rewrite_config(self, edits: tuple[Edit, ...]) -> None:
        """Write a changed config.json into the bundle, in place of the one that create got."""
        with open(f"{self.bundle.directory}/config.json", "w", encoding="utf-8") as file:
            json.dump(edited(self.record.config, edits), file)

    def alter_config(self, change: Callable[[bytes], bytes]) -> None:
        """Put what `change` makes of the bytes of config.json in their place."""
        path = f"{self.bundle.directory}/config.json"
        with open(path, "rb") as file:
            content = file.read()
        self.record.altered = change(content)
        with open(path, "wb") as file:
            file.write(self.record.altered)

    def beside(self) -> "ContainerUnderTest":
        """Return another container, of a bundle of its own; it ends with this one."""
        neighbour = self._company()
        neighbour._neighbours = [self]
        self._neighbours.append(neighbour)
        return neighbour

    @property
    def pid(self) -> int | None:
        """The container's process on the host, None if there was none yet."""
        return self._first.pid

    def current(self) -> Status:
        """Return the status by the harness's own knowledge, and note the end of the process if it came."""
        self._note_end()
        return self._status

    def close(self) -> tuple[Leak, ...]:
        """End the container by all means; return what is still there, for removal. Nothing of this is recorded."""
        if self._status is not Status.ABSENT:
            self._run("kill", container_id=self.record.container_id, signal="KILL")
            self.wait()
            self._run("delete", container_id=self.record.container_id)
        self._calls.close()
        self._conversation.close()
        self._forget()
        self.reaper.collect()
        left = self._traces.left_now()
        if any(leak.kind == "process" for leak in left):
            self.reaper.end_all()
            left = self._traces.left_now()
        for path in (f"{self.bundle.directory}.pid", f"{self.bundle.directory}.pid2"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        return left

    def _collect(self, pid: int | None) -> None:
        """Wait for the end of a process that is short-lived, and reap it."""
        other = FirstProcess()
        if pid is not None and other.adopt(pid):
            other.ended(within=_DEATH_SECONDS)
            other.release()
        self.reaper.collect()

    def _note_end(self, *, within: float = 0) -> None:
        if self._status in {Status.CREATED, Status.RUNNING} and self._first.ended(within=within):
            self._status = Status.STOPPED
            self.record.exit_code = self.reaper.exit_code(self.pid or 0)

    def _run(self, operation: str, **details: Unpack[Details]) -> Operation:
        self._traces.may_change()
        return self._calls.run(operation, before=self.current(), **details)

    def _console_path(self) -> str | None:
        """Return where to listen for the terminal, if the config wants one and the runtime's adapter has words for that."""
        wanted = lookup(self.record.config, "/process/terminal") is True and self.runtime.adapter.terminal_flags
        return f"{self.bundle.directory}.tty" if wanted else None

    def _forget(self) -> None:
        self._status = Status.ABSENT
        self._first.release()

    def _await_program(self) -> None:
        """Wait for a sign of life of the program: an answer, or its executable in place of the runtime's."""
        self._serve_late_hooks()
        try:
            if self._conversation.greet():
                self.record.program_started.append(time.monotonic())
        except ProbeSilent:
            if self.pid is not None and executes(self.pid, self.bundle):
                self.record.program_started.append(time.monotonic())
        except ProbeGone:
            self.wait()
        if self.current() is Status.CREATED and self.record.program_started:
            self._status = Status.RUNNING

    def _serve_late_hooks(self) -> None:
        """Attend to startContainer hooks that the container's process calls when start has already come back."""
        if self.listener is None:
            return
        due = len(lookup(self.record.config, "/hooks/startContainer") or ())
        deadline = time.monotonic() + _HOOK_SECONDS
        while self.current() is Status.CREATED and time.monotonic() < deadline:
            if sum(call.kind == "startContainer" for call in self.listener.calls) >= due:
                return
            self.listener.wait(0.05)

    def _left_behind(self) -> tuple[Leak, ...] | None:
        """Compare with what was before create; processes and cgroups get a moment to disappear.

        None while a neighbour is there: what is left cannot be told from what is its.
        """
        if any(neighbour.current() is not Status.ABSENT for neighbour in self._neighbours):
            return None
        return self._traces.left_behind(collect=self._status is Status.ABSENT)
