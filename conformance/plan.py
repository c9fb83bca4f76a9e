"""What one inner run is to certify: written by the supervisor, read in the session jail."""

import gc
import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from conformance.cases.all import CASES
from conformance.drive.driver import Driver
from conformance.expectations.all import EXPECTATIONS
from conformance.host.facts import gather
from conformance.subject.adapter import adapter_for
from conformance.subject.identify import accepted_oci_version, identify
from conformance.subject.runtime import Runtime
from conformance.verdict.certifier import Certifier, Selection
from conformance.verdict.judge import OLDEST, Policy
from specs.catalogue import load
from specs.verdicts import Level
from specs.version import SpecVersion

_GARBAGE = 50_000
"""Objects more than at the last search that make the garbage collector search again: some megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One runtime in one lane."""

    runtime: str
    """Absolute path."""
    adapter: str | None
    """Path of a TOML file for a runtime that we have no adapter for."""
    lane: str
    spec_version: str | None
    """Judge by this version in place of the declared one."""
    requirements: tuple[str, ...]
    levels: tuple[str, ...]
    waivers: tuple[str, ...]
    """Waiver files."""
    directory: str
    """Where results, one file per worker, are written."""
    reproducers: str
    """Where violations leave a directory that reproduces them."""

    def write(self, path: str) -> None:
        """Write it as JSON."""
        with open(path, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)

    @classmethod
    def read(cls, path: str) -> "Plan":
        """Read what `write` wrote."""
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
        return cls(**fields)


def open_certifier(plan: Plan) -> Certifier:
    """Look at host and runtime, and make everything ready to answer questions. Call it inside the session jail.

    The garbage collector no longer looks at what is there by then, which stays for good, and comes seldom: a container makes
    little garbage that would need it, and each search would take as long as some judging.
    """
    work_directory = os.environ["OCI_CONFORMANCE_WORKDIR"]
    adapter = adapter_for(plan.runtime, file=plan.adapter)
    facts = identify(plan.runtime, adapter)
    declared = SpecVersion.parse(facts.spec_version) if facts.spec_version else OLDEST
    driver = Driver(
        runtime=Runtime(plan.runtime, adapter, state_directory=f"{work_directory}/state"),
        facts=facts,
        host=gather(lane=plan.lane),
        work_directory=work_directory,
        oci_version=accepted_oci_version(facts),
    )
    certifier = Certifier(
        driver=driver,
        policy=Policy(
            lane=plan.lane,
            declared=declared,
            judged_by=SpecVersion.parse(plan.spec_version) if plan.spec_version else declared,
        ),
        catalogue=load("runtime"),
        cases=CASES,
        expectations=EXPECTATIONS,
        selection=Selection(patterns=plan.requirements, levels=frozenset(Level(level) for level in plan.levels)),
    )
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    return certifier
