"""config.md, Hostname and Domainname: what uname(2) tells the program.

Judged with a new UTS namespace only; with a joined or inherited one the text leaves open whose name it is.
"""

from collections.abc import Sequence

from conformance.expectations.calls import number, results
from conformance.expectations.contract import Applicability, Applies, Evidence, Expectation, Inconclusive, Judge, Probes, equal
from conformance.expectations.namespaces import is_new
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Out
from conformance.record.record import Record

_FIELD = 65  # bytes of each field of struct new_utsname, on every architecture
_NODENAME, _DOMAINNAME = 1, 5
_UNAME = Action("uname", (Call("uname", (Out(6 * _FIELD),)),))


def _sets(name: str) -> Applies:
    def applies(config: Config, _host: Host) -> Applicability:
        value = lookup(config, f"/{name}")
        # A kernel parameter of the same meaning would be a second, maybe contradicting, wish.
        overridden = f"kernel.{name}" in (lookup(config, "/linux/sysctl") or {})
        return isinstance(value, str) and bool(value) and is_new(config, "uts") and not overridden

    return applies


def _asking(applies: Applies) -> Probes:
    def probes(config: Config, host: Host) -> Sequence[Action]:
        return (_UNAME,) if applies(config, host) is True else ()

    return probes


def _named(name: str, field: int) -> Judge:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        (uname,) = results(config, record, _UNAME)
        if number(uname) != 0 or not any(uname.data):
            raise Inconclusive("uname filled nothing in")
        observed = uname.data[field * _FIELD : (field + 1) * _FIELD].partition(b"\0")[0]
        return equal(expected=lookup(config, f"/{name}"), observed=observed.decode(errors="surrogateescape"))

    return judge


def _expectation(name: str, field: int) -> Expectation:
    applies = _sets(name)
    return Expectation(
        requirement=f"config.{name}.effect",
        applies=applies,
        probes=_asking(applies),
        judge=_named(name, field),
        sees="probe",
    )


EXPECTATIONS = (_expectation("hostname", _NODENAME), _expectation("domainname", _DOMAINNAME))
