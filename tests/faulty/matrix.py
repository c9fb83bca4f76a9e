"""Drive the faults of one lane in one session jail, here v1:

    python -m conformance.host.jail --lane=v1 -- python -m tests.faulty.matrix v1 DIR OUTPUT [FAULT...]

Writes {fault: {"red": [...], "real": [...]}}: requirements that are violated with the fault and not without it, and those
of the fault's own that the real runtime violates by itself in the cases which were driven.
"""

import json
import os
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.plan import Plan, open_certifier
from conformance.record.config import Config
from conformance.subject.identify import reference_runtime
from conformance.verdict.certifier import Certifier
from conformance.verdict.judge import judge, unjudged
from specs.verdicts import Verdict
from tests.faulty.fault import Fault
from tests.faulty.faults import all_faults
from tests.faulty.install import install

_ASKING = 2
_OTHERS = 1
Pairs = set[tuple[str, str]]


def certifier_of(runtime: str, directory: Path, lane: str) -> Certifier:
    """Make a certifier that judges by the newest spec."""
    plan = Plan(
        runtime=runtime,
        adapter=None,
        lane=lane,
        spec_version="1.3.0",
        requirements=("*",),
        levels=("MUST", "SHOULD"),
        waivers=(),
        directory=str(directory),
        reproducers=str(directory / "reproducers"),
    )
    return open_certifier(plan)


def red(certifier: Certifier, wanted: Collection[str]) -> Pairs:
    """Return (case, requirement) pairs that are violated in the cases of these names, without retries."""
    found: Pairs = set()
    for question in certifier.questions():
        if question.case.name not in wanted:
            continue
        host, policy = certifier.driver.host, certifier.policy
        applies = question.expectation.applies(certifier.config_of(question.case), host)
        if unjudged(question, applies=applies, host=host, facts=certifier.driver.facts, policy=policy) is not None:
            continue
        outcome = judge(question, record=certifier.record(question.case), host=host, policy=policy)
        if outcome.verdict is Verdict.VIOLATED:
            found.add((question.case.name, question.requirement.id))
    return found


def found(name: str) -> str | None:
    """Return the path of a runtime that faults stand on: one that is installed, or our own."""
    return reference_runtime() if name == "reference-runtime" else shutil.which(name, path="/usr/sbin:/usr/bin")


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is to choose from, looked up once for all faults."""

    configs: Mapping[str, Config]
    """By case name."""
    asked: frozenset[tuple[str, str]]
    """(case, requirement) pairs."""


def survey(certifier: Certifier) -> Survey:
    """Look up the config of every case that this host can run, and what is asked of it."""
    asked = frozenset((question.case.name, question.requirement.id) for question in certifier.questions())
    runnable = [case for case in certifier.cases if not case.needs(certifier.driver.host)]
    return Survey({case.name: certifier.config_of(case) for case in runnable}, asked)


def touched(fault: Fault, known: Survey) -> list[str]:
    """Return names of cases in which the fault can show: some that ask for what it reddens, and some that do not."""
    changed = [name for name, config in known.configs.items() if fault.behaviour is not None or _changes(fault, config)]
    chosen: dict[str, None] = {}
    for requirement in fault.reddens:
        chosen |= dict.fromkeys([name for name in changed if (name, requirement) in known.asked][:_ASKING])
    return [*chosen, *[name for name in changed if name not in chosen][:_OTHERS]]


def _changes(fault: Fault, config: Config) -> bool:
    return fault.changed(dict(config)) != dict(config)


def main(lane: str, directory: Path, output: Path, names: list[str]) -> None:
    """Drive all faults of the lane, or those of them that are named."""
    faults = [fault for fault in all_faults() if fault.lane == lane and (not names or fault.name in names)]
    real = {name: path for name in ("runc", "crun", "reference-runtime") if (path := found(name))}
    plain = {name: certifier_of(path, directory, lane) for name, path in real.items() if name in {f.real for f in faults}}
    surveys = {name: survey(certifier) for name, certifier in plain.items()}
    chosen = {fault.name: touched(fault, surveys[fault.real]) for fault in faults if fault.real in plain}
    baseline = {
        name: red(certifier, {case for fault in faults if fault.real == name for case in chosen[fault.name]})
        for name, certifier in plain.items()
    }
    results = {}
    for fault in faults:
        if fault.real not in plain:
            continue
        certifier = certifier_of(install(fault, real=real[fault.real], directory=directory), directory, lane)
        own = {requirement for _, requirement in baseline[fault.real]}
        # What the real runtime breaks by itself it may break in another case too, now or then: that is not the fault's doing.
        seen = red(certifier, chosen[fault.name]) - baseline[fault.real]
        pairs = {pair for pair in seen if pair[1] in fault.reddens or pair[1] not in own}
        results[fault.name] = {
            "red": sorted({requirement for _, requirement in pairs}),
            "real": sorted(own & set(fault.reddens) - {requirement for _, requirement in pairs}),
            "pairs": sorted(f"{case}: {requirement}" for case, requirement in pairs),
        }
    output.write_text(json.dumps(results))


if __name__ == "__main__":
    os.umask(0o022)
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
