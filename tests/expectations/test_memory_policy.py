"""Memory policies and mount labels, judged on hand-made answers."""

import struct
from typing import Any

import pytest

from conformance.expectations import memory_policy, mount_label
from conformance.expectations.contract import Inconclusive, NotTestable, Violation
from conformance.record.probe import CallResult
from conformance.record.record import Record
from tests.expectations.containers import Container, entry, mount, on, with_mounts
from tests.expectations.records import answered, host, judged, named, process, record, snapshot

MODE = named(memory_policy.EXPECTATIONS, "linux.memorypolicy.mode.effect")
NODES = named(memory_policy.EXPECTATIONS, "linux.memorypolicy.nodes.effect")
LABEL = named(mount_label.EXPECTATIONS, "linux.mountlabel.effect")


def _config(mode: str, nodes: str | None = None, **members: Any) -> dict[str, Any]:
    policy = {"mode": mode, **({"nodes": nodes} if nodes is not None else {}), **members}
    return {"linux": {"memoryPolicy": policy}}


def _told(config: dict[str, Any], mode: int, *nodes: int) -> Record:
    mask = sum(1 << node for node in nodes).to_bytes(128, "little")
    seen = snapshot(process=process(mems_allowed=frozenset({0, 1, 2})))
    return answered(MODE, config, CallResult(0, struct.pack("=i", mode) + mask), running=seen)


def test_the_mode() -> None:
    judged(MODE, _told(_config("MPOL_BIND", "0"), 2, 0))
    judged(MODE, _told(_config("MPOL_INTERLEAVE", "0", flags=["MPOL_F_STATIC_NODES"]), 3 | 1 << 15, 0))
    judged(MODE, _told(_config("MPOL_DEFAULT"), 0))
    with pytest.raises(Violation):
        judged(MODE, _told(_config("MPOL_BIND", "0"), 0))
    assert MODE.applies(_config("MPOL_PREFERRED"), host()) is False
    assert MODE.applies({"linux": {}}, host()) is False


def test_the_nodes() -> None:
    config = _config("MPOL_BIND", "0-1,7")
    judged(NODES, _told(config, 2, 0, 1, 7))
    judged(NODES, _told(config, 2, 0, 1))
    with pytest.raises(Violation):
        judged(NODES, _told(config, 2, 0))
    with pytest.raises(Inconclusive):
        judged(NODES, _told(config, 0))
    for other in (
        _config("MPOL_PREFERRED", "0-1"),
        _config("MPOL_BIND", "0-"),
        _config("MPOL_BIND", "9999"),
        _config("MPOL_BIND", "0", flags=["MPOL_F_RELATIVE_NODES"]),
    ):
        assert NODES.applies(other, host()) is False


def test_without_an_answer_nothing_is_judged() -> None:
    config = _config("MPOL_BIND", "0")
    for made in (answered(MODE, config, CallResult(-38)), record(config, running=snapshot())):
        with pytest.raises(Inconclusive):
            judged(MODE, made)


def test_labels() -> None:
    config, selinux = with_mounts(entry("/m"), mountLabel="u:r:t:s0:c1,c2"), host(lsms=frozenset({"selinux"}))
    for options, right in ((("rw", 'context="u:r:t:s0:c1', 'c2"'), True), (("rw", "seclabel"), False)):
        made = Container(config, (mount(10, "/m", super_options=options),), {"/m": on(10)}).record(LABEL)
        if right:
            judged(LABEL, made, selinux)
        else:
            with pytest.raises(Violation):
                judged(LABEL, made, selinux)
    assert isinstance(LABEL.applies(config, host()), NotTestable)
    own = with_mounts(entry("/m", "tmpfs", "", "context=other"), mountLabel="u:r:t:s0")
    assert LABEL.applies(own, selinux) is False
