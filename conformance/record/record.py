"""The record of one container."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.record.agent import AgentConnection
from conformance.record.config import Config
from conformance.record.hook import HookCall
from conformance.record.leak import Leak
from conformance.record.operation import Operation, StateReading
from conformance.record.probe import Action, Answer
from conformance.record.runtime import RuntimeFacts
from conformance.record.snapshot import Link, Snapshot


@dataclass(slots=True, kw_only=True)
class Record:
    """Everything that happened to one container, in order."""

    case: str
    config: Config
    """config.json as the runtime got it, or would have without `altered`."""
    altered: bytes | None = None
    """What the case made of the bytes of config.json before create, a config or not; None if it left them alone."""
    container_id: str
    bundle: str
    runtime: RuntimeFacts
    umask: int | None = None
    """The umask that the runtime was called with, None for the harness's own."""
    operations: list[Operation] = field(default_factory=list)
    states: list[StateReading] = field(default_factory=list)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """By phase: created, running; or a name that the case's operations gave ("after second start")."""
    hooks: list[HookCall] = field(default_factory=list)
    hook_problems: list[str] = field(default_factory=list)
    """What connected to the hooks' socket but was no hook, and which hooks did not answer."""
    answers: dict[Action, Answer] = field(default_factory=dict)
    exit_code: int | None = None
    """How the container's process ended: exit status, -N for signal N; None if it was not seen to end."""
    agent: tuple[AgentConnection, ...] | None = None
    """What reached the socket at linux.seccomp.listenerPath; None if the harness did not listen there."""
    state_while_notified: str = ""
    """State (proc_pid_stat(5)) of a process whose call the agent was notified of, after SIGSTOP: T or D; "" if not tried."""
    program_started: list[float] = field(default_factory=list)
    """time.monotonic seconds of each sign of life of the configured program."""
    second_containers: list[int] = field(default_factory=list)
    """Pids of processes that were alive after a second create while the first container existed, as its pid file told."""
    leaks_after_refusal: tuple[Leak, ...] | None = None
    """What a refused create left; None if none was refused."""
    leaks: tuple[Leak, ...] | None = None
    """What was left after delete; None if it never came to that."""
    foreign: Mapping[str, bool] = field(default_factory=dict)
    """Resources of the harness that the container used, and whether they were still there after delete."""
    outside: dict[str, Mapping[str, tuple[Link, ...]]] = field(default_factory=dict)
    """For a config with netDevices: by phase (before, refused, deleted, or a snapshot's name), the network interfaces of the
    namespace that the runtime is called in (""), and of each network namespace that the config joins (its path)."""
    namespace_paths: Mapping[str, int] = field(default_factory=dict)
    """Each namespace path of the config to the inode number of the namespace it led to just before create."""
    twin: "Record | None" = None
    """For a config with a defect: the record of the same config without it."""
    problem: str = ""
    """What the harness itself could not do; nothing is judged then."""

    @property
    def created(self) -> Snapshot | None:
        """The snapshot taken while the container was created."""
        return self.snapshots.get("created")

    @property
    def running(self) -> Snapshot | None:
        """The snapshot taken while the program was running."""
        return self.snapshots.get("running")

    def operation(self, name: str) -> Operation | None:
        """Return the first operation of that name."""
        return next((operation for operation in self.operations if operation.name == name), None)

    @property
    def refusal(self) -> Operation | None:
        """The create or start that the runtime refused with an error, if any."""
        for operation in self.operations:
            if operation.refused and operation.name in {"create", "start"} and not operation.note:
                return operation
        return None
