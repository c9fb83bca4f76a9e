"""config.md, POSIX process: resource limits, as getrlimit inside the container tells them."""

import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.expectations.calls import results
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    must_be_refused,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, CallResult, Out
from conformance.record.record import Record
from specs.linux.rlimits import RLIMITS

_NO_NEW_LIMIT = 0
_RLIMIT64_SIZE = 16


def _entries(config: Config) -> list[Mapping[str, Any]]:
    entries = lookup(config, "/process/rlimits") or []
    return [entry for entry in entries if isinstance(entry, Mapping) and isinstance(entry.get("type"), str)]


def _mapped(config: Config) -> dict[str, Mapping[str, Any]]:
    return {entry["type"]: entry for entry in _entries(config) if entry["type"] in RLIMITS}


def _sets_limits(config: Config, _host: Host) -> Applicability:
    return bool(_mapped(config)) and not _repeated(config) and not _unmappable(config)


def _getrlimit(config: Config) -> Action:
    """prlimit(2) on the caller itself with nothing to set is getrlimit with 64 bits on every architecture."""
    calls = (Call("prlimit64", (0, RLIMITS[name], _NO_NEW_LIMIT, Out(_RLIMIT64_SIZE))) for name in _mapped(config))
    return Action(f"getrlimit {' '.join(_mapped(config))}", tuple(calls))


def _asks_limits(config: Config, host: Host) -> Sequence[Action]:
    return (_getrlimit(config),) if _sets_limits(config, host) else ()


def _asked(config: Config, record: Record) -> dict[str, CallResult]:
    return dict(zip(_mapped(config), results(config, record, _getrlimit(config)), strict=True))


def _matches(which: str, position: int) -> Judge:
    """Judge the soft (position 0 of struct rlimit) or the hard limit (position 1)."""

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        observed = {name: _limit(result, position) for name, result in _asked(config, record).items()}
        expected = {name: entry.get(which) for name, entry in _mapped(config).items() if not _kernel_changes(entry)}
        wrong = {name: observed[name] for name, value in expected.items() if value != observed[name]}
        if wrong:
            violated(expected={name: expected[name] for name in wrong}, observed=wrong)
        if not expected:
            raise Inconclusive("the kernel keeps none of these limits as they are given")
        return Evidence(expected, observed)

    return judge


def _limit(result: CallResult, position: int) -> int:
    if result.value != 0 or len(result.data) < _RLIMIT64_SIZE:
        raise Inconclusive(f"getrlimit failed with error {result.errno}")
    limit: int = struct.unpack_from("<2Q", result.data)[position]
    return limit


def _kernel_changes(entry: Mapping[str, Any]) -> bool:
    # Setting no CPU time at all is taken as one second: setrlimit(2).
    return entry["type"] == "RLIMIT_CPU" and entry.get("soft") == 0


def _getrlimit_succeeds(config: Config, _host: Host, record: Record) -> Evidence:
    errors = {name: result.errno for name, result in _asked(config, record).items() if result.value != 0}
    if errors:
        violated(expected="getrlimit succeeds for each entry", observed={"errors": errors})
    return Evidence("getrlimit succeeds for each entry", sorted(_mapped(config)))


# Configs that are wrong


def _repeated(config: Config) -> list[str]:
    counts = Counter(entry["type"] for entry in _entries(config))
    return sorted(name for name, count in counts.items() if count > 1)


def _unmappable(config: Config) -> list[str]:
    """Return the types that no reading maps to a limit: some runtimes read them without regard to case or prefix."""
    return sorted(entry["type"] for entry in _entries(config) if _canonical(entry["type"]) not in RLIMITS)


def _canonical(name: str) -> str:
    return "RLIMIT_" + name.upper().removeprefix("RLIMIT_")


def _has_unmappable(config: Config, _host: Host) -> Applicability:
    return bool(_unmappable(config))


def _unmappable_refused(config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect=f"no such limits: {', '.join(_unmappable(config))}")


def _has_repeated(config: Config, _host: Host) -> Applicability:
    return bool(_repeated(config))


def _repeated_refused(config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect=f"limits given twice: {', '.join(_repeated(config))}")


EXPECTATIONS = (
    Expectation(
        requirement="config.process.rlimits.soft.effect",
        applies=_sets_limits,
        probes=_asks_limits,
        judge=_matches("soft", 0),
        sees="probe",
    ),
    Expectation(
        requirement="config.process.rlimits.hard.effect",
        applies=_sets_limits,
        probes=_asks_limits,
        judge=_matches("hard", 1),
        sees="probe",
    ),
    Expectation(
        requirement="config.process.rlimits.getrlimit-succeeds",
        applies=_sets_limits,
        probes=_asks_limits,
        judge=_getrlimit_succeeds,
        sees="probe",
    ),
    Expectation(
        requirement="config.process.rlimits.type.unmappable-error",
        applies=_has_unmappable,
        judge=_unmappable_refused,
        sees="runtime",
        judges_refusal=True,
    ),
    Expectation(
        requirement="config.process.rlimits.duplicate-error",
        applies=_has_repeated,
        judge=_repeated_refused,
        sees="runtime",
        judges_refusal=True,
    ),
)
