"""Which questions there are for a runtime in a lane, and their answers: each case driven once, its record judged for each."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from conformance.bundle.builder import Bundle
from conformance.bundle.config import base_config
from conformance.bundle.placeholders import expand_json
from conformance.cases.case import Case
from conformance.drive.driver import Driver, discard
from conformance.expectations.contract import Expectation
from conformance.record.config import Config, edited
from conformance.record.probe import Action
from conformance.record.record import Record
from conformance.verdict.applicable import Applicable
from conformance.verdict.judge import Policy, Question, judge, unjudged
from conformance.verdict.outcome import Outcome
from specs.catalogue import Catalogue, Requirement
from specs.verdicts import Level, Verdict

Keep = Callable[[Outcome, Record, Bundle], str | None]

RETRIES = 2
"""How often a violation is tried again in fresh containers before it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which requirements are asked for."""

    patterns: tuple[str, ...] = ("*",)
    """Globs over requirement ids."""
    levels: frozenset[Level] = frozenset(Level)

    def __contains__(self, requirement: object) -> bool:
        if not isinstance(requirement, Requirement):
            return False
        chosen = self.patterns == ("*",) or any(fnmatchcase(requirement.id, glob) for glob in self.patterns)
        return chosen and requirement.level in self.levels


@dataclass(slots=True, kw_only=True)
class Certifier:
    """Answers questions about one runtime in one lane."""

    driver: Driver
    policy: Policy
    catalogue: Catalogue
    cases: Sequence[Case]
    expectations: Sequence[Expectation]
    selection: Selection = Selection()
    applicable: Applicable = field(init=False)
    selected: Sequence[tuple[Expectation, Requirement] | None] = field(init=False)
    """Each expectation with its requirement, None where that is not asked for."""
    _record: tuple[Case, Record] | None = field(default=None)

    def __post_init__(self) -> None:
        base = base_config(oci_version=self.driver.oci_version)
        self.applicable = Applicable(self.expectations, base=base, host=self.driver.host)
        decided = [(each, self.catalogue[each.requirement]) for each in self.expectations]
        self.selected = [pair if pair[1] in self.selection else None for pair in decided]

    def questions(self) -> Iterator[Question]:
        """Yield every question of the selection, those of one case one after another.

        A case is asked what it aims at, and what its config exercises beyond the base config that all cases share.
        """
        base = self.applicable(base_config(oci_version=self.driver.oci_version))
        shared = {each.requirement for each, applies in zip(self.expectations, base, strict=True) if applies}
        for case in self.cases:
            answers = self.applicable(self.config_of(case))
            for selected, applies in zip(self.selected, answers, strict=True):
                if selected is None:
                    continue
                expectation, requirement = selected
                own = requirement.id not in shared and applies
                if requirement.id in case.aims or own:
                    yield Question(case=case, expectation=expectation, requirement=requirement)

    def answer(self, question: Question, *, keep: Keep) -> Outcome:
        """Answer one question; a violation is tried again in fresh containers before it counts.

        `keep` gets a violation that did come back, with its record and bundle, and returns where it left a reproducer.
        """
        started = time.perf_counter()
        driver, policy = self.driver, self.policy
        applies = question.expectation.applies(self.config_of(question.case), driver.host)
        outcome = unjudged(question, applies=applies, host=driver.host, facts=driver.facts, policy=policy)
        if outcome is None:
            outcome = judge(question, record=self.record(question.case), host=driver.host, policy=policy)
        if outcome.verdict is Verdict.VIOLATED:
            outcome = self._again(question, outcome, keep)
        return replace(outcome, seconds=time.perf_counter() - started)

    def config_of(self, case: Case) -> Config:
        """Return the case's config as it would be built, with made-up paths in place of those that are not known yet."""
        base = base_config(oci_version=self.driver.oci_version)
        edits = case.adapted(self.driver.facts.features, self.driver.host).edits
        config = edited(base, (*edits, *([case.defect] if case.defect else [])))
        places = {"bundle": "/bundle", "id": "id", "host": "/bundle-host", "hooks": "/bundle/rootfs/hooks.sock"}
        places["agent"] = "/bundle-host/agent.sock"
        places |= {f"ns:{namespace.name}": f"/bundle-host/{namespace.name}" for namespace in case.namespaces}
        return dict(json.loads(expand_json(json.dumps(config), places)))

    def record(self, case: Case) -> Record:
        """Return the record of a case, driving it unless it was the last one driven."""
        if self._record is None or self._record[0] is not case:
            self._record = case, self.driver.drive(case, actions=lambda config: self._actions(case, config))
        return self._record[1]

    def last_record(self, case: Case) -> Record | None:
        """Return the record of a case if it was the last one driven."""
        return self._record[1] if self._record and self._record[0] is case else None

    def _actions(self, case: Case, config: Config) -> list[Action]:
        """Return the union of what the expectations that may be asked about this case want from the probe."""
        host = self.driver.host
        answers = zip(self.expectations, self.applicable(config), strict=True)
        asked = [each for each, applies in answers if applies is True or each.requirement in case.aims]
        return list(dict.fromkeys(action for each in asked for action in each.probes(config, host)))

    def _again(self, question: Question, first: Outcome, keep: Keep) -> Outcome:
        """Repeat a violation in fresh containers; what does not come back the same is unstable."""
        for left in reversed(range(RETRIES)):
            record, bundle = self.driver.drive_and_keep(
                question.case, actions=lambda config: self._actions(question.case, config)
            )
            try:
                outcome = judge(question, record=record, host=self.driver.host, policy=self.policy)
                if outcome.verdict is not Verdict.VIOLATED:
                    reason = f"violated at first, then {outcome.verdict.value}"
                    return replace(first, verdict=Verdict.UNSTABLE, reason=reason)
                if not left:
                    first = replace(first, reproducer=keep(outcome, record, bundle))
            finally:
                discard(bundle)
        return first
