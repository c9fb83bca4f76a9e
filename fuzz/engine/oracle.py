"""A case driven once and judged by every expectation that applies: the only question a hunt asks of a container."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from conformance.cases.case import Case
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

    def shown(self, globs: tuple[str, ...]) -> bool:
        """Whether a requirement that one of the globs matches was decided by this container."""
        settled = (each.outcome for each in self.judged if each.outcome.verdict in _SETTLED and not each.outcome.inconclusive)
        return any(_matches(outcome.requirement, globs) for outcome in settled)


def _matches(requirement: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(requirement, glob) for glob in globs)


def examine(certifier: Certifier, case: Case, judged_by: tuple[str, ...] = ("*",)) -> Examination:
    """Drive the case and judge its record by the expectations of those requirements, globs over ids, that apply."""
    asking = _Asking(certifier, case, judged_by)
    record = certifier.driver.drive(case, actions=asking.actions)
    questions = asking.questions(record.config)
    if record.problem:
        del questions[1:]  # one error of the harness, not one for each expectation
    host, policy = certifier.driver.host, certifier.policy
    judged = []
    for question in questions:
        outcome = unjudged(question, config=record.config, host=host, facts=record.runtime, policy=policy)
        judged.append(Judged(question, outcome or judge(question, record=record, host=host, policy=policy)))
    return Examination(case, record, tuple(judged))


class _Asking:
    """What is asked about one case: found out once, though the driver and the judge both want to know."""

    def __init__(self, certifier: Certifier, case: Case, judged_by: tuple[str, ...]) -> None:
        self._certifier = certifier
        self._case = case
        self._judged_by = judged_by
        self._questions: list[Question] | None = None
        self._actions: list[Action] | None = None

    def questions(self, config: Config) -> list[Question]:
        if self._questions is None:
            asked = questions_about(self._certifier, self._case, config)
            self._questions = [each for each in asked if _matches(each.requirement.id, self._judged_by)]
        return list(self._questions)

    def actions(self, config: Config) -> list[Action]:
        if self._actions is None:
            host = self._certifier.driver.host
            probes = (question.expectation.probes(config, host) for question in self.questions(config))
            self._actions = list(dict.fromkeys(action for each in probes for action in each))
        return self._actions


def questions_about(certifier: Certifier, case: Case, config: Config) -> Iterator[Question]:
    """Yield what can be asked of a container with this config."""
    host = certifier.driver.host
    for expectation in certifier.expectations:
        if expectation.requirement in case.aims or expectation.applies(config, host) is True:
            question = Question(case=case, expectation=expectation, requirement=certifier.catalogue[expectation.requirement])
            if question in certifier.selection:
                yield question
