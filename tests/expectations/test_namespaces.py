"""Namespaces and what belongs to them: seen right, seen wrong, and configs that leave it open."""

from typing import Any

import pytest

from conformance.expectations import namespaces, personality, sysctl, userns, uts
from conformance.expectations.contract import Expectation, Inconclusive, Violation
from conformance.record.probe import CallResult
from tests.expectations.records import (
    HOST_NAMESPACES,
    accepted,
    answered,
    host,
    judged,
    named,
    process,
    record,
    refused,
    snapshot,
)

NEW = named(namespaces.EXPECTATIONS, "linux.namespaces.no-path-new")
PID = named(namespaces.EXPECTATIONS, "linux.namespaces.type.pid")
JOIN = named(namespaces.EXPECTATIONS, "linux.namespaces.path.join")
INHERITED = named(namespaces.EXPECTATIONS, "linux.namespaces.unlisted-inherited")
MISMATCH = named(namespaces.EXPECTATIONS, "linux.namespaces.path.type-mismatch-error")
ABSOLUTE = named(namespaces.EXPECTATIONS, "linux.namespaces.path.absolute")
TWICE = named(namespaces.EXPECTATIONS, "linux.namespaces.duplicate-error")
HOSTNAME = named(uts.EXPECTATIONS, "config.hostname.effect")
DOMAINNAME = named(uts.EXPECTATIONS, "config.domainname.effect")
UID_MAP = named(userns.EXPECTATIONS, "linux.userns.uidmappings.effect")
GID_MAP = named(userns.EXPECTATIONS, "linux.userns.gidmappings.effect")
SYSCTL = named(sysctl.EXPECTATIONS, "linux.sysctl.effect")
DOMAIN = named(personality.EXPECTATIONS, "linux.personality.domain.values")


def _config(*kinds: str, paths: dict[str, str] | None = None, **members: Any) -> dict[str, Any]:
    entries = [*({"type": kind} for kind in kinds), *({"type": k, "path": path} for k, path in (paths or {}).items())]
    return {"linux": {"namespaces": entries, **members}}


def _namespaces(**inodes: int) -> dict[str, int]:
    return {**HOST_NAMESPACES, **inodes}


def test_listed_namespaces_are_new() -> None:
    config = _config("pid", "network")
    judged(NEW, record(config, running=snapshot(namespaces=_namespaces(pid=50, net=51))))
    with pytest.raises(Violation):
        judged(NEW, record(config, running=snapshot(namespaces=_namespaces(pid=50))))
    with pytest.raises(Inconclusive):
        judged(NEW, record(config))


@pytest.mark.parametrize(
    "config", [_config(), _config(paths={"uts": "/x"}), _config("uts", paths={"uts": "/x"}), _config("unheard of")]
)
def test_nothing_new_is_asked_for(config: dict[str, Any]) -> None:
    assert NEW.applies(config, host()) is False


def test_a_type_that_the_kernel_lacks_is_not_judged() -> None:
    without_time = {name: inode for name, inode in HOST_NAMESPACES.items() if name != "time"}
    assert NEW.applies(_config("time"), host(namespaces=without_time)) is False


def test_a_new_pid_namespace_lies_below() -> None:
    config = _config("pid")
    judged(PID, record(config, running=snapshot()))
    with pytest.raises(Violation):
        judged(PID, record(config, running=snapshot(process=process(ns_pids=(1000,)))))
    with pytest.raises(Violation):
        judged(PID, record(config, running=snapshot(namespaces=HOST_NAMESPACES)))


def test_joined_namespaces() -> None:
    config = _config("pid", paths={"network": "/run/net", "uts": "/run/uts"})
    known = {"/run/net": 60, "/run/uts": 61}
    judged(JOIN, record(config, running=snapshot(namespaces=_namespaces(net=60, uts=61)), namespace_paths=known))
    with pytest.raises(Violation):
        judged(JOIN, record(config, running=snapshot(namespaces=_namespaces(net=60, uts=99)), namespace_paths=known))
    with pytest.raises(Inconclusive):
        judged(JOIN, record(config, running=snapshot()))


def test_unlisted_namespaces_are_inherited() -> None:
    config = _config("mount", "pid")
    judged(INHERITED, record(config, running=snapshot(namespaces=_namespaces(mnt=70, pid=71))))
    with pytest.raises(Violation):
        judged(INHERITED, record(config, running=snapshot(namespaces=_namespaces(mnt=70, pid=71, ipc=72))))


def test_without_root_an_unlisted_user_namespace_accuses_nobody() -> None:
    config = _config("mount")
    seen = record(config, running=snapshot(namespaces=_namespaces(mnt=70, user=71)))
    judged(INHERITED, seen, host(euid=1000))
    with pytest.raises(Violation):
        judged(INHERITED, seen, host(euid=0))


@pytest.mark.parametrize(
    ("expectation", "config"),
    [
        (MISMATCH, _config(paths={"network": "/proc/self/ns/uts"})),
        (MISMATCH, _config(paths={"uts": "/proc/1/ns/net"})),
        (MISMATCH, _config(paths={"uts": "/proc/self/status"})),
        (ABSOLUTE, _config(paths={"network": "proc/self/ns/net"})),
        (TWICE, _config("uts", "uts")),
        (TWICE, _config("uts", paths={"uts": "/run/uts"})),
    ],
)
def test_wrong_configs_have_to_be_refused(expectation: Expectation, config: dict[str, Any]) -> None:
    judged(expectation, refused(config))
    with pytest.raises(Violation):
        judged(expectation, accepted(config))
    with pytest.raises(Inconclusive):
        judged(expectation, refused(config, twin_runs=False))


