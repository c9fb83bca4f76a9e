"""From a record to an outcome: the only place where an expectation is asked, and where its answer becomes a verdict."""

import time
from dataclasses import dataclass, field

from conformance.cases.case import Case
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    Unexercised,
    Violation,
)
from conformance.record.host import Host
from conformance.record.record import Record
from conformance.record.runtime import RuntimeFacts
from conformance.verdict.outcome import Outcome
from specs.catalogue import Requirement
from specs.verdicts import Level, Verdict
from specs.version import SpecVersion

OLDEST = SpecVersion.parse("1.0.0")
_BINDING = frozenset({Level.MUST, Level.SHOULD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """By which version of the spec this runtime is judged, in which lane."""

    lane: str
    declared: SpecVersion
    """What the runtime declares; 1.0.0 if it declares nothing."""
    judged_by: SpecVersion
    _standing: dict[str, tuple[bool, bool]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was found out about requirements, by id: of each, it is asked for every container."""

    def covers(self, requirement: Requirement) -> bool:
        """Whether the requirement is in force in the version that is judged by."""
        return self._stands(requirement)[0]

    def advisory(self, requirement: Requirement) -> bool:
        """Whether the version that the runtime declares does not have the requirement."""
        return not self._stands(requirement)[1]

    def _stands(self, requirement: Requirement) -> tuple[bool, bool]:
        """Whether it is in force in the version that is judged by, and in the declared one."""
        known = self._standing.get(requirement.id)
        if known is None:
            known = self._standing[requirement.id] = requirement.in_force(self.judged_by), requirement.in_force(self.declared)
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One case judged by one expectation: what a test item stands for."""

    case: Case
    expectation: Expectation
    requirement: Requirement

    def __str__(self) -> str:
        return f"{self.case.name}/{self.requirement.id}"

    __repr__ = __str__


def unjudged(question: Question, *, applies: Applicability, host: Host, facts: RuntimeFacts, policy: Policy) -> Outcome | None:
    """Return the outcome of a question that needs no container to be answered, None if it needs one.

    `applies` is what the expectation says of the case's config.
    """
    requirement = question.requirement
    if not policy.covers(requirement):
        reason = f"in force {requirement.period}, judged by {policy.judged_by}"
        return _outcome(question, facts, policy, Verdict.NOT_APPLICABLE, reason=reason)
    undeclared = _undeclared(question.case, facts, host)
    if undeclared:
        return _outcome(question, facts, policy, Verdict.NOT_APPLICABLE, reason=undeclared)
    lacking = question.case.needs(host)
    if not lacking and isinstance(applies, NotTestable):
        lacking = applies.reason
    if not lacking and facts.kernel == "own" and question.expectation.sees == "snapshot":
        lacking = "the workload runs on the runtime's own kernel, which the host's /proc does not show"
    return _outcome(question, facts, policy, Verdict.NOT_TESTABLE, reason=lacking) if lacking else None


def _undeclared(case: Case, facts: RuntimeFacts, host: Host) -> str:
    """Say why a case about declared features has nothing to try, "" if it has or is none."""
    if case.declared is None:
        return ""
    if facts.features is None:
        return "the runtime offers no features document"
    return "its features document declares nothing of the kind" if case.declared(facts.features, host) is None else ""


def judge(question: Question, *, record: Record, host: Host, policy: Policy) -> Outcome:
    """Judge a record. A violation is as yet seen once only: whoever counts it tries again first."""
    started = time.perf_counter()
    facts, expectation = record.runtime, question.expectation
    refusal = None if question.case.defect or expectation.judges_refusal else record.refusal
    if refusal is not None:
        evidence = Evidence("applied, or refused with an error", refusal.describe(), kind="refused")
        return _outcome(question, facts, policy, Verdict.RECORDED, evidence=evidence, reason="refused with an error")
    try:
        if record.problem:
            raise RuntimeError(record.problem)
        evidence = expectation.judge(record.config, host, record)
    except Violation as violation:
        return _breach(question, facts, policy, violation)
    except Inconclusive as inconclusive:
        return _outcome(question, facts, policy, Verdict.NOT_TESTABLE, reason=str(inconclusive), inconclusive=True)
    except Unexercised as unexercised:
        return _outcome(question, facts, policy, Verdict.NOT_TESTABLE, reason=str(unexercised), inconclusive=True)
    except Exception as error:  # a defect of ours must never look like one of the runtime
        return _outcome(question, facts, policy, Verdict.HARNESS_ERROR, reason=f"{type(error).__name__}: {error}")
    verdict = Verdict.PASSED if _decides(question.requirement) else Verdict.RECORDED
    return _outcome(question, facts, policy, verdict, evidence=evidence, seconds=time.perf_counter() - started)


def _decides(requirement: Requirement) -> bool:
    return requirement.level in _BINDING and not requirement.ambiguous


def _breach(question: Question, facts: RuntimeFacts, policy: Policy, violation: Violation) -> Outcome:
    decides = _decides(question.requirement)
    contested = bool(question.requirement.disputed)
    return _outcome(
        question,
        facts,
        policy,
        Verdict.VIOLATED if decides else Verdict.RECORDED,
        evidence=Evidence(violation.expected, violation.observed),
        details=violation.evidence,
        disputed=contested if violation.disputed is None else violation.disputed,
        reason="" if decides else "not done, which the text allows",
    )


def _outcome(
    question: Question,
    facts: RuntimeFacts,
    policy: Policy,
    verdict: Verdict,
    *,
    evidence: Evidence | None = None,
    details: object = None,
    reason: str = "",
    inconclusive: bool = False,
    disputed: bool = False,
    seconds: float = 0.0,
) -> Outcome:
    requirement = question.requirement
    return Outcome(
        requirement=requirement.id,
        level=requirement.level,
        verdict=verdict,
        case=question.case.name,
        title=question.case.title,
        lane=policy.lane,
        runtime=facts,
        expected=evidence.expected if evidence else None,
        observed=evidence.observed if evidence else None,
        evidence=details if details is not None else (evidence.kind if evidence else None),
        reason=reason,
        inconclusive=inconclusive,
        advisory=policy.advisory(requirement),
        ambiguous=bool(requirement.ambiguous),
        disputed=disputed,
        spec_version=str(policy.judged_by),
        seconds=seconds,
    )
