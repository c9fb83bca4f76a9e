"""The session of an inner run: opened when its tests are first asked for, by whichever of our test directories that is."""

from pathlib import Path

import pytest

from conformance.plan import Plan, open_certifier
from conformance.verdict import allure
from conformance.verdict.results import ResultsWriter
from conformance.verdict.session import Session
from conformance.verdict.waivers import load

SESSION = pytest.StashKey[Session]()


def opened(config: pytest.Config) -> Session | None:
    """Look at host and runtime when first asked; None without a plan.

    That is at collection, so never in the controller of jailed workers, which collects nothing. pytest_sessionstart would be
    missed where the command line names a directory above the tests', since pytest reads a conftest only on its way down.
    """
    if SESSION in config.stash or not config.option.conformance_plan:
        return config.stash.get(SESSION, None)
    plan = Plan.read(config.option.conformance_plan)
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    certifier = open_certifier(plan)
    if config.getoption("allure_report_dir", None):
        driver = certifier.driver
        allure.write_directory(Path(config.option.allure_report_dir), facts=driver.facts, host=driver.host)
    config.stash[SESSION] = Session(
        certifier=certifier,
        writer=ResultsWriter(Path(plan.directory, f"results-{worker}.jsonl")),
        waivers=load(Path(path) for path in plan.waivers),
        reproducers=Path(plan.reproducers),
        announcement=Path(plan.directory, f"asked-{worker}.txt"),
    )
    return config.stash[SESSION]
