"""config-linux.md, Block IO: rates and weights, as control files with a line for each device show them.

Weights on cgroup v2 are left out: the text does not fix how they convert.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.expectations.cgroups import control, version
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

_WITHOUT_CFQ = (5, 0, 0)
"""The first Linux without the only scheduler that has leaf weights."""


def content_of(record: Record, file: str) -> str:
    """Return a control file of the container's cgroup; raises Inconclusive if it could not be read."""
    content = running(record).cgroups.values.get(file)
    if content is None:
        raise Inconclusive(f"{file} could not be read")
    return content


def entries(config: Config, pointer: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list below `linux.resources`."""
    found = lookup(config, f"/linux/resources/{pointer}")
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _numbers(config: Config, name: str, member: str) -> dict[str, int]:
    """Return device number ("8:0") to what the last entry for it says."""
    return {
        f"{entry['major']}:{entry['minor']}": entry[member]
        for entry in entries(config, f"blockIO/{name}")
        if isinstance(entry.get(member), int) and "major" in entry and "minor" in entry
    }


# Block devices


def _throttle(requirement: str, *, name: str, v1: str, v2: str) -> Expectation:
    def wanted(config: Config) -> dict[str, int]:
        return {device: rate for device, rate in _numbers(config, name, "rate").items() if rate > 0}

    def applies(config: Config, host: Host) -> Applicability:
        if not wanted(config) or "io.max" in (lookup(config, "/linux/resources/unified") or {}):
            return False
        if version(host, "blkio") is None and version(host, "io") is None:
            return NotTestable("this lane has no controller for block devices")
        return True

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        file = v1 if version(host, "blkio") else "io.max"
        found = dict(lines(content_of(record, file)))
        shown = {device: words if file == v1 else dict(pairs(words)).get(v2) for device, words in found.items()}
        expected = {device: str(rate) for device, rate in wanted(config).items()}
        observed = {device: shown.get(device) for device in expected}
        if observed != expected:
            violated(expected={file: expected}, observed={file: observed})
        return Evidence({file: expected}, {file: observed})

    return Expectation(requirement=f"linux.blockio.{requirement}.effect", applies=applies, judge=judge)


def lines(content: str) -> Iterator[tuple[str, str]]:
    """Yield the first word of each line, and the rest of it."""
    for line in content.splitlines():
        first, _, rest = line.partition(" ")
        yield first, rest.strip()


def pairs(words: str) -> Iterator[tuple[str, str]]:
    """Yield names and values of words such as rbps=max."""
    for word in words.split():
        name, _, value = word.partition("=")
        yield name, value


def _on_v1(wants: Callable[[Config], bool], *, with_cfq: bool = False) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if not wants(config):
            return False
        if version(host, "blkio") is None:
            return False if version(host, "io") else NotTestable("this lane has no controller for block devices")
        return not with_cfq or host.kernel < _WITHOUT_CFQ or NotTestable("Linux before 5.0, with the CFQ scheduler")

    return applies


def _weight(config: Config) -> int | None:
    value = lookup(config, "/linux/resources/blockIO/weight")
    return value if isinstance(value, int) and value > 0 else None


def _judge_weight(config: Config, _host: Host, record: Record) -> Evidence:
    """Read the file of whichever I/O scheduler there is; the kernel of today has the one of BFQ."""
    values = running(record).cgroups.values
    files = [file for file in ("blkio.bfq.weight", "blkio.weight") if file in values]
    if not files:
        raise Inconclusive("no I/O scheduler here has weights")
    observed = {file: control(record, file) for file in files}
    if _weight(config) not in observed.values():
        violated(expected=_weight(config), observed=observed)
    return Evidence(_weight(config), observed)


def _leaf_weight(config: Config) -> int | None:
    value = lookup(config, "/linux/resources/blockIO/leafWeight")
    return value if isinstance(value, int) and value > 0 else None


def _judge_leaf_weight(config: Config, _host: Host, record: Record) -> Evidence:
    observed = control(record, "blkio.leaf_weight")
    if observed != _leaf_weight(config):
        violated(expected={"blkio.leaf_weight": _leaf_weight(config)}, observed={"blkio.leaf_weight": observed})
    return Evidence({"blkio.leaf_weight": _leaf_weight(config)}, {"blkio.leaf_weight": observed})


def _device_weight(requirement: str, member: str, files: tuple[str, ...], *, with_cfq: bool) -> Expectation:
    def wanted(config: Config) -> dict[str, int]:
        return {device: weight for device, weight in _numbers(config, "weightDevice", member).items() if weight > 0}

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        values = running(record).cgroups.values
        shown = {file: dict(lines(values[file])) for file in files if file in values}
        if not shown:
            raise Inconclusive("no I/O scheduler here has weights of devices")
        expected = {device: str(weight) for device, weight in wanted(config).items()}
        if not any(expected.items() <= found.items() for found in shown.values()):
            violated(expected=expected, observed=shown)
        return Evidence(expected, shown)

    return Expectation(
        requirement=f"linux.blockio.weightdevice.{requirement}.effect",
        applies=_on_v1(lambda config: bool(wanted(config)), with_cfq=with_cfq),
        judge=judge,
    )


EXPECTATIONS: tuple[Expectation, ...] = (
    _throttle("throttlereadbps", name="throttleReadBpsDevice", v1="blkio.throttle.read_bps_device", v2="rbps"),
    _throttle("throttlewritebps", name="throttleWriteBpsDevice", v1="blkio.throttle.write_bps_device", v2="wbps"),
    _throttle("throttlereadiops", name="throttleReadIOPSDevice", v1="blkio.throttle.read_iops_device", v2="riops"),
    _throttle("throttlewriteiops", name="throttleWriteIOPSDevice", v1="blkio.throttle.write_iops_device", v2="wiops"),
    Expectation(
        requirement="linux.blockio.weight.effect", applies=_on_v1(lambda config: bool(_weight(config))), judge=_judge_weight
    ),
    Expectation(
        requirement="linux.blockio.leafweight.effect",
        applies=_on_v1(lambda config: bool(_leaf_weight(config)), with_cfq=True),
        judge=_judge_leaf_weight,
    ),
    _device_weight("weight", "weight", ("blkio.bfq.weight_device", "blkio.weight_device"), with_cfq=False),
    _device_weight("leafweight", "leafWeight", ("blkio.leaf_weight_device",), with_cfq=True),
)
