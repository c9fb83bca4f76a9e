"""One campaign in one worker: what it examines, counts, keeps and reports. The loop itself is in hunt.py."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import tee
from pathlib import Path
from typing import Generic

from conformance.cases.case import Case
from conformance.verdict.judge import Question
from conformance.verdict.outcome import Outcome
from conformance.verdict.session import Session, today
from conformance.verdict.waivers import waiver_for
from fuzz.engine import corpus
from fuzz.engine.budget import Budget
from fuzz.engine.corpus import Found
from fuzz.engine.coverage import Coverage
from fuzz.engine.hunt import Bad, Find, Hunt
from fuzz.engine.journal import Journal, State
from fuzz.engine.minimize import minimize
from fuzz.engine.options import Options
from fuzz.engine.oracle import Examination, examine, examine_each
from fuzz.engine.progress import Progress
from fuzz.engine.symptom import Key, plain
from fuzz.kinds import Example, Kind
from fuzz.strategies.config import available
from specs.verdicts import Verdict

CHECKPOINT = 20
"""Examples between two states on disk; a find writes one at once."""
_ATTEMPTS = 30
"""Containers that leaving out features may take, after Hypothesis has made the values simple."""
_REFUSALS_SHOWN = 5
_REFUSAL_LENGTH = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this part of a hunt runs: what its seeds, its journal and its budget are made of."""

    share: str
    """`1of2`: this worker's part of this machine's shard."""
    node: str
    """The test item's id."""
    seconds: float


