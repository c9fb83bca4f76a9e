"""config-linux.md, Huge page limits: on reservations where the kernel accounts them, else on use.

The kernel rounds a limit down to whole pages.
"""

import re
from collections.abc import Callable

from conformance.expectations.block_io import entries
from conformance.expectations.cgroups import MOST_MEMORY, version
from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    running,
    violated,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

_SIZE = re.compile(r"(\d+)(KB|MB|GB)")
_UNITS = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_RESERVATIONS = (5, 7, 0)
"""The first Linux that accounts reservations: hugetlb.SIZE.rsvd beside hugetlb.SIZE."""


def _limits(config: Config) -> dict[str, int]:
    """Return page size ("2MB") to limit; none where `unified` sets the same files."""
    if any(name.startswith("hugetlb.") for name in lookup(config, "/linux/resources/unified") or {}):
        return {}
    found = {entry["pageSize"]: entry["limit"] for entry in entries(config, "hugepageLimits") if "limit" in entry}
    return {size: limit for size, limit in found.items() if _SIZE.fullmatch(size) and 0 < limit <= MOST_MEMORY}


def _accepted(size: str, limit: int) -> set[int]:
    number, unit = _SIZE.fullmatch(size).groups()  # type: ignore[union-attr]  # `_limits` has let no other size through
    page = int(number) * _UNITS[unit]
    return {limit, limit - limit % page}


def _shown(record: Record, host: Host, size: str, account: str) -> int | None:
    word = "limit_in_bytes" if version(host, "hugetlb") == "v1" else "max"
    content = running(record).cgroups.values.get(f"hugetlb.{size}.{'rsvd.' if account == 'reservations' else ''}{word}")
    if content is None:
        return None
    return int(content) if content.isdigit() else MOST_MEMORY


def _applies(lacking: Callable[[Host], str]) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if not _limits(config):
            return False
        if version(host, "hugetlb") is None:
            return NotTestable("this lane has no hugetlb controller")
        return NotTestable(lacking(host)) if lacking(host) else True

    return applies


def _judge(*accounts: str) -> Callable[[Config, Host, Record], Evidence]:
    """Demand the limit in one of these accounts: "reservations" or "use"."""

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        limits = _limits(config)
        observed = {size: {account: _shown(record, host, size, account) for account in accounts} for size in limits}
        for size, limit in limits.items():
            if all(value is None for value in observed[size].values()):
                raise Inconclusive(f"the limit for pages of {size} could not be read")
            if not _accepted(size, limit) & set(observed[size].values()):
                violated(expected={size: limit}, observed=observed[size])
        return Evidence(limits, observed)

    return judge


def _nothing(_host: Host) -> str:
    return ""


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(requirement="linux.hugepage.limit.effect", applies=_applies(_nothing), judge=_judge("reservations", "use")),
    Expectation(
        requirement="linux.hugepage.reservation-first",
        applies=_applies(lambda host: "" if host.kernel >= _RESERVATIONS else "Linux 5.7, which accounts reservations"),
        judge=_judge("reservations"),
    ),
    Expectation(
        requirement="linux.hugepage.fallback",
        applies=_applies(lambda host: "Linux before 5.7, which accounts use alone" if host.kernel >= _RESERVATIONS else ""),
        judge=_judge("use"),
    ),
)
