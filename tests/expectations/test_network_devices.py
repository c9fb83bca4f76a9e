"""Network devices, judged on hand-made interfaces."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.expectations import network_devices, terminal
from conformance.expectations.contract import Evidence, Inconclusive, Unexercised, Violation
from conformance.record.record import Record
from conformance.record.snapshot import Link, Mount
from tests.expectations.records import host, judged, named, operation, process, record, snapshot

LO = Link(index=1, name="lo", flags=0x49, mtu=65536, address="00:00:00:00:00:00", addresses=("127.0.0.1/8",))
A = Link(
    index=5, name="a0", flags=0, mtu=1400, address="02:00:00:00:00:0a", addresses=("192.0.2.1/24",), lasting=("192.0.2.1/24",)
)
B = Link(index=6, name="b0", flags=1, mtu=1500, address="02:00:00:00:00:0b", addresses=())
JOINED = "/run/ns/net"


def _config(**devices: dict[str, str]) -> dict[str, Any]:
    return {"linux": {"netDevices": devices, "namespaces": [{"type": "network", "path": JOINED}]}}


def _inside(link: Link, **changes: Any) -> Link:
    return replace(link, index=9, **{"flags": 1, **changes})


def _moved(config: dict[str, Any], *inside: Link, after: tuple[Link, ...] = (LO,), **changes: Any) -> Record:
    """Return a record in which a0 and b0 were outside before create; `inside` is in the running container, `after` outside."""
    outside = {"before": {"": (LO, A, B), JOINED: (LO,)}, "running": {"": after, JOINED: inside}}
    seen = snapshot(links=(LO, *inside))
    return record(config, **{"created": seen, "running": seen, "outside": outside, **changes})


def _of(name: str) -> Any:
    return named(network_devices.EXPECTATIONS, f"linux.netdevices.{name}")


def _right(name: str, made: Record) -> Evidence:
    expectation = _of(name)
    return judged(expectation, made) if expectation.applies(made.config, host()) else expectation.judge(made.config, host(), made)


def _wrong(name: str, made: Record) -> None:
    with pytest.raises(Violation):
        _right(name, made)


def _open(name: str, made: Record) -> None:
    with pytest.raises((Inconclusive, Unexercised)):
        _right(name, made)


def test_they_are_in_the_container_and_nowhere_else() -> None:
    config = _config(a0={}, b0={})
    _right("available", _moved(config, _inside(A), _inside(B)))
    _wrong("available", _moved(config, _inside(A)))
    _wrong("available", _moved(config, _inside(A), _inside(B, address="02:00:00:00:00:ff")))
    _right("moved", _moved(config, _inside(A), _inside(B)))
    _wrong("moved", _moved(config, _inside(A), after=(LO, B)))
    _open("available", record(config, running=snapshot(links=(LO,))))
    _open("available", _moved(_config(c0={}), _inside(A)))


def test_names() -> None:
    config = _config(a0={"name": "eth0"}, b0={})
    made = _moved(config, _inside(A, name="eth0"), _inside(B))
    _right("name.effect", made)
    _right("name.default", made)
    _wrong("name.effect", _moved(config, _inside(A), _inside(B)))
    _wrong("name.default", _moved(config, _inside(A, name="eth0"), _inside(B, name="eth1")))
    _open("name.effect", _moved(config, _inside(B)))
    numbered = _config(a0={"name": "eth%d"})
    _right("template-allowed", _moved(numbered, _inside(A, name="eth3")))
    for name in ("eth", "eth%d", "a0"):
        _wrong("template-allowed", _moved(numbered, _inside(A, name=name)))
    assert _of("name.effect").applies(numbered, host()) is False
    assert _of("name.default").applies(numbered, host()) is False


def test_what_they_had_and_that_they_are_up() -> None:
    config = _config(a0={})
    _right("keep-attributes", _moved(config, _inside(A, lasting=(*A.lasting, "2001:db8::1/64"))))
    _wrong("keep-attributes", _moved(config, _inside(A, lasting=())))
    _wrong("keep-attributes", _moved(config, _inside(A, mtu=1500)))
    # What the program has changed by the time that it runs is its own affair.
    _right("keep-attributes", _moved(config, _inside(A, mtu=1500), created=snapshot(links=(_inside(A),))))
    _right("set-up", _moved(config, _inside(A)))
    _wrong("set-up", _moved(config, _inside(A, flags=0)))


def test_what_cannot_be_moved_is_refused() -> None:
    for config in (_config(a0={}, lo={"name": "lo9"}), _config(a0={}, c0={})):
        started = [operation("create"), operation("start")]
        _wrong("check-movable", _moved(config, _inside(A), operations=started))
        refused = [operation("create", 1)]
        made = _moved(config, operations=refused, snapshots={}, twin=_moved(config, _inside(A)))
        _right("check-movable", made)
        _open("available", made)
        _open("check-movable", replace(made, twin=None))
    _open("check-movable", _moved(_config(a0={}), _inside(A)))


def test_a_name_that_is_taken_is_refused() -> None:
    config = _config(a0={"name": "lo"})
    _wrong("name-clash-error", _moved(config, operations=[operation("create")]))
    made = _moved(config, operations=[operation("create", 1)], snapshots={}, twin=_moved(config, _inside(A)))
    _right("name-clash-error", made)
    _open("name.effect", made)
    _open("name-clash-error", _moved(_config(a0={}), _inside(A)))


def test_a_refusal_satisfies_what_may_be_refused() -> None:
    made = _moved(_config(a0={}), operations=[operation("create", 1)], snapshots={})
    for name in ("available", "moved", "name.default", "keep-attributes", "set-up"):
        assert _right(name, made).kind == "refused"


def test_nobody_touches_them_later() -> None:
    config = _config(a0={})
    changed = snapshot(links=(LO, _inside(A, mtu=1280)))

    def made(mtu: int) -> Record:
        found = _moved(config, _inside(A, mtu=mtu))
        found.snapshots["retuned"] = changed
        return found

    _right("no-management", made(1280))
    _wrong("no-management", made(1400))
    _open("no-management", _moved(config, _inside(A)))


def test_they_stay_in_a_namespace_that_stays() -> None:
    config = _config(a0={})

    def made(*, outside: tuple[Link, ...], inside: tuple[Link, ...]) -> Record:
        found = _moved(config, _inside(A))
        found.outside["deleted"] = {"": (LO, *outside), JOINED: (LO, *inside)}
        return found

    _right("no-move-back", made(outside=(), inside=(_inside(A),)))
    _wrong("no-move-back", made(outside=(A,), inside=()))
    _wrong("no-move-back", made(outside=(), inside=()))
    _open("no-move-back", _moved(config, _inside(A)))


def test_the_terminal_on_the_console() -> None:
    console = named(terminal.EXPECTATIONS, "linux.default-devices.console")
    config = {"process": {"terminal": True}}
    bound = Mount(
        id=9,
        parent=1,
        device=(0, 40),
        root="/3",
        point="/dev/console",
        options=("rw",),
        shared=None,
        master=None,
        unbindable=False,
        fstype="devpts",
        source="devpts",
        super_options=("rw",),
    )
    pts3 = process(tty=136 << 8 | 3)
    judged(console, record(config, running=snapshot(process=pts3, mounts=(bound,))))
    for mounts in ((), (replace(bound, root="/4"),), (replace(bound, fstype="tmpfs"),), (replace(bound, point="/dev/tty"),)):
        with pytest.raises(Violation):
            judged(console, record(config, running=snapshot(process=pts3, mounts=mounts)))
    with pytest.raises(Inconclusive):
        judged(console, record(config, running=snapshot(mounts=(bound,))))
