"""Makes one test item of each question."""

import pytest

from conformance.inner import SESSION, opened
from conformance.verdict import allure
from conformance.verdict.judge import Question
from conformance.verdict.session import Session


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make an item of each question; items of one case share a container, so they stay in one worker."""
    if "question" not in metafunc.fixturenames:
        return
    session = opened(metafunc.config)
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
