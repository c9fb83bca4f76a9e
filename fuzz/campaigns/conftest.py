"""Gives each campaign its session, its share of the work and its part of the time."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.inner import opened
from conformance.record.as_json import as_json
from conformance.verdict import allure
from conformance.verdict.outcome import Outcome
from conformance.verdict.report import HarnessError
from conformance.verdict.session import Session
from fuzz.engine import corpus
from fuzz.engine.campaign import Campaign, Place
from fuzz.engine.corpus import Found
from fuzz.engine.options import Options
from fuzz.engine.oracle import examine
from fuzz.kinds import KINDS
from fuzz.plugin import options_of
from specs.verdicts import Verdict

WEIGHTS = {"configs": 6, "defects": 2, "contents": 1, "lifecycles": 2}
"""How the time is divided among campaigns."""
_OPTIONS = pytest.StashKey[Options]()
_SECONDS = pytest.StashKey[dict[str, float]]()


class Finds(AssertionError):
    """What a campaign found, a line each."""


@dataclass(frozen=True, slots=True)
class Start:
    """Runs campaigns for one test item."""

    config: pytest.Config
    node: str
    share: str

    def __call__(self, name: str) -> None:
        """Hunt, and fail the item if anything was found that no waiver covers."""
        session = _session(self.config)
        campaign = Campaign(
            kind=KINDS[name],
            session=session,
            options=_options(self.config),
            place=Place(share=self.share, node=self.node, seconds=self.config.stash[_SECONDS][name]),
            say=_speaker(self.config),
        )
        campaign.run()
        _tell(campaign.found)


def _tell(outcomes: Sequence[Outcome]) -> None:
    """Fail the running item where a violation is not waived, and break it where the harness failed."""
    bad = [each for each in outcomes if not each.waived and each.verdict in {Verdict.VIOLATED, Verdict.HARNESS_ERROR}]
    lines = [f"{each.requirement}: expected {each.expected}, observed {each.observed} {each.reason}".rstrip() for each in bad]
    for each in bad:
        allure.attach(f"{each.requirement} {each.case}", as_json(each))
    if any(each.verdict is Verdict.VIOLATED for each in bad):
        raise Finds("\n".join(lines))
    if bad:
        raise HarnessError("\n".join(lines))


@pytest.fixture
def hunt(request: pytest.FixtureRequest, share: str) -> Start:
    """Return what runs a campaign by its name."""
    return Start(request.config, request.node.nodeid, share)


@pytest.fixture
def replay(request: pytest.FixtureRequest) -> Callable[[Found], None]:
    """Return what runs a found case again and judges it."""
    session = _session(request.config)

    def run(found: Found) -> None:
        kind = KINDS[found.campaign]
        case = kind.case(kind.from_json(found.example), f"fuzz/corpus/{found.name}")
        examination = examine(session.certifier, case, kind.judged_by)
        wrong = {each.question.requirement.id: each.question for each in examination.bad.values()}
        # The one that it was found for gets a verdict in any case: so a stale waiver is noticed.
        own = {
            each.question.requirement.id: each.question
            for each in examination.judged
            if each.question.requirement.id == found.requirement
        }
        _tell([session.decide(question) for question in (own | wrong).values()])

    return run


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make an item of each worker's share of a campaign, and of each found case."""
    if "share" in metafunc.fixturenames:
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        shares = [f"{number}of{workers}" for number in range(1, workers + 1)]
        metafunc.parametrize("share", [pytest.param(each, marks=pytest.mark.xdist_group(each)) for each in shares])
    if "found" in metafunc.fixturenames:
        directory = Path(_options(metafunc.config).corpus)
        try:
            cases = [pytest.param(found, id=path.stem) for path, found in corpus.load(directory)]
        except corpus.CorpusError as error:
            raise pytest.UsageError(str(error)) from error
        metafunc.parametrize("found", cases)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Divide the time among the campaigns that were chosen; the corpus comes first."""
    items.sort(key=lambda item: not _name(item).startswith("test_corpus"))
    chosen = {_name(item).removeprefix("test_") for item in items} & set(WEIGHTS)
    whole = sum(WEIGHTS[name] for name in chosen)
    config.stash[_SECONDS] = {name: _options(config).seconds * WEIGHTS[name] / whole for name in chosen}


def _session(config: pytest.Config) -> Session:
    session = opened(config)
    if session is None:
        raise HarnessError("a campaign was started without a plan, so not by the supervisor")
    return session


def _name(item: pytest.Item) -> str:
    return item.originalname if isinstance(item, pytest.Function) else item.name


def _options(config: pytest.Config) -> Options:
    if _OPTIONS not in config.stash:
        config.stash[_OPTIONS] = options_of(config)
    return config.stash[_OPTIONS]


def _speaker(config: pytest.Config) -> Callable[[str], None]:
    """Return what prints a line at once, past pytest's capture."""
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(text, file=sys.stderr, flush=True)  # noqa: T201

    return say
