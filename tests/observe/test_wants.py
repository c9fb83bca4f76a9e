"""Which parts a config asks for: pure."""

import pytest

from conformance.observe import sysctl
from conformance.observe.wants import wants_of
from tests.observe.hosts import host

V1 = host({"cpu": "/c/cpu", "memory": "/c/memory", "devices": "/c/devices", "": "/c/unified"})
V2 = host({"": "/c"})


def test_an_empty_config_wants_nothing() -> None:
    wants = wants_of({}, V2)
    assert (wants.control_files, wants.files, wants.sysctls) == ({}, (), None)
    assert [wants.device_programs, wants.seccomp, wants.links, wants.uts] == [False] * 4
    assert wants.cgroup_mounts == V2.cgroup_mounts


def test_resources() -> None:
    config = {
        "linux": {
            "resources": {
                "memory": {"limit": 1},
                "cpu": {"shares": 2},
                "pids": {"limit": 3},
                "hugepageLimits": [{"pageSize": "1GB"}, {"pageSize": "../x"}, 7],
                "unified": {"memory.high": "1", "../escape": "2"},
            }
        }
    }
    v1 = wants_of(config, V1).control_files
    assert "memory.limit_in_bytes" in v1["memory"]
    assert "cpu.shares" in v1["cpu"]
    assert "cpuset" not in v1  # not mounted
    assert set(v1[""]) == {"pids.max", "memory.high"} | {f"hugetlb.{s}.{w}" for s in ("2MB", "1GB") for w in ("max", "rsvd.max")}
    v2 = wants_of(config, V2).control_files
    assert set(v2) == {""}
    assert {"memory.max", "cpu.weight", "cpuset.cpus", "pids.max", "hugetlb.1GB.max", "memory.high"} <= set(v2[""])


@pytest.mark.parametrize("linux", [{"devices": [{"path": "/dev/x"}]}, {"resources": {"devices": []}}])
def test_device_rules(linux: dict[str, object]) -> None:
    v1, v2 = wants_of({"linux": linux}, V1), wants_of({"linux": linux}, V2)
    assert (v1.device_programs, v1.control_files) == (False, {"devices": ("devices.list",)})
    assert v2.device_programs
    unprivileged = host({"": "/c"}, capabilities=0)
    assert not wants_of({"linux": linux}, unprivileged).device_programs


def test_other_parts() -> None:
    config = {"linux": {"seccomp": {}, "sysctl": {"a.b": "1"}, "netDevices": {}}, "domainname": "d"}
    wants = wants_of(config, V2)
    assert wants.seccomp
    assert wants.links
    assert wants.uts
    assert wants.sysctls == ("a.b",)
    assert not wants_of(config, host({}, seccomp=False)).seccomp


def test_no_config_asks_for_paths() -> None:
    config = {"mounts": [{"destination": "/dev"}], "linux": {"devices": [{"path": "/dev/x"}], "maskedPaths": ["/m"]}}
    assert wants_of(config, V2).files == ()


@pytest.mark.parametrize("value", [None, 5, "text", [1], {"a": 1}])
def test_broken_configs(value: object) -> None:
    names = ("resources", "devices", "sysctl", "netDevices", "seccomp")
    wants_of({"linux": dict.fromkeys(names, value)}, V1)
    wants_of({"linux": value}, V2)
    wants_of({"linux": {"resources": {"hugepageLimits": value, "unified": value}}}, V2)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.1/forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"),
        ("net.ipv4.conf.eth0/1.forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"),
        ("kernel", "/proc/sys/kernel"),
        ("../../etc/passwd", None),
        ("kernel/../../x", None),
        ("", None),
        (".a", None),
        ("a\0", None),
    ],
)
def test_names_of_sysctls(name: str, path: str | None) -> None:
    assert sysctl.path_of(name) == path
