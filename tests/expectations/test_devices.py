"""Devices listed and default ones, and the symlinks in /dev."""

import errno
from typing import Any

import pytest

from conformance.bundle.config import base_config
from conformance.expectations.contract import Evidence, Inconclusive, Unexercised, Violation
from conformance.expectations.devices import DEFAULT_DEVICES, EXPECTATIONS, SYMLINKS
from conformance.record.probe import CallResult
from tests.expectations.containers import Container, There, entry, named
from tests.expectations.records import accepted, host, record, refused

NULL = {"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 7, "gid": 8}
NULL_NODE = There(mode=0o020640, rdev=(1, 3), uid=7, gid=8)


def config(*devices: dict[str, Any], **linux: Any) -> dict[str, Any]:
    made = base_config(oci_version="1.0.2")
    made["linux"] |= {"devices": list(devices), **linux}
    return made


def judge(requirement: str, container: Container) -> Evidence:
    found = named(requirement, EXPECTATIONS)
    assert found.applies(container.config, host()) is True
    return found.judge(container.config, host(), container.record(found))


def applies(requirement: str, made: dict[str, Any], **changes: Any) -> object:
    return named(requirement, EXPECTATIONS).applies(made, host(**changes))


def at(place: There | int) -> Container:
    return Container(config(NULL), paths={"/dev/x": place})


@pytest.mark.parametrize(
    ("requirement", "wrong"),
    [
        ("linux.devices.available", There(mode=0o020640, rdev=(1, 5))),
        ("linux.devices.available", There(mode=0o060640, rdev=(1, 3))),
        ("linux.devices.available", There(mode=0o100640)),
        ("linux.devices.available", errno.ENOENT),
        ("linux.devices.filemode.effect", There(mode=0o020600, rdev=(1, 3), uid=7, gid=8)),
        ("linux.devices.uid.effect", There(mode=0o020640, rdev=(1, 3), gid=8)),
        ("linux.devices.gid.effect", There(mode=0o020640, rdev=(1, 3), uid=7)),
    ],
)
def test_a_listed_device(requirement: str, wrong: There | int) -> None:
    assert judge(requirement, at(NULL_NODE))
    with pytest.raises(Violation):
        judge(requirement, at(wrong))
    with pytest.raises(Inconclusive):
        judge(requirement, at(errno.EACCES))
    with pytest.raises(Inconclusive):
        named(requirement, EXPECTATIONS).judge(config(NULL), host(), record(config(NULL)))


@pytest.mark.parametrize(("kind", "mode"), [("u", 0o020644), ("b", 0o060644), ("p", 0o010644)])
def test_types_of_devices(kind: str, mode: int) -> None:
    made = config({"path": "/opt/x", "type": kind, "major": 7, "minor": 1})
    right, wrong = There(mode=mode, rdev=(0, 0) if kind == "p" else (7, 1)), There(mode=0o100644)
    for requirement in ("linux.devices.available", "linux.devices.path.anywhere"):
        assert judge(requirement, Container(made, paths={"/opt/x": right}))
        with pytest.raises(Violation):
            judge(requirement, Container(made, paths={"/opt/x": wrong}))


def test_devices_that_something_else_replaces_are_left_alone() -> None:
    bound = config(NULL)
    bound["mounts"].append(entry("/dev", "none", "/dev", "bind"))
    over = config(NULL)
    over["mounts"].append(entry("/dev/x"))
    covered = [bound, over, config(NULL, NULL), config(NULL, maskedPaths=["/dev"]), config(NULL, namespaces=[])]
    assert [applies("linux.devices.available", made) for made in covered] == [False] * 5
    assert applies("linux.devices.path.anywhere", config(NULL)) is False


def test_mode_and_owner_are_judged_only_where_the_runtime_can_make_nodes() -> None:
    userns = config(NULL, namespaces=[{"type": "mount"}, {"type": "user"}])
    for name in ("filemode", "uid", "gid"):
        assert applies(f"linux.devices.{name}.effect", config(NULL), euid=1000) is False
        assert applies(f"linux.devices.{name}.effect", userns) is False
    assert applies("linux.devices.filemode.effect", config(NULL | {"fileMode": 0o2640})) is False


def test_a_file_in_the_way_has_to_be_refused() -> None:
    found = named("linux.devices.path.mismatch-error", EXPECTATIONS)
    made = config(NULL)
    assert found.judge(made, host(), refused(made)).kind == "refused"
    with pytest.raises(Violation):
        found.judge(made, host(), accepted(made))
    with pytest.raises(Inconclusive):
        found.judge(made, host(), refused(made, twin_runs=False))


def test_a_device_that_should_have_been_refused_is_not_accused_twice() -> None:
    found, container = named("linux.devices.available", EXPECTATIONS), at(There(mode=0o100644))
    seen = container.record(found)
    seen.twin = record(config())
    with pytest.raises(Inconclusive):
        found.judge(container.config, host(), seen)


@pytest.mark.parametrize("name", DEFAULT_DEVICES)
def test_default_devices(name: str) -> None:
    requirement = f"linux.default-devices.{name}"
    right = There(mode=0o020666, rdev=DEFAULT_DEVICES[name])
    assert judge(requirement, Container(paths={f"/dev/{name}": right}))
    for wrong in (There(mode=0o020666, rdev=(9, 9)), There(mode=0o100644), errno.ENOENT):
        with pytest.raises(Violation):
            judge(requirement, Container(paths={f"/dev/{name}": wrong}))
    with pytest.raises(Inconclusive):
        judge(requirement, Container(paths={f"/dev/{name}": errno.EACCES}))


def test_default_devices_that_the_config_replaces_are_left_alone() -> None:
    makers = (
        entry("/dev", "none", "/dev", "bind"),
        entry("/dev"),
        entry("/dev/null", "none", "/dev/zero", "bind"),
        entry("/"),
    )
    for mounted in makers:
        made = config()
        made["mounts"].append(mounted)
        assert applies("linux.default-devices.null", made) is False
    for made in (config(NULL | {"path": "/dev/null"}), config(maskedPaths=["/dev/null"]), config(namespaces=[])):
        assert applies("linux.default-devices.null", made) is False
    assert applies("linux.default-devices.null", config(NULL, maskedPaths=["/dev/zero"])) is True


def test_ptmx_is_the_containers_own() -> None:
    own = There(mode=0o020666, rdev=(5, 2), device=(0, 9), inode=2)
    other = There(mode=0o020666, rdev=(5, 2), device=(0, 8), inode=2)
    requirement = "linux.default-devices.ptmx"
    assert judge(requirement, Container(paths={"/dev/ptmx": own, "/dev/pts/ptmx": own}))
    for paths in ({"/dev/ptmx": other, "/dev/pts/ptmx": own}, {"/dev/pts/ptmx": own}):
        with pytest.raises(Violation):
            judge(requirement, Container(paths=paths))
    with pytest.raises(Unexercised):
        judge(requirement, Container(paths={}))


@pytest.mark.parametrize("name", SYMLINKS)
def test_symlinks(name: str) -> None:
    requirement, target = f"runtime-linux.dev-symlinks.{name}", SYMLINKS[name]

    def linked(result: CallResult, *, nowhere: int = errno.ENOENT, there: bool = True) -> Evidence:
        calls = {f"readlink /dev/{name}": (CallResult(-nowhere), result)}
        return judge(requirement, Container(paths={target: There()} if there else {}, calls=calls))

    def to(path: str) -> CallResult:
        return CallResult(len(path), path.encode().ljust(4096, b"\0"))

    assert linked(to(target))
    assert linked(to(f"..{target}"))
    for wrong in (to("/proc/self"), CallResult(-errno.EINVAL), CallResult(-errno.ENOENT)):
        with pytest.raises(Violation):
            linked(wrong)
    with pytest.raises(Inconclusive):
        linked(CallResult(-errno.EACCES))
    with pytest.raises(Inconclusive):
        linked(to(target), nowhere=errno.EPERM)
    with pytest.raises(Unexercised):
        linked(CallResult(-errno.ENOENT), there=False)


def test_symlinks_need_proc_and_a_fresh_dev() -> None:
    for dropped in ("/proc", "/dev"):
        made = config()
        made["mounts"] = [mounted for mounted in made["mounts"] if mounted["destination"] != dropped]
        assert applies("runtime-linux.dev-symlinks.fd", made) is False
    assert applies("runtime-linux.dev-symlinks.fd", config(NULL | {"path": "/dev/fd"})) is False
