"""Plans, value by value: mount options, namespaces, capabilities, what becomes of a whole config."""

from typing import Any

import pytest

from conformance.bundle.config import base_config
from reference_runtime.effects.binds import Bind, Remount
from reference_runtime.effects.devices import Device, DevLinks, Ptmx
from reference_runtime.effects.kernel_parameters import parameter_path
from reference_runtime.effects.mounts import Mount
from reference_runtime.kernel import mounts as k
from reference_runtime.kernel import processes as p
from reference_runtime.plan.capabilities import NAMES, plan_capabilities
from reference_runtime.plan.devices import plan_devices
from reference_runtime.plan.mount_options import parse_options
from reference_runtime.plan.mounts import plan_mounts
from reference_runtime.plan.namespaces import plan_namespaces
from specs.linux.mount_options import MOUNT_OPTIONS

ALL = (1 << len(NAMES)) - 1


@pytest.mark.parametrize("name", [n for n, o in MOUNT_OPTIONS.items() if not o.recursive and not o.propagation])
def test_flags_agree_with_the_table_of_the_spec(name: str) -> None:
    """Two tables, written apart: that of the runtime and that of the judge."""
    known = MOUNT_OPTIONS[name]
    options = parse_options([name])
    assert options.data == []
    assert options.flags == known.set & ~(k.MS_REMOUNT | k.MS_BIND)
    if known.clear:
        everything = parse_options(["ro", "nosuid", "nodev", "noexec", "sync", "lazytime", "mand", "iversion", "silent", name])
        assert not everything.flags & known.clear


@pytest.mark.parametrize("name", [n for n, o in MOUNT_OPTIONS.items() if o.recursive and not o.propagation])
def test_recursive_options_are_no_data(name: str) -> None:
    options = parse_options([name])
    assert options.data == []
    assert options.flags == 0
    assert options.recursive_attributes or options.recursive or options.id_map == "ridmap"


@pytest.mark.parametrize(("name", "known"), [(n, o) for n, o in MOUNT_OPTIONS.items() if o.propagation])
def test_propagation(name: str, known: Any) -> None:
    assert parse_options([name]).propagation == [(known.propagation, known.recursive)]


def test_later_options_win() -> None:
    assert parse_options(["ro", "rw"]).flags == 0
    assert parse_options(["rw", "ro"]).flags == k.MS_RDONLY
    options = parse_options(["noatime", "strictatime", "nosuid", "suid"])
    assert (options.flags, options.attributes.set) == (k.MS_STRICTATIME, k.MOUNT_ATTR_STRICTATIME)
    assert options.attributes.clear == k.MOUNT_ATTR__ATIME | k.MOUNT_ATTR_NOSUID


def test_recursive_read_only_then_writable() -> None:
    recursive = parse_options(["rro", "rrw", "rnoatime"]).recursive_attributes
    assert recursive.set == k.MOUNT_ATTR_NOATIME
    assert recursive.clear == k.MOUNT_ATTR_RDONLY | k.MOUNT_ATTR__ATIME


def test_unknown_options_are_data_in_order() -> None:
    assert parse_options(["size=1k", "ro", "mode=755", "x-custom", ""]).data == ["size=1k", "mode=755", "x-custom"]


def test_kinds_of_mounts() -> None:
    mounts: list[dict[str, Any]] = [
        {"destination": "/a", "type": "tmpfs", "source": "x", "options": ["ro"]},
        {"destination": "b/c", "type": "none", "source": "vol", "options": ["rbind"]},
        {"destination": "/a", "options": ["remount", "ro"]},
        {"destination": "/d", "source": "/vol", "options": ["bind"], "uidMappings": [1], "gidMappings": [1]},
    ]
    mounts[3]["uidMappings"] = mounts[3]["gidMappings"] = [{"containerID": 1, "hostID": 2, "size": 3}]
    first, second, third, fourth = plan_mounts({"mounts": mounts}, bundle="/bundle")
    assert isinstance(first, Mount)
    assert isinstance(second, Bind)
    assert isinstance(third, Remount)
    assert isinstance(fourth, Bind)
    assert (second.source, second.destination, second.options.recursive) == ("/bundle/vol", "/b/c", True)
    assert (fourth.options.id_map, fourth.uid_map) == ("idmap", "1 2 3\n")


