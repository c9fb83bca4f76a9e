"""config-linux.md, Network and RDMA: tags and priorities of packets, and limits of RDMA devices, in their control files."""

from collections.abc import Callable, Mapping

from conformance.expectations.block_io import content_of, entries, lines, pairs
from conformance.expectations.cgroups import control, version
from conformance.expectations.contract import Applicability, Evidence, Expectation, NotTestable, violated
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record


def _class_id(config: Config) -> int | None:
    value = lookup(config, "/linux/resources/network/classID")
    return value if isinstance(value, int) and value > 0 else None


def _priorities(config: Config) -> dict[str, int]:
    found = entries(config, "network/priorities")
    return {entry["name"]: entry["priority"] for entry in found if "name" in entry and entry.get("priority")}


def _needs(controller: str, wants: Callable[[Config], object]) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if not wants(config):
            return False
        return version(host, controller) is not None or NotTestable(f"this lane has no {controller} controller")

    return applies


def _judge_class_id(config: Config, _host: Host, record: Record) -> Evidence:
    observed = control(record, "net_cls.classid")
    if observed != _class_id(config):
        violated(expected={"net_cls.classid": _class_id(config)}, observed={"net_cls.classid": observed})
    return Evidence({"net_cls.classid": _class_id(config)}, {"net_cls.classid": observed})


def _judge_priorities(config: Config, _host: Host, record: Record) -> Evidence:
    shown = dict(lines(content_of(record, "net_prio.ifpriomap")))
    expected = {name: str(priority) for name, priority in _priorities(config).items()}
    if not expected.items() <= shown.items():
        violated(expected={"net_prio.ifpriomap": expected}, observed={"net_prio.ifpriomap": shown})
    return Evidence({"net_prio.ifpriomap": expected}, {"net_prio.ifpriomap": shown})


# RDMA


def _rdma(requirement: str, member: str, word: str) -> Expectation:
    def wanted(config: Config) -> dict[str, int]:
        devices = lookup(config, "/linux/resources/rdma") or {}
        return {name: limits[member] for name, limits in devices.items() if isinstance(limits, Mapping) and member in limits}

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        shown = dict(lines(content_of(record, "rdma.max")))
        expected = {name: str(limit) for name, limit in wanted(config).items()}
        observed = {name: dict(pairs(shown.get(name, ""))).get(word) for name in expected}
        if observed != expected:
            violated(expected={word: expected}, observed={word: observed})
        return Evidence({word: expected}, {word: observed})

    return Expectation(requirement=f"linux.rdma.{requirement}.effect", applies=_needs("rdma", wanted), judge=judge)


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(requirement="linux.network.classid.effect", applies=_needs("net_cls", _class_id), judge=_judge_class_id),
    Expectation(requirement="linux.network.priorities.effect", applies=_needs("net_prio", _priorities), judge=_judge_priorities),
    _rdma("hcahandles", "hcaHandles", "hca_handle"),
    _rdma("hcaobjects", "hcaObjects", "hca_object"),
)
