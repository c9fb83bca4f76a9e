"""What an expectation is, and how it speaks.

`judge` returns `Evidence`: what was looked at, and found right. Or it raises one of three:

- `Violation`: the runtime breaks the requirement. It is an AssertionError; anything else that escapes is our own defect.
- `Inconclusive`: nothing could be seen (the probe gave no answer, the program never ran). Never counts against a runtime.
- `Unexercised`: this record holds nothing the requirement speaks of.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.operation import Operation
from conformance.record.probe import Action, Answer
from conformance.record.record import Record
from conformance.record.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class NotTestable:
    """This host cannot show it; `reason` says what it lacks."""

    reason: str


Applicability = bool | NotTestable


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was looked at and found as the requirement wants it."""

    expected: Any
    observed: Any
    kind: Literal["applied", "refused", "left alone"] = "applied"


class Violation(AssertionError):
    """The runtime breaks a requirement: what the text wants, what was seen instead, and where.

    `disputed` says whether implementers contest this breach; None where whatever breaks the requirement is as contested as it is.
    """

    def __init__(self, *, expected: Any, observed: Any, evidence: Any = None, disputed: bool | None = None) -> None:
        super().__init__(f"expected {expected!r}, observed {observed!r}")
        self.expected = expected
        self.observed = observed
        self.evidence = evidence
        self.disputed = disputed


class Inconclusive(Exception):
    """Nothing could be seen, so nothing is judged."""


class Unexercised(Exception):
    """The record holds nothing that the requirement speaks of."""


Applies = Callable[[Config, Host], Applicability]
Probes = Callable[[Config, Host], Sequence[Action]]
Judge = Callable[[Config, Host, Record], Evidence]


def never(_config: Config, _host: Host) -> Applicability:
    """Apply to no config by itself: for expectations about operations, which a case names as its aims."""
    return False


def always(_config: Config, _host: Host) -> Applicability:
    """Apply to every config."""
    return True


def no_probes(_config: Config, _host: Host) -> Sequence[Action]:
    """Ask the probe nothing."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """How one requirement is decided. Every function is pure and holds for every valid config."""

    requirement: str
    judge: Judge
    applies: Applies = field(default=never)
    probes: Probes = field(default=no_probes)
    sees: Literal["snapshot", "probe", "runtime"] = "snapshot"
    """Where the evidence comes from. Runtimes with a kernel of their own are judged by probe and runtime only."""
    judges_refusal: bool = False
    """The judge itself deals with a refused create or start; otherwise a refusal with an error satisfies the text."""


def violated(*, expected: Any, observed: Any, evidence: Any = None, disputed: bool | None = None) -> NoReturn:
    """Raise Violation; `disputed` says whether implementers openly contest just this use of a clear sentence."""
    raise Violation(expected=expected, observed=observed, evidence=evidence, disputed=disputed)


def equal(*, expected: Any, observed: Any, evidence: Any = None) -> Evidence:
    """Judge by equality."""
    if expected != observed:
        violated(expected=expected, observed=observed, evidence=evidence)
    return Evidence(expected, observed)


def running(record: Record) -> Snapshot:
    """Return the snapshot of the running container; raises Inconclusive without one."""
    snapshot = record.running
    if snapshot is None:
        raise Inconclusive("the program was never seen running" + _why(record))
    return snapshot


def created(record: Record) -> Snapshot:
    """Return the snapshot of the created container; raises Inconclusive without one."""
    snapshot = record.created
    if snapshot is None:
        raise Inconclusive("the container was never seen created" + _why(record))
    return snapshot


def answer(record: Record, action: Action) -> Answer:
    """Return the probe's complete answer; raises Inconclusive if there is none."""
    found = record.answers.get(action)
    if found is None:
        raise Inconclusive(f"the probe was not asked: {action.name}" + _why(record))
    if not found.complete:
        raise Inconclusive(f"the probe gave no answer to {action.name}: {found.problem}")
    return found


def operations(record: Record, name: str) -> list[Operation]:
    """Return the operations of that name, in order."""
    return [operation for operation in record.operations if operation.name == name]


def must_be_refused(record: Record, *, by: Literal["create", "start"], defect: str) -> Evidence:
    """Judge a config with one defect: the runtime has to fail by the end of `by`, and to accept the twin without it.

    "Fails" is judged by effect too: an operation that reports success but leaves no container and no program has failed.
    Raises Inconclusive where the twin was not accepted, since then the refusal may have any reason.
    """
    phases = ("create",) if by == "create" else ("create", "start")
    attempted = [op for op in record.operations if op.name in phases and not op.note]
    if not attempted:
        raise Inconclusive("create was never called")
    if any(op.timed_out for op in attempted):
        raise Inconclusive(f"the runtime hung: {attempted[-1].describe()}")
    accepted = "created" in record.snapshots if by == "create" else "running" in record.snapshots
    if accepted:
        violated(expected=f"an error by {by}: {defect}", observed="; ".join(op.describe() for op in attempted))
    if all(op.succeeded for op in attempted):
        raise Inconclusive("the runtime reports success, yet no container was seen")
    twin = record.twin
    if twin is None or "running" not in twin.snapshots:
        raise Inconclusive("the same config without the defect was not accepted" + (_why(twin) if twin else ""))
    refusal = next(op for op in attempted if not op.succeeded)
    return Evidence(f"an error by {by}: {defect}", refusal.describe(), kind="refused")


def _why(record: Record) -> str:
    failed = [op.describe() for op in record.operations if not op.succeeded and not op.note]
    return f" ({failed[0]})" if failed else ""
