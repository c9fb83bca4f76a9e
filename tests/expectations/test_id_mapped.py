"""Id-mapped mounts, judged from hand-made mount tables and owners."""

from typing import Any

import pytest

from conformance.expectations.contract import Inconclusive, NotTestable, Violation
from conformance.expectations.id_mapped import EXPECTATIONS
from conformance.record.record import Record
from conformance.record.snapshot import File
from tests.expectations.containers import Container, entry, mount, named, on, with_mounts
from tests.expectations.records import accepted, host, refused

OPTIONS = ("idmap", "ridmap")
USERNS: dict[str, Any] = {
    "namespaces": [{"type": "mount"}, {"type": "user"}],
    "uidMappings": [{"containerID": 0, "hostID": 300, "size": 10}],
    "gidMappings": [{"containerID": 0, "hostID": 400, "size": 10}],
}


def _bound(option: str, source: str = "/bundle-host/volume") -> dict[str, Any]:
    return entry("/m", "none", source, "rbind", option)


def _given(option: str, source: str = "/bundle-host/volume") -> dict[str, Any]:
    mappings = {name: USERNS[name] for name in ("uidMappings", "gidMappings")}
    return with_mounts(_bound(option, source) | mappings)


def _in_userns(option: str) -> dict[str, Any]:
    return with_mounts(_bound(option), **USERNS)


def _seen(config: dict[str, Any], *, top: bool = True, inner: bool = True, uid: int = 300, gid: int = 400) -> Record:
    marked, plain = ("rw", "idmapped"), ("rw",)
    mounts = (
        mount(10, "/m", options=marked if top else plain),
        mount(11, "/m/in", parent=10, options=marked if inner else plain),
    )
    made = Container(config, mounts, {"/m": on(10)}).record(*EXPECTATIONS)
    file = File(link=None, mode=0o040755, rdev=(0, 0), uid=uid, gid=gid, device=(0, 10), inode=1, size=0, entries=())
    assert made.running is not None
    object.__setattr__(made.running, "files", {"/m": file})
    return made


def _judge(name: str, made: Record) -> object:
    found = named(f"config.mounts.{name}", EXPECTATIONS)
    assert found.applies(made.config, host()) is True
    return found.judge(made.config, host(), made)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", ["", ".mapping-applied", ".mount-setattr"])
def test_the_mark_of_the_kernel(option: str, name: str) -> None:
    for config in (_given(option), _in_userns(option)):
        assert _judge(f"options.{option}{name}", _seen(config))
        with pytest.raises(Violation):
            _judge(f"options.{option}{name}", _seen(config, top=False))
    flat = _seen(_given(option), inner=False)
    if option == "idmap":
        assert _judge(f"options.{option}{name}", flat)
    else:
        with pytest.raises(Violation):
            _judge(f"options.{option}{name}", flat)


@pytest.mark.parametrize("option", OPTIONS)
def test_the_mapping_that_is_given(option: str) -> None:
    for name in (f"options.{option}.use-given", "uidmappings.effect", "gidmappings.effect"):
        assert _judge(name, _seen(_given(option)))
        with pytest.raises(Violation):
            _judge(name, _seen(_given(option), uid=0, gid=0))
        with pytest.raises(Inconclusive):
            _judge(name, _seen(_given(option, "/volume")))
    for name in ("uidmappings.mount-setattr", "gidmappings.mount-setattr"):
        assert _judge(name, _seen(_given(option)))
        with pytest.raises(Violation):
            _judge(name, _seen(_given(option), top=False))


@pytest.mark.parametrize("option", OPTIONS)
def test_the_mapping_of_the_user_namespace(option: str) -> None:
    config = _in_userns(option)
    assert _judge(f"options.{option}.use-userns", _seen(config))
    with pytest.raises(Violation):
        _judge(f"options.{option}.use-userns", refused(config))
    assert _judge(f"options.{option}.else-error", _seen(config))
    assert _judge(f"options.{option}.else-error", refused(config))
    for name in ("use-userns", "else-error"):
        with pytest.raises(Violation):
            _judge(f"options.{option}.{name}", _seen(config, uid=0))


@pytest.mark.parametrize("option", OPTIONS)
def test_nothing_to_map_with(option: str) -> None:
    config = with_mounts(_bound(option))
    assert _judge(f"options.{option}.no-userns-error", refused(config))
    with pytest.raises(Violation):
        _judge(f"options.{option}.no-userns-error", accepted(config))


def test_who_cannot_be_judged() -> None:
    found = named("config.mounts.options.idmap", EXPECTATIONS)
    assert isinstance(found.applies(_given("idmap"), host(kernel=(5, 11, 0))), NotTestable)
    assert found.applies(with_mounts(_bound("idmap")), host()) is False
    assert found.applies(_given("ridmap"), host()) is False
    outside = _given("idmap")
    outside["mounts"][0]["uidMappings"] = [{"containerID": 5, "hostID": 300, "size": 1}]
    with pytest.raises(Inconclusive):
        _judge("uidmappings.effect", _seen(outside))
