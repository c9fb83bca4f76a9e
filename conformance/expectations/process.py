"""config.md, Process: the program, its arguments, environment and working directory, and its place with the OOM killer."""

import stat
from collections.abc import Mapping, Sequence

from conformance.expectations.calls import AT_FDCWD, FileStatus, c_string, results, status_of, statx
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    equal,
    running,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, CallResult
from conformance.record.record import Record

CAP_SYS_RESOURCE = 24
_X_OK = 1
_PROGRAM = "/proc/self/exe"


def _strings(config: Config, pointer: str) -> list[str]:
    """Return the strings of a list, or none if any of them cannot be handed to execve(2)."""
    values = lookup(config, pointer) or []
    usable = isinstance(values, Sequence) and all(isinstance(value, str) and "\0" not in value for value in values)
    return list(values) if usable else []


# cwd


def _has_cwd(config: Config, _host: Host) -> Applicability:
    cwd = lookup(config, "/process/cwd")
    return isinstance(cwd, str) and cwd.startswith("/") and "\0" not in cwd


def _where(config: Config) -> Action:
    cwd = lookup(config, "/process/cwd")
    return Action(f"compare . with {cwd}", (statx("."), statx(cwd)))


def _asks_where(config: Config, host: Host) -> Sequence[Action]:
    return (_where(config),) if _has_cwd(config, host) else ()


def _cwd(config: Config, _host: Host, record: Record) -> Evidence:
    """Compare files, not names: a symlink on the way to cwd is legal."""
    here, configured = (status_of(result) for result in results(config, record, _where(config)))
    if here.identity != configured.identity:
        seen = record.running.process.cwd if record.running else here
        violated(expected=f"the program starts in {lookup(config, '/process/cwd')}", observed=seen, evidence=(here, configured))
    return Evidence(f". is {lookup(config, '/process/cwd')}", here)


# env


def _configured_variables(config: Config) -> dict[str, set[str]]:
    """Map each name to the values given for it; which of several holds is undefined. Strings that name nothing are left out."""
    variables: dict[str, set[str]] = {}
    for entry in _strings(config, "/process/env"):
        name, equals, value = entry.partition("=")
        if name and equals:
            variables.setdefault(name, set()).add(value)
    return variables


def _has_variables(config: Config, _host: Host) -> Applicability:
    return bool(_configured_variables(config))


def _env(config: Config, _host: Host, record: Record) -> Evidence:
    """Every configured string has to be there; additions and another order are not excluded by the text."""
    observed = running(record).process.environ
    variables = _configured_variables(config)
    missing = [name for name, values in variables.items() if not any(f"{name}={value}" in observed for value in values)]
    if missing:
        violated(expected={name: sorted(variables[name]) for name in missing}, observed=observed)
    return Evidence(sorted(variables), observed)


# args


def _has_args(config: Config, _host: Host) -> Applicability:
    return bool(_strings(config, "/process/args"))


def _args(config: Config, _host: Host, record: Record) -> Evidence:
    """Hold for binaries, as the programs of our bundles are: a script's command line is that of its interpreter."""
    return equal(expected=tuple(_strings(config, "/process/args")), observed=running(record).process.cmdline)


# args[0] without a slash


def _search(config: Config) -> list[str]:
    """Return the paths that execvp(3) tries for args[0], none where the text leaves open what happens.

    Open is what follows from a missing, repeated or relative PATH.
    """
    args = _strings(config, "/process/args")
    if not args or not args[0] or "/" in args[0]:
        return []
    paths = _configured_variables(config).get("PATH", set())
    folders = next(iter(paths)).split(":") if len(paths) == 1 else []
    return [f"{folder}/{args[0]}" for folder in folders] if all(folder.startswith("/") for folder in folders) else []


def _is_searched(config: Config, _host: Host) -> Applicability:
    return bool(_search(config))


def _candidates(config: Config) -> Action:
    """Ask for the running program first, then for each path in turn: which file is it, and may it be executed?"""
    calls = [call for path in [_PROGRAM, *_search(config)] for call in (statx(path), _may_execute(path))]
    return Action("search PATH for args[0]", tuple(calls))


def _may_execute(path: str) -> Call:
    # faccessat(2) knows of mounts with noexec and of the caller's rights, which mode bits alone do not tell.
    return Call("faccessat", (AT_FDCWD, c_string(path), _X_OK))


def _asks_candidates(config: Config, _host: Host) -> Sequence[Action]:
    return (_candidates(config),) if _search(config) else ()


def _execvp(config: Config, _host: Host, record: Record) -> Evidence:
    answers = results(config, record, _candidates(config))
    program, executable = answers[0], answers[1]
    if executable.value != 0:
        raise Inconclusive(f"{_PROGRAM} cannot be looked at from inside: error {executable.errno}")
    actual = status_of(program)
    found = (_executable(*pair) for pair in zip(answers[2::2], answers[3::2], strict=True))
    chosen = next((status for status in found if status is not None), None)
    if chosen is None or chosen.identity != actual.identity:
        violated(expected={"first executable of": _search(config), "is": chosen}, observed=actual)
    return Evidence({"first executable of": _search(config)}, actual)


def _executable(looked: CallResult, permitted: CallResult) -> FileStatus | None:
    if looked.errno or permitted.errno:
        return None
    status = status_of(looked)
    return status if stat.S_ISREG(status.mode) else None


# oomScoreAdj


def _sets_oom_score(config: Config, host: Host) -> Applicability:
    value = lookup(config, "/process/oomScoreAdj")
    if not isinstance(value, int):
        return False
    if value < host.oom_score_adj and not host.can(CAP_SYS_RESOURCE):
        return NotTestable("without CAP_SYS_RESOURCE oom_score_adj cannot be lowered")
    return True


def _oom_score_set(config: Config, _host: Host, record: Record) -> Evidence:
    return equal(expected=lookup(config, "/process/oomScoreAdj"), observed=running(record).process.oom_score_adj)


def _leaves_oom_score(config: Config, _host: Host) -> Applicability:
    process = lookup(config, "/process")
    return isinstance(process, Mapping) and process.get("oomScoreAdj") is None


def _oom_score_unset(_config: Config, host: Host, record: Record) -> Evidence:
    return equal(expected=host.oom_score_adj, observed=running(record).process.oom_score_adj)


def _descriptors(_config: Config, _host: Host, record: Record) -> Evidence:
    """Look at what the harness never asked to be passed on; that a runtime passes more is recorded, since it may."""
    seen = running(record).process.descriptors
    if not seen:
        raise Inconclusive("no descriptor could be seen")
    return equal(expected={}, observed={number: link for number, link in seen.items() if number > 2}, evidence=seen)


EXPECTATIONS = (
    Expectation(requirement="runtime-linux.fds.default", judge=_descriptors),
    Expectation(requirement="config.process.cwd.effect", applies=_has_cwd, probes=_asks_where, judge=_cwd, sees="probe"),
    Expectation(requirement="config.process.env.effect", applies=_has_variables, judge=_env),
    Expectation(requirement="config.process.args.effect", applies=_has_args, judge=_args),
    Expectation(
        requirement="config.process.args.execvp-file",
        applies=_is_searched,
        probes=_asks_candidates,
        judge=_execvp,
        sees="probe",
    ),
    Expectation(requirement="config.process.oomscoreadj.set", applies=_sets_oom_score, judge=_oom_score_set),
    Expectation(requirement="config.process.oomscoreadj.unset", applies=_leaves_oom_score, judge=_oom_score_unset),
)