@dataclass(slots=True, kw_only=True)
class Campaign(Generic[Example]):
    """Examines examples of one kind until the budget is spent."""

    kind: Kind[Example]
    session: Session
    options: Options
    place: Place
    say: Callable[[str], None]
    found: list[Outcome] = field(default_factory=list)
    """One outcome a find, waived ones included."""
    _state: State = field(init=False)
    _journal: Journal = field(init=False)
    _coverage: Coverage = field(init=False)
    _budget: Budget = field(init=False)
    _progress: Progress = field(init=False)
    _known: set[Key] = field(default_factory=set)
    _passed: dict[str, Outcome] = field(default_factory=dict)
    """Requirement to an outcome that stands for all containers in which it was judged and held."""

    def __post_init__(self) -> None:
        driver = self.session.certifier.driver
        facts, options = driver.facts, self.options
        identity = "\0".join((facts.path, facts.version, driver.host.lane, str(options.shard), self.place.share))
        name = f"{self.kind.name}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.json"
        self._journal = Journal(Path(options.state, name))
        self._state = self._journal.resume(seed=options.seed, insist=options.seed_given)
        self._coverage = Coverage(available(driver.host))
        self._coverage.restore(self._state.coverage)
        self._budget = Budget(
            seconds=self.place.seconds,
            examples=options.examples,
            spent_seconds=self._state.seconds,
            spent_examples=self._state.containers,
        )
        self._progress = Progress(f"{self.kind.name} {self.place.share}", self.say)
        known = (entry for _, entry in corpus.load(Path(options.corpus)) if entry.concerns(facts))
        self._known = {entry.key for entry in known}

    def run(self) -> None:
        """Hunt, and put on record what came of it."""
        state = self._state
        resumed = f", resumed after {state.containers} containers" if state.containers else ""
        self._progress.say(f"--fuzz-seed={state.seed} --shard={self.options.shard}{resumed}")
        hunt: Hunt[Example] = Hunt(
            generate=self.kind.generator(self.session.certifier.driver.host),
            examine_each=self._examine_each,
            examine=self._examine,
            report=self._report,
            checkpoint=self._checkpoint,
            budget=self._budget,
            seed=state.seed,
            identity=(self.kind.name, str(self.options.shard), self.place.share, self.place.node),
            known=self._known,
        )
        hunt.run(state.round)
        state.done = True
        self._write()
        self._conclude(hunt.unstable)

    def _examine(self, example: Example) -> Bad:
        return self._bad(examine(self.session.certifier, self._case(example), self.kind.judged_by))

    def _examine_each(self, examples: Iterable[Example], spare: Callable[[], bool]) -> Iterator[tuple[Example, Bad]]:
        named, driven = tee(examples)
        cases = (self._case(example) for example in driven)
        examined = examine_each(self.session.certifier, cases, self.kind.judged_by, spare=spare)
        for example, examination in zip(named, examined, strict=True):
            self._count(example, examination)
            yield example, self._bad(examination)

    def _case(self, example: Example) -> Case:
        return self.kind.case(example, f"fuzz/{self.kind.name}")

    def _bad(self, examination: Examination) -> Bad:
        bad = examination.bad
        for key, judged in bad.items():
            if key not in self._known:
                self._waive(key, judged.outcome)
        return {key: judged.question for key, judged in bad.items()}

    def _count(self, example: Example, examination: Examination) -> None:
        state = self._state
        state.containers += 1
        state.started += examination.started
        if examination.refused:
            state.refused += 1
            words = plain(examination.refused)[:_REFUSAL_LENGTH]
            state.refusals[words] = state.refusals.get(words, 0) + 1
        elif examination.started:
            features = self.kind.features(example)
            shown = [each.name for each in features if examination.shown(each.shows)]
            self._coverage.add(shown, beyond=[each.name for each in features if examination.beyond(each.shows)])
        for judged in examination.judged:
            outcome = judged.outcome
            tally = state.tally.setdefault(outcome.requirement, {})
            tally[outcome.verdict.value] = tally.get(outcome.verdict.value, 0) + 1
            if outcome.verdict in {Verdict.PASSED, Verdict.RECORDED} and not outcome.inconclusive:
                self._passed.setdefault(outcome.requirement, outcome)

    def _waive(self, key: Key, outcome: Outcome) -> None:
        """Take a violation that a waiver covers for known: it goes on record once, and the hunt goes on."""
        waiver = waiver_for(outcome, self.session.waivers, today())
        if waiver is not None:
            self._known.add(key)
            outcome = replace(outcome, waived=True, waiver=waiver.grounds)
            self.session.writer.write(outcome)
            self.found.append(outcome)

    def _report(self, find: Find[Example]) -> None:
        """Keep a find as a file, and have it decided, reproduced and written down like any other violation."""
        find = replace(
            find, example=minimize(self.kind, find.example, lambda each: self._shows(find.key, each), attempts=_ATTEMPTS)
        )
        found = self._kept(find)
        name = f"fuzz/{self.kind.name}/{found.name.rpartition('-')[2]}"
        question = Question(
            case=self.kind.case(find.example, name), expectation=find.question.expectation, requirement=find.question.requirement
        )
        outcome = self.session.decide(question)
        self.found.append(outcome)
        if outcome.verdict in {Verdict.VIOLATED, Verdict.HARNESS_ERROR}:
            corpus.save(Path(self.options.corpus), found)
            self._state.finds.append(str(find.key))
        self._progress.say(f"{outcome.verdict.value} {find.key} [{question.case.title}] {outcome.reproducer or ''}")
        self._write()

    def _shows(self, key: Key, example: Example) -> bool:
        return key in self._examine(example)

    def _kept(self, find: Find[Example]) -> Found:
        driver = self.session.certifier.driver
        return Found(
            campaign=self.kind.name,
            example=self.kind.as_json(find.example),
            requirement=find.key.requirement,
            symptom=find.key.symptom,
            runtime=driver.facts.name,
            version=driver.facts.version,
            lane=driver.host.lane,
            seed=self._state.seed,
        )

    def _checkpoint(self, number: int) -> None:
        self._state.round = number
        if self._budget.used % CHECKPOINT == 0:
            self._write()
        self._progress.tick(self._describe)

    def _write(self) -> None:
        self._state.seconds = self._budget.elapsed
        self._state.coverage = self._coverage.as_json()
        self._journal.write(self._state)

    def _describe(self) -> str:
        state, seconds = self._state, max(self._budget.elapsed, 1e-3)
        return (
            f"{state.containers} containers, {state.containers / seconds:.1f}/s, {state.refused} refused, "
            f"{self._coverage.describe() + ', ' if self.kind.covers else ''}{len(state.finds)} finds"
        )

    def _conclude(self, unstable: dict[Key, int]) -> None:
        """Write a line for each requirement that was judged, and say what a reader of the log wants to know."""
        for requirement, outcome in sorted(self._passed.items()):
            count = self._state.tally[requirement][outcome.verdict.value]
            evidence = {"containers": count, "one of them": outcome.evidence}
            self.session.writer.write(replace(outcome, title=f"Generated: {self.kind.name}", evidence=evidence))
        self._progress.say(f"done: {self._describe()}")
        for words, count in Counter(self._state.refusals).most_common(_REFUSALS_SHOWN):
            self._progress.say(f"refused {count} times: {words}")
        for key, count in unstable.items():
            self._progress.say(f"did not come back, {count} times: {key}")
        if self.kind.covers and self._coverage.missing:
            self._progress.say(f"never judged: {', '.join(self._coverage.missing)}")
        if self._coverage.beyond:
            self._progress.say(f"of a later version of the spec: {', '.join(self._coverage.beyond)}")
