"""The pytest plugin: options, and which of two roles this process plays. Logic lives elsewhere.

Started by a person, it is the outer run and hands over to the supervisor. Started by the supervisor, with a plan, it is an
inner run in a session jail, whose tests `conformance/runtime` holds. Without a runtime or our tests on the command line it
stays out of the way.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from specs.verdicts import Level

if TYPE_CHECKING:
    from conformance.supervisor import Request

_OURS = Path(__file__).parent
_OWN_OPTIONS = (
    "--runtime", "--adapter", "--lane", "--requirement", "--level", "--spec-version", "--waivers", "--results",
    "--reproducers", "--junitxml", "--junit-xml", "-n", "--numprocesses",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare our options."""
    group = parser.getgroup("conformance", "certify an OCI runtime")
    group.addoption(
        "--runtime",
        action="append",
        default=[],
        metavar="PATH",
        help="runtime to certify, a path or a name on PATH (default: the reference runtime); repeatable",
    )
    group.addoption(
        "--adapter",
        metavar="FILE",
        help="TOML file that says how to call a runtime we do not know (conformance/subject/protocol.md)",
    )
    group.addoption(
        "--lane",
        action="append",
        default=[],
        metavar="host|v1|v2",
        help="cgroup layout to run in: the host's, or a v1 or v2 view of it (default: host; without --runtime all); repeatable",
    )
    group.addoption(
        "--requirement", action="append", default=[], metavar="GLOB", help="only requirements whose id matches; repeatable"
    )
    group.addoption(
        "--level",
        action="append",
        default=[],
        choices=[level.value for level in Level],
        help="only requirements of this level; repeatable",
    )
    group.addoption(
        "--spec-version", metavar="X.Y.Z", help="judge by this version of the spec in place of the one that the runtime declares"
    )
    group.addoption("--waivers", action="append", default=[], metavar="FILE", help="further waiver file; repeatable")
    group.addoption("--results", metavar="FILE", help="write results here, a JSON object a line")
    group.addoption(
        "--reproducers", metavar="DIR", default="reproducers", help="where violations leave a directory that reproduces them"
    )
    group.addoption("--no-smoke-gate", action="store_true", help="go on though the runtime cannot run a plain container")
    group.addoption("--conformance-plan", metavar="FILE", help="for inner runs: what to certify")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Hand over to the supervisor if this is the outer run of a certification."""
    if config.option.conformance_plan or hasattr(config, "workerinput") or not _wanted(config):
        return None
    from conformance.supervisor import UsageError, run  # noqa: PLC0415  # an ordinary pytest run need not pay for it

    arguments = list(config.invocation_params.args)
    for trap in ("--runtime", "--lane", "--requirement"):
        if trap in arguments:
            raise pytest.UsageError(f"write {trap}=VALUE with an equals sign: pytest may take a separate value for a test path")
    try:
        return run(_request(config, arguments))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error


def _wanted(config: pytest.Config) -> bool:
    """Whether a runtime is named, or nothing but our own tests is to be run."""
    if config.option.runtime:
        return True
    named = [str(argument).split("::")[0] for argument in config.args]
    return bool(named) and all(_ours(name, packages=config.option.pyargs) for name in named)


def _ours(name: str, *, packages: bool) -> bool:
    """Whether a path, or with --pyargs a package's name, means tests of ours."""
    if packages and name.split(".", 1)[0] == __package__ and not Path(name).exists():
        return True
    return Path(name).resolve().is_relative_to(_OURS)


def _request(config: pytest.Config, arguments: list[str]) -> "Request":
    from conformance.supervisor import Request  # noqa: PLC0415  # as above

    option = config.option
    return Request(
        runtimes=tuple(option.runtime),
        lanes=tuple(dict.fromkeys(option.lane)),
        adapter=option.adapter,
        spec_version=option.spec_version,
        requirements=tuple(option.requirement),
        levels=tuple(option.level) or tuple(level.value for level in Level),
        waivers=tuple(option.waivers),
        results=option.results,
        reproducers=option.reproducers,
        junit=option.xmlpath,
        workers=int(getattr(option, "numprocesses", None) or 0),
        smoke_gate=not option.no_smoke_gate,
        pytest_arguments=_passed_on(arguments, config),
    )


def _passed_on(arguments: list[str], config: pytest.Config) -> tuple[str, ...]:
    """Return the arguments that the inner runs get: all but our own, and our tests where none are named."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in _OWN_OPTIONS:
            skip = True
        elif (
            argument != "--no-smoke-gate"
            and not argument.startswith(tuple(f"{name}=" for name in _OWN_OPTIONS))
            and not _workers(argument)
        ):
            kept.append(argument)
    if config.args_source is not config.ArgsSource.ARGS:
        kept.append(str(_OURS / "runtime"))
    return tuple(kept)


def _workers(argument: str) -> bool:
    return argument.startswith("-n") and argument[2:].isdigit()
