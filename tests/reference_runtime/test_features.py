"""The features document: valid by our own schema, true by what the parts do."""

import pytest

from reference_runtime.cgroups.resources import check
from reference_runtime.config.check_linux import NAMESPACES
from reference_runtime.features import document
from reference_runtime.plan.memory_policy import plan_memory_policy
from reference_runtime.plan.mount_options import parse_options
from reference_runtime.seccomp.compile import compile_filter
from specs.linux.capabilities import CAPABILITIES
from specs.linux.mount_options import MOUNT_OPTIONS

FEATURES = document()
LINUX = FEATURES["linux"]


def test_it_is_valid() -> None:
    breaches = pytest.importorskip("specs.validate").breaches
    assert breaches(FEATURES, kind="features") == []
    assert breaches({**FEATURES, "hooks": "prestart"}, kind="features") != []


def test_every_mount_option_is_recognised() -> None:
    """None of them is left over for the file system, and none of the spec's table is missing."""
    assert [name for name in FEATURES["mountOptions"] if parse_options([name]).data] == []
    assert parse_options(["size=1m"]).data == ["size=1m"]
    assert set(MOUNT_OPTIONS) <= set(FEATURES["mountOptions"])


def test_seccomp_takes_what_it_announces() -> None:
    seccomp = LINUX["seccomp"]
    for action in seccomp["actions"]:
        for operator in seccomp["operators"]:
            condition = {"index": 0, "op": operator, "value": 1}
            entry = {"names": ["mkdir"], "action": action, "args": [condition]}
            config = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [entry], "listenerPath": "/s"}
            compile_filter({**config, "architectures": seccomp["archs"], "flags": seccomp["knownFlags"]}, machine="x86_64")
    assert set(seccomp["supportedFlags"]) <= set(seccomp["knownFlags"])


def test_names_are_complete() -> None:
    assert LINUX["namespaces"] == sorted(NAMESPACES)
    assert set(LINUX["capabilities"]) == set(CAPABILITIES)
    for mode in LINUX["memoryPolicy"]["modes"]:
        nodes = "" if mode in {"MPOL_DEFAULT", "MPOL_LOCAL"} else "0"
        assert plan_memory_policy({"mode": mode, "nodes": nodes}).name == mode
    check({"rdma": {"mlx5_1": {"hcaHandles": 1}}})
