"""config-linux.md, Personality: the execution domain of the program; personality(2)."""

from collections.abc import Sequence

from conformance.expectations.calls import number, results
from conformance.expectations.contract import Applicability, Evidence, Expectation, equal, must_be_refused
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call
from conformance.record.record import Record
from specs.linux.personality import DOMAINS, PER_MASK

_ASK = 0xFFFFFFFF
_PERSONALITY = Action("ask the personality", (Call("personality", (_ASK,)),))


def _sets_domain(config: Config, _host: Host) -> Applicability:
    return lookup(config, "/linux/personality/domain") in DOMAINS


def _asks(config: Config, host: Host) -> Sequence[Action]:
    return (_PERSONALITY,) if _sets_domain(config, host) else ()


def _domain(config: Config, _host: Host, record: Record) -> Evidence:
    # The bits above are flags, which are inherited: setarch(8) sets them for whatever it starts.
    domain = number(results(config, record, _PERSONALITY)[0]) & PER_MASK
    return equal(expected=DOMAINS[lookup(config, "/linux/personality/domain")], observed=domain)


def _flags(config: Config) -> list[object]:
    flags = lookup(config, "/linux/personality/flags")
    return flags if isinstance(flags, list) else []


def _sets_flags(config: Config, _host: Host) -> Applicability:
    return bool(_flags(config))


def _flags_refused(config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect=f"flags of the personality that the spec does not have: {_flags(config)}")


EXPECTATIONS = (
    Expectation(
        requirement="linux.personality.domain.values",
        applies=_sets_domain,
        probes=_asks,
        judge=_domain,
        sees="probe",
    ),
    Expectation(
        requirement="linux.personality.flags.none",
        applies=_sets_flags,
        judge=_flags_refused,
        sees="runtime",
        judges_refusal=True,
    ),
)