@pytest.mark.parametrize("expectation", [MISMATCH, ABSOLUTE, TWICE])
def test_right_configs_are_not_taken_for_wrong_ones(expectation: Expectation) -> None:
    config = _config("pid", paths={"network": "/proc/1/ns/net", "uts": "/run/netns/uts", "pid": "/proc/9/ns/pid_for_children"})
    config["linux"]["namespaces"].pop(0)
    assert expectation.applies(config, host()) is False


def _uname(node: str, domain: str) -> CallResult:
    fields = ("Linux", node, "6.1.0", "#1", "x86_64", domain)
    return CallResult(0, b"".join(field.encode().ljust(65, b"\0") for field in fields))


@pytest.mark.parametrize(("expectation", "name"), [(HOSTNAME, "hostname"), (DOMAINNAME, "domainname")])
def test_names_of_the_uts_namespace(expectation: Expectation, name: str) -> None:
    config = _config("uts") | {name: "right"}
    other = "other"
    right = _uname("right", other) if name == "hostname" else _uname(other, "right")
    judged(expectation, answered(expectation, config, right))
    with pytest.raises(Violation):
        judged(expectation, answered(expectation, config, _uname("wrong", "wrong")))
    with pytest.raises(Inconclusive):
        judged(expectation, answered(expectation, config, CallResult(0, bytes(390))))


@pytest.mark.parametrize(
    "config",
    [_config("pid"), _config(paths={"uts": "/run/uts"}), _config("uts", sysctl={"kernel.hostname": "other"})],
    ids=["inherited", "joined", "a sysctl as well"],
)
def test_names_are_judged_in_an_own_uts_namespace_only(config: dict[str, Any]) -> None:
    assert HOSTNAME.applies(config | {"hostname": "name"}, host()) is False


MAPPED = [{"containerID": 0, "hostID": 1000, "size": 10}, {"containerID": 10, "hostID": 1010, "size": 5}]


@pytest.mark.parametrize(
    ("expectation", "given", "read"), [(UID_MAP, "uidMappings", "uid_map"), (GID_MAP, "gidMappings", "gid_map")]
)
def test_id_maps(expectation: Expectation, given: str, read: str) -> None:
    config = _config("user")
    config["linux"][given] = MAPPED
    for rows in (((10, 1010, 5), (0, 1000, 10)), ((0, 1000, 15),)):
        judged(expectation, record(config, running=snapshot(process=process(**{read: rows}))))
    for wrong in ((), ((0, 1000, 10),), ((0, 1000, 16),), ((0, 0, 15),)):
        with pytest.raises(Violation):
            judged(expectation, record(config, running=snapshot(process=process(**{read: wrong}))))
    joined = _config(paths={"user": "/run/user"})
    joined["linux"][given] = MAPPED
    assert expectation.applies(joined, host()) is False


PARAMETERS = {"net.core.somaxconn": "333", "net.ipv4.ip_local_port_range": "20000 30001"}


def test_kernel_parameters() -> None:
    config = _config("network", sysctl=PARAMETERS)
    right = {"net.core.somaxconn": "333", "net.ipv4.ip_local_port_range": "20000\t30001"}
    judged(SYSCTL, record(config, running=snapshot(sysctls=right)))
    with pytest.raises(Violation):
        judged(SYSCTL, record(config, running=snapshot(sysctls=right | {"net.core.somaxconn": "4096"})))
    with pytest.raises(Inconclusive):
        judged(SYSCTL, record(config, running=snapshot(sysctls={})))


@pytest.mark.parametrize(("given", "found"), [("0x10", "16"), ("f", "00000f"), ("cubic", "reno")])
def test_a_value_that_the_kernel_may_spell_otherwise_accuses_nobody(given: str, found: str) -> None:
    config = _config("network", sysctl={"net.core.example": given})
    with pytest.raises(Inconclusive):
        judged(SYSCTL, record(config, running=snapshot(sysctls={"net.core.example": found})))


@pytest.mark.parametrize(
    "config",
    [
        _config("ipc", sysctl={"net.core.somaxconn": "1"}),
        _config("network", sysctl={"kernel.msgmax": "1"}),
        _config("network", sysctl={"vm.swappiness": "1"}),
        _config("network", sysctl={"net.ipv4.ip_forward": "1", "net.ipv4.conf.all.forwarding": "0"}),
        _config("network", sysctl={"net/ipv4/conf/eth0.1/forwarding": "1"}),
        _config("uts", sysctl={"kernel.hostname": "a"}) | {"hostname": "b"},
    ],
    ids=["host network", "host ipc", "no namespace", "entangled", "slashes", "set twice"],
)
def test_parameters_that_are_not_judged(config: dict[str, Any]) -> None:
    assert SYSCTL.applies(config, host()) is False


def test_execution_domain() -> None:
    config = _config(personality={"domain": "LINUX32"})
    judged(DOMAIN, answered(DOMAIN, config, 0x0040008))
    with pytest.raises(Violation):
        judged(DOMAIN, answered(DOMAIN, config, 0x0040000))
    assert DOMAIN.applies(_config(personality={"domain": "BSD"}), host()) is False
