"""A case driven once and judged by every expectation that applies: the only question a hunt asks of a container."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from conformance.bundle.config import base_config
from conformance.bundle.rootfs import OutsideError
from conformance.cases.case import Case
from conformance.expectations.contract import Applicability
from conformance.record.config import Config
from conformance.record.probe import Action
from conformance.record.record import Record
from conformance.verdict.certifier import Certifier
from conformance.verdict.judge import Question, judge, unjudged
from conformance.verdict.outcome import Outcome
from fuzz.engine.symptom import Key, key
from specs.verdicts import Verdict

_SETTLED = frozenset({Verdict.PASSED, Verdict.VIOLATED, Verdict.RECORDED})
_BAD = frozenset({Verdict.VIOLATED, Verdict.HARNESS_ERROR})
_PIECE = 4
"""Expectations judged between two looks at the runtime: a look takes as long as the quickest of them."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One question and its outcome."""

    question: Question
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Examination:
    """All that one container came to."""

    case: Case
    record: Record
    judged: tuple[Judged, ...]

    @property
    def started(self) -> bool:
        """The program was seen to run."""
        return bool(self.record.program_started)

    @property
    def refused(self) -> str:
        """The runtime's words where it refused the config, "" if it did not."""
        return self.record.refusal.describe() if self.record.refusal else ""

    @property
    def bad(self) -> dict[Key, Judged]:
        """Violations and errors of ours, by what makes a find of them."""
        found: dict[Key, Judged] = {}
        for each in self.judged:
            if each.outcome.verdict in _BAD:
                found.setdefault(key(each.outcome), each)
        return found

    @property
    def decided(self) -> frozenset[str]:
        """The requirements that this container decided."""
        settled = (each.outcome for each in self.judged if each.outcome.verdict in _SETTLED and not each.outcome.inconclusive)
        return frozenset(outcome.requirement for outcome in settled)

    def shown(self, globs: tuple[str, ...]) -> bool:
        """Whether a requirement that one of the globs matches was decided by this container."""
        return any(_matches(requirement, globs) for requirement in self.decided)

    def beyond(self, globs: tuple[str, ...]) -> bool:
        """Whether a requirement that one of the globs matches is not in force in the version that is judged by."""
        outcomes = (each.outcome for each in self.judged)
        return any(each.verdict is Verdict.NOT_APPLICABLE and _matches(each.requirement, globs) for each in outcomes)


def _matches(requirement: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(requirement, glob) for glob in globs)


def examine(certifier: Certifier, case: Case, judged_by: tuple[str, ...] = ("*",)) -> Examination:
    """Drive the case and judge its record by the expectations of those requirements, globs over ids, that apply."""
    return next(examine_each(certifier, (case,), judged_by))


def no_spare_work() -> bool:
    """Do nothing."""
    return False


def examine_each(
    certifier: Certifier, cases: Iterable[Case], judged_by: tuple[str, ...] = ("*",), *, spare: Callable[[], bool] = no_spare_work
) -> Iterator[Examination]:
    """Do the same with one case after another, and yield what each came to: one is judged while the runtime works on the next.

    When that is done, `spare` is called, once a case: for work of another kind, as short as the quickest call of a runtime.
    """
    earlier: _Examining | None = None
    for case in cases:
        latest = _Examining(certifier, case, judged_by)
        latest.drive(meanwhile=earlier, spare=spare)
        if earlier is not None:
            yield earlier.finished()
        earlier = latest
    if earlier is not None:
        yield earlier.finished()


