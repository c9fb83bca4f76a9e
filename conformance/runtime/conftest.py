"""Opens the session of an inner run, and makes one test item of each question."""

from pathlib import Path

import pytest

from conformance.plan import Plan, open_certifier
from conformance.verdict import allure
from conformance.verdict.judge import Question
from conformance.verdict.results import ResultsWriter
from conformance.verdict.session import Session
from conformance.verdict.waivers import load

SESSION = pytest.StashKey[Session]()


def _opened(config: pytest.Config) -> Session | None:
    """Look at host and runtime when first asked; None without a plan.

    That is at collection, so never in the controller of jailed workers, which collects nothing. pytest_sessionstart would be
    missed where the command line names a directory above this one, since pytest reads this file only on its way down.
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make an item of each question; items of one case share a container, so they stay in one worker."""
    if "question" not in metafunc.fixturenames:
        return
    session = _opened(metafunc.config)
    questions = session.certifier.questions() if session else ()
    metafunc.parametrize("question", [_item(question) for question in questions])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Tell the supervisor what is going to be asked, so that it notices what never gets a verdict."""
    opened = session.config.stash.get(SESSION, None)
    if opened is not None:
        values = [item.callspec.params.get("question") for item in session.items if isinstance(item, pytest.Function)]
        opened.announce(question for question in values if isinstance(question, Question))


def _item(question: Question) -> object:
    marks = [pytest.mark.xdist_group(question.case.name), *allure.markers(question.requirement)]
    return pytest.param(question, id=str(question), marks=marks)


@pytest.fixture
def session(request: pytest.FixtureRequest) -> Session:
    """Return the session of this inner run."""
    return request.config.stash[SESSION]
