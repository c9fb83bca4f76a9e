"""Drive every fault in one session jail: `python -m conformance.host.jail --lane=v1 -- python -m tests.faulty.matrix DIR OUTPUT`.

Writes {fault: {"red": [...], "real": [...]}}: requirements that are violated with the fault and not without it, and those
of the fault's own that the real runtime violates by itself in the cases which were driven.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from conformance.cases.case import Case
from conformance.plan import Plan, open_certifier
from conformance.verdict.certifier import Certifier
from conformance.verdict.judge import judge, unjudged
from specs.verdicts import Verdict
from tests.faulty.fault import Fault
from tests.faulty.faults import all_faults
from tests.faulty.install import install

_ASKING = 2
_OTHERS = 1
Pairs = set[tuple[str, str]]


def certifier_of(runtime: str, directory: Path) -> Certifier:
    """Make a certifier that judges by the newest spec."""
    plan = Plan(
        runtime=runtime,
        adapter=None,
        lane="v1",
        spec_version="1.3.0",
        requirements=("*",),
        levels=("MUST", "SHOULD"),
        waivers=(),
        directory=str(directory),
        reproducers=str(directory / "reproducers"),
    )
    return open_certifier(plan)


def red(certifier: Certifier, cases: Iterable[Case]) -> Pairs:
    """Return (case, requirement) pairs that are violated, without retries."""
    wanted = {case.name for case in cases}
    found: Pairs = set()
    for question in certifier.questions():
        if question.case.name not in wanted:
            continue
        host, policy = certifier.driver.host, certifier.policy
        config = certifier.config_of(question.case)
        if unjudged(question, config=config, host=host, facts=certifier.driver.facts, policy=policy) is not None:
            continue
        outcome = judge(question, record=certifier.record(question.case), host=host, policy=policy)
        if outcome.verdict is Verdict.VIOLATED:
            found.add((question.case.name, question.requirement.id))
    return found


def touched(fault: Fault, certifier: Certifier) -> list[Case]:
    """Return cases in which the fault can show: all that ask for what it reddens, and some that do not."""
    changed = [case for case in certifier.cases if fault.behaviour is not None or _changes(fault, certifier, case)]
    asked = {(q.case.name, q.requirement.id) for q in certifier.questions()}
    chosen: list[Case] = []
    for requirement in fault.reddens:
        chosen += [case for case in changed if (case.name, requirement) in asked][:_ASKING]
    names = {case.name for case in chosen}
    others = [case.name for case in changed if case.name not in names][:_OTHERS]
    return [case for case in changed if case.name in names.union(others)]


def _changes(fault: Fault, certifier: Certifier, case: Case) -> bool:
    config = dict(certifier.config_of(case))
    return fault.changed(config) != config


def main(directory: Path, output: Path, names: list[str]) -> None:
    """Drive all faults, or those that are named."""
    real = {name: path for name in ("runc", "crun") if (path := shutil.which(name, path="/usr/sbin:/usr/bin"))}
    plain = {name: certifier_of(path, directory) for name, path in real.items()}
    faults = [fault for fault in all_faults() if fault.real in real and (not names or fault.name in names)]
    cases = {fault.name: touched(fault, plain[fault.real]) for fault in faults}
    baseline = {
        name: red(certifier, [case for fault in faults if fault.real == name for case in cases[fault.name]])
        for name, certifier in plain.items()
    }
    results = {}
    for fault in faults:
        certifier = certifier_of(install(fault, real=real[fault.real], directory=directory), directory)
        pairs = red(certifier, cases[fault.name]) - baseline[fault.real]
        own = {requirement for _, requirement in baseline[fault.real]}
        results[fault.name] = {
            "red": sorted({requirement for _, requirement in pairs}),
            "real": sorted(own & set(fault.reddens) - {requirement for _, requirement in pairs}),
            "pairs": sorted(f"{case}: {requirement}" for case, requirement in pairs),
        }
        output.write_text(json.dumps(results))


if __name__ == "__main__":
    os.umask(0o022)
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