@dataclass(slots=True)
class _Examining:
    """What is asked about one case, and what has been answered so far."""

    certifier: Certifier
    case: Case
    judged_by: tuple[str, ...]
    _actions: "_Wanted | None" = None
    _record: Record | None = None
    _config: Config | None = None
    _asked: list[tuple[Question, Applicability]] | None = None
    """Found out once, though the driver and the judge both want to know."""
    _judged: list[Judged] = field(default_factory=list)

    def drive(self, *, meanwhile: "_Examining | None", spare: Callable[[], bool]) -> None:
        """Run the case.

        While there is nothing to do but to wait for the runtime, find out what to ask of it, judge an earlier one, and do
        one piece of spare work.
        """
        driver = self.certifier.driver
        pieces = iter((spare,))
        driver.runtime.meanwhile = lambda: (
            self._prepare() or (meanwhile is not None and meanwhile.judge_some()) or any(piece() for piece in pieces)
        )
        try:
            self._record = driver.drive(self.case, actions=self._wanted)
        except (ValueError, LookupError, OutsideError) as error:  # a strategy has made what is no case
            self._record = self._undriven(error)
        finally:
            driver.runtime.meanwhile = None
            self._actions = None  # it refers back to us: without that, all this goes at once when it is done with
        asked = self._questions(self._record.config)
        if self._record.problem:
            del asked[1:]  # one error of the harness, not one for each expectation

    def _undriven(self, error: Exception) -> Record:
        """Return the record of a case that could not be built or driven: all that it holds is an error of ours."""
        driver = self.certifier.driver
        return Record(
            case=self.case.name,
            config=base_config(oci_version=driver.oci_version),
            container_id="",
            bundle="",
            runtime=driver.facts,
            problem=f"the case cannot be driven: {type(error).__name__}: {error}",
        )

    def judge_some(self) -> bool:
        """Judge by the next few expectations; return whether there were any."""
        return sum(self._judge_one() for _ in range(_PIECE)) > 0

    def _judge_one(self) -> bool:
        """Judge by the next expectation; return whether there was one."""
        position = len(self._judged)
        if self._record is None or self._asked is None or position == len(self._asked):
            return False
        question, applies = self._asked[position]
        driver, policy = self.certifier.driver, self.certifier.policy
        outcome = None
        if not self._record.problem:  # which is to be told whatever the question is
            outcome = unjudged(question, applies=applies, host=driver.host, facts=self._record.runtime, policy=policy)
        self._judged.append(Judged(question, outcome or judge(question, record=self._record, host=driver.host, policy=policy)))
        return True

    def finished(self) -> Examination:
        """Judge by what is left, and return all of it."""
        while self._judge_one():
            pass
        if self._record is None:
            raise RuntimeError("finished before it was driven")
        return Examination(self.case, self._record, tuple(self._judged))

    def _questions(self, config: Config) -> list[tuple[Question, Applicability]]:
        if self._asked is None:
            self._asked = [
                (question, applies)
                for question, applies in questions_about(self.certifier, self.case, config)
                if self.judged_by == ("*",) or _matches(question.requirement.id, self.judged_by)
            ]
        return self._asked

    def _prepare(self) -> bool:
        """Find out what to ask, once the config is known; return whether there was anything to do."""
        if self._config is None or self._asked is not None:
            return False
        self._questions(self._config)
        return True

    def _wanted(self, config: Config) -> "_Wanted":
        """Return what the probe is to be asked; it is found out when the first of it is looked at."""
        if self._actions is None:
            self._config = config
            self._actions = _Wanted(lambda: self._probes(config))
        return self._actions

    def _probes(self, config: Config) -> list[Action]:
        host = self.certifier.driver.host
        probes = (question.expectation.probes(config, host) for question, _ in self._questions(config))
        return list(dict.fromkeys(action for each in probes for action in each))


class _Wanted(Sequence[Action]):
    """A list that is made when it is first looked at."""

    def __init__(self, make: Callable[[], list[Action]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> list[Action]:
        return self._make()

    def __getitem__(self, position: Any) -> Any:
        return self._made[position]

    def __len__(self) -> int:
        return len(self._made)


def questions_about(certifier: Certifier, case: Case, config: Config) -> Iterator[tuple[Question, Applicability]]:
    """Yield what can be asked of a container with this config, and whether that applies to it."""
    for expectation, applies in zip(certifier.expectations, certifier.applicable(config), strict=True):
        if applies is True or expectation.requirement in case.aims:
            question = Question(case=case, expectation=expectation, requirement=certifier.catalogue[expectation.requirement])
            if question in certifier.selection:
                yield question, applies
