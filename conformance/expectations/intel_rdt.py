"""config-linux.md, IntelRdt: what can be seen where the kernel has no resctrl filesystem, that is on most machines."""

from collections.abc import Mapping

from conformance.expectations.contract import Applicability, Evidence, Expectation, NotTestable, must_be_refused
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record


def _asks(config: Config, host: Host) -> Applicability:
    if not isinstance(lookup(config, "/linux/intelRdt"), Mapping):
        return False
    return not host.resctrl or NotTestable("a host without resctrl: here the kernel has it, and it may be mounted")


def _refused(_config: Config, _host: Host, record: Record) -> Evidence:
    return must_be_refused(record, by="start", defect="intelRdt, and no resctrl filesystem is mounted")


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        requirement="linux.intelrdt.no-resctrl-error", applies=_asks, judge=_refused, sees="runtime", judges_refusal=True
    ),
)