def test_label_goes_to_file_systems_that_take_one() -> None:
    mounts = [{"destination": "/a", "type": kind} for kind in ("tmpfs", "proc")]
    effects = plan_mounts({"mounts": mounts, "linux": {"mountLabel": "a:b:c:s0"}}, bundle="/")
    assert ['context="a:b:c:s0"' in effect.describe() for effect in effects] == [True, False]


def test_namespaces() -> None:
    linux = {
        "namespaces": [
            {"type": "user", "path": "/u"}, {"type": "network", "path": "/n"}, {"type": "pid"}, {"type": "mount"},
            {"type": "cgroup"}, {"type": "time"},
        ],
        "timeOffsets": {"boottime": {"secs": -5, "nanosecs": 7}, "monotonic": {"secs": 1}},
        "uidMappings": [{"containerID": 0, "hostID": 10, "size": 2}, {"containerID": 5, "hostID": 50, "size": 1}],
    }  # fmt: skip
    plan = plan_namespaces({"linux": linux})
    assert plan.new == p.CLONE_NEWPID | p.CLONE_NEWNS
    assert plan.joined == [
        (p.CLONE_NEWNET, "/n", "$.linux.namespaces[1].path"),
        (p.CLONE_NEWUSER, "/u", "$.linux.namespaces[0].path"),
    ]
    assert (plan.cgroup, plan.time) == (True, True)
    assert plan.time_offsets == "boottime -5 7\nmonotonic 1 0\n"
    assert plan.uid_map == "0 10 2\n5 50 1\n"
    assert plan.has_new("pid")
    assert not plan.has_new("network")
    assert "network" in plan
    assert "uts" not in plan


def test_capabilities_follow_the_kernels_rules() -> None:
    sets = {
        "bounding": ["CAP_CHOWN", "CAP_KILL"],
        "permitted": ["CAP_CHOWN", "CAP_KILL"],
        "effective": ["CAP_CHOWN", "CAP_SYS_ADMIN"],
        "inheritable": ["CAP_CHOWN", "CAP_FOWNER"],
        "ambient": ["CAP_CHOWN", "CAP_KILL"],
    }
    granted, warnings = plan_capabilities(sets, available=ALL)
    assert (granted.effective, granted.inheritable, granted.ambient) == (1, 1, 1)
    assert granted.bounding == granted.permitted == 1 | 1 << 5
    assert [warning.rpartition(": ")[2] for warning in warnings] == ["CAP_SYS_ADMIN", "CAP_FOWNER", "CAP_KILL"]


def test_capabilities_that_nobody_can_grant_only_warn() -> None:
    granted, warnings = plan_capabilities({"bounding": ["CAP_MOON", "CAP_CHOWN"], "permitted": ["CAP_MOON"]}, available=0)
    assert granted.bounding == 0
    assert len(warnings) == 2
    assert "CAP_MOON" in warnings[0]
    assert "CAP_CHOWN" in warnings[1]


def test_default_devices_give_way_to_listed_ones() -> None:
    device = {"type": "c", "path": "/dev/../dev/null", "major": 1, "minor": 3, "fileMode": 0o600, "uid": 4, "gid": 5}
    effects = plan_devices({"linux": {"devices": [device]}})
    paths = [effect.path for effect in effects if isinstance(effect, Device)]
    assert "/dev/null" not in paths
    assert paths[0] == "/dev/../dev/null"
    assert [type(effect) for effect in effects[-2:]] == [DevLinks, Ptmx]


def test_a_bound_dev_is_left_alone() -> None:
    assert plan_devices({"mounts": [{"destination": "/dev", "options": ["rbind"]}]}) == []
    assert plan_devices({"mounts": [{"destination": "/dev", "type": "tmpfs"}]})


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"),
        ("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"),
    ],
)
def test_names_of_kernel_parameters(name: str, path: str) -> None:
    assert parameter_path(name) == path


def test_base_config_has_an_effect_for_each_mount() -> None:
    config = base_config(oci_version="1.3.0")
    assert len(plan_mounts(config, bundle="/b")) == len(config["mounts"])
