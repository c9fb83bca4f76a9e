"""The options of a hunt. All else, the runtime, the lane, the workers, results and reproducers, are conformance.plugin's."""

import os

import pytest

from conformance.subject.identify import NotARuntime, reference_runtime
from fuzz.engine import options as parse
from fuzz.engine.corpus import DIRECTORY
from fuzz.engine.options import QUICK_SECONDS, Options, Shard

_DRAWN = "OCI_CONFORMANCE_FUZZ_SEED"
"""Environment variable that holds the seed that this run has drawn."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare our options."""
    group = parser.getgroup("fuzz", "hunt with generated bundles and lifecycles")
    group.addoption(
        "--fuzz-time", metavar="90s|30m|8h", help=f"how long to hunt, all campaigns together (default: {QUICK_SECONDS:.0f}s)"
    )
    group.addoption("--fuzz-examples", type=int, metavar="N", help="at most so many examples of each campaign in each worker")
    group.addoption(
        "--fuzz-seed", default="auto", metavar="auto|N", help="seed of what is generated; printed, and repeatable by giving it"
    )
    group.addoption("--shard", default="1/1", metavar="K/N", help="this machine's part of the hunt")
    group.addoption("--fuzz-corpus", default=str(DIRECTORY), metavar="DIR", help="found cases: replayed first, and kept here")
    group.addoption(
        "--fuzz-state", default=".fuzz", metavar="DIR", help="where a hunt that is killed has left how far it came, to go on from"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Refuse what cannot be before the supervisor starts anything; hunt the reference runtime where none is named."""
    options_of(config)
    if not config.option.runtime and not config.option.conformance_plan:
        try:
            config.option.runtime = [reference_runtime()]
        except NotARuntime as error:
            raise pytest.UsageError(str(error)) from error


def options_of(config: pytest.Config) -> Options:
    """Return what the command line asks for; raises pytest.UsageError."""
    option = config.option
    if option.fuzz_examples is not None and option.fuzz_examples < 1:
        raise pytest.UsageError("--fuzz-examples wants a positive number")
    try:
        return Options(
            # A number of examples alone is a budget as well.
            seconds=_seconds(option.fuzz_time, limited=option.fuzz_examples is not None),
            examples=option.fuzz_examples,
            seed=_seed(option.fuzz_seed),
            seed_given=option.fuzz_seed != "auto",
            shard=Shard.parse(option.shard),
            corpus=os.path.abspath(option.fuzz_corpus),
            state=os.path.abspath(option.fuzz_state),
        )
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def _seed(given: str) -> int:
    """Return the seed; one that was drawn is handed down to the inner runs and their workers, which share it."""
    if given == "auto":
        given = os.environ.setdefault(_DRAWN, str(parse.seed("auto")))
    return parse.seed(given)


def _seconds(given: str | None, *, limited: bool) -> float:
    if given is not None:
        return parse.seconds(given)
    return float("inf") if limited else QUICK_SECONDS
