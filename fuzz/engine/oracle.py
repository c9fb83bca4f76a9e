"""A case driven once and judged by every expectation that applies: the only question a hunt asks of a container."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain, repeat

from conformance.bundle.builder import Bundle
from conformance.bundle.config import base_config
from conformance.bundle.rootfs import OutsideError
from conformance.cases.case import Case
from conformance.drive.driver import discard
from conformance.expectations.contract import Applicability
from conformance.record.config import Config
from conformance.record.probe import Action
from conformance.record.record import Record
from conformance.verdict.certifier import Certifier
from conformance.verdict.judge import Question, judge, unjudged
from conformance.verdict.outcome import Outcome
from fuzz.engine.batches import Bursts, batches
from fuzz.engine.symptom import Key, key
from specs.verdicts import Verdict

_SETTLED = frozenset({Verdict.PASSED, Verdict.VIOLATED, Verdict.RECORDED})
_BAD = frozenset({Verdict.VIOLATED, Verdict.HARNESS_ERROR})


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
    """Do the same with one case after another, and yield what each came to, in order.

    They are prepared in batches, and judged in batches while the runtime works on the next one. `spare` is called once for each
    when that is done: for work of another kind, as short as the quickest call of a runtime.
    """
    driven: list[_Examining] = []
    for batch in batches(cases):
        prepared = [_Examining(certifier, case, judged_by) for case in batch]
        for each in prepared:
            each.prepare()
        meanwhile = Bursts(chain((each.judge for each in driven), repeat(spare, len(driven))))
        for each in prepared:
            each.drive(meanwhile=meanwhile.some)
        for each in driven:
            yield each.judge()
        driven = prepared
    for each in driven:
        yield each.judge()


@dataclass(slots=True)
class _Examining:
    """One case on its way: what is asked about it, what happened, and the answers."""

    certifier: Certifier
    case: Case
    judged_by: tuple[str, ...]
    _bundle: Bundle | None = None
    _asked: Sequence[tuple[Question, Applicability]] = ()
    _actions: Sequence[Action] = ()
    _record: Record | None = None
    _examination: Examination | None = None

    def prepare(self) -> None:
        """Build the bundle, and find out what to ask."""
        try:
            self._bundle = self.certifier.driver.build(self.case)
        except (ValueError, LookupError, OutsideError) as error:  # a strategy has made what is no case
            self._give_up(error)
            return
        self._ask(self._bundle.config)
        host, config = self.certifier.driver.host, self._bundle.config
        probes = (question.expectation.probes(config, host) for question, _ in self._asked)
        self._actions = list(dict.fromkeys(action for each in probes for action in each))

    def drive(self, *, meanwhile: Callable[[], bool]) -> None:
        """Run the case, and do other work while there is nothing to do but to wait for the runtime."""
        driver = self.certifier.driver
        if self._record is None:
            driver.runtime.meanwhile = meanwhile
            try:
                self._record, _ = driver.drive_and_keep(self.case, actions=lambda _config: self._actions, built=self._bundle)
            except (ValueError, LookupError, OutsideError) as error:
                self._give_up(error)
            finally:
                driver.runtime.meanwhile = None

    def _give_up(self, error: Exception) -> None:
        """Make the record of a case that could not be built or driven: all that it holds is an error of ours."""
        driver = self.certifier.driver
        self._ask(config := base_config(oci_version=driver.oci_version))
        self._record = Record(
            case=self.case.name,
            config=config,
            container_id="",
            bundle="",
            runtime=driver.facts,
            problem=f"the case cannot be driven: {type(error).__name__}: {error}",
        )

    def judge(self) -> Examination:
        """Judge what happened, and remove the bundle; done once."""
        if self._examination is None:
            if self._record is None:
                raise RuntimeError("judged before it was driven")
            # One error of the harness, not one for each expectation.
            asked = self._asked[:1] if self._record.problem else self._asked
            judged = tuple(self._judged(self._record, question, applies) for question, applies in asked)
            self._examination = Examination(self.case, self._record, judged)
            if self._bundle is not None:
                discard(self._bundle)
        return self._examination

    def _judged(self, record: Record, question: Question, applies: Applicability) -> Judged:
        host, policy = self.certifier.driver.host, self.certifier.policy
        outcome = None
        if not record.problem:  # which is to be told whatever the question is
            outcome = unjudged(question, applies=applies, host=host, facts=record.runtime, policy=policy)
        return Judged(question, outcome or judge(question, record=record, host=host, policy=policy))

    def _ask(self, config: Config) -> None:
        asked = questions_about(self.certifier, self.case, config)
        everything = self.judged_by == ("*",)
        self._asked = [each for each in asked if everything or _matches(each[0].requirement.id, self.judged_by)]


def questions_about(certifier: Certifier, case: Case, config: Config) -> Iterator[tuple[Question, Applicability]]:
    """Yield what can be asked of a container with this config, and whether that applies to it."""
    for selected, applies in zip(certifier.selected, certifier.applicable(config), strict=True):
        if selected is not None and (applies is True or selected[0].requirement in case.aims):
            yield Question(case=case, expectation=selected[0], requirement=selected[1]), applies
