"""Configs that are refused, each by its one defect; the config without it is accepted."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from conformance.bundle.config import base_config
from reference_runtime.commands.spec import example
from reference_runtime.config.check import check
from reference_runtime.fault import RuntimeFault


def config() -> dict[str, Any]:
    return base_config(oci_version="1.3.0")


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Return what sets a member, by names with dots."""

    def edit(document: Any) -> None:
        *parents, last = path.split(".")
        for name in parents:
            document = document[int(name)] if isinstance(document, list) else document.setdefault(name, {})
        document[last] = value

    return edit


ACCEPTED = [
    put("ociVersion", "1.0.0"),
    put("ociVersion", "1.0.2-dev"),
    put("ociVersion", "1.3.9-rc.1+build.7"),
    put("unknown", {"anything": None}),
    put("process.unknown", 3),
    put("process.env", None),
    put("process.consoleSize", {"height": "no terminal, so nobody looks"}),
    put("linux.rootfsPropagation", ""),
    put("linux.sysctl", {"net.ipv4.ip_forward": "1", "kernel.msgmax": "1", "fs.mqueue.msg_max": "2", "net/ipv4/ip_forward": "1"}),
    put("linux.devices", [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "fileMode": 0o20644}]),
    put("hostname", "x" * 64),
    put("hooks", {"poststop": [{"path": "/x", "timeout": 1}]}),
    put("annotations", {"a": ""}),
]


@pytest.mark.parametrize("edit", ACCEPTED, ids=map(str, range(len(ACCEPTED))))
def test_accepted(edit: Callable[[dict[str, Any]], None]) -> None:
    document = config()
    edit(document)
    before = deepcopy(document)
    check(document)
    assert document == before


def test_without_a_process() -> None:
    document = config()
    del document["process"]
    check(document)


@pytest.mark.parametrize("rootless", [False, True])
def test_own_example(*, rootless: bool) -> None:
    check(example(rootless=rootless, uid=1000, gid=1000))


REFUSED: list[tuple[str, Any, str]] = [
    ("ociVersion", "1.4.0", "$.ociVersion"),
    ("ociVersion", "2.0.0", "$.ociVersion"),
    ("ociVersion", "banana", "$.ociVersion"),
    ("ociVersion", "1.3", "$.ociVersion"),
    ("ociVersion", "1.03.0", "$.ociVersion"),
    ("ociVersion", "1.0.0-", "$.ociVersion"),
    ("ociVersion", "1.0.0+", "$.ociVersion"),
    ("ociVersion", 1, "$.ociVersion"),
    ("root", None, "$.root"),
    ("root.path", "", "$.root.path"),
    ("root.readonly", "yes", "$.root.readonly"),
    ("vm", {}, "$.vm"),
    ("windows", {}, "$.windows"),
    ("annotations", {"": "x"}, "$.annotations."),
    ("annotations", {"a": 1}, "$.annotations.a"),
    ("process.cwd", "relative", "$.process.cwd"),
    ("process.args", [], "$.process.args"),
    ("process.args", ["a\0b"], "$.process.args[0]"),
    ("process.user", {"uid": 0}, "$.process.user.gid"),
    ("process.user.uid", -1, "$.process.user.uid"),
    ("process.user.uid", 1 << 32, "$.process.user.uid"),
    ("process.user.uid", True, "$.process.user.uid"),
    ("process.user.umask", 0o1777, "$.process.user.umask"),
    ("process.rlimits", [{"type": "RLIMIT_BOGUS", "soft": 1, "hard": 1}], "$.process.rlimits[0].type"),
    ("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}], "$.process.rlimits[0].soft"),
    ("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2, "$.process.rlimits[1]"),
    ("process.oomScoreAdj", 1001, "$.process.oomScoreAdj"),
    ("process.execCPUAffinity", {"initial": "3-1"}, "$.process.execCPUAffinity.initial"),
    ("process.terminal", 1, "$.process.terminal"),
    ("mounts.0.destination", "", "$.mounts[0].destination"),
    ("mounts.0.options", "ro", "$.mounts[0].options"),
    ("mounts.0.type", None, "$.mounts[0].type"),
    ("mounts.0.options", ["bind", "idmap"], "$.mounts[0].options"),
    ("mounts.0.uidMappings", [{"containerID": 0, "hostID": 0, "size": 1}], "$.mounts[0].uidMappings"),
    ("linux.namespaces", [{"type": "pid"}, {"type": "pid"}], "$.linux.namespaces[1]"),
    ("linux.namespaces", [{"type": "net"}], "$.linux.namespaces[0].type"),
    ("linux.namespaces", [{"type": "pid", "path": "relative"}], "$.linux.namespaces[0].path"),
    ("linux.uidMappings", [{"containerID": 0, "hostID": 0, "size": 1}], "$.linux.uidMappings"),
    ("linux.timeOffsets", {"boottime": {"secs": 1}}, "$.linux.timeOffsets"),
    ("linux.devices", [{"type": "x", "path": "/dev/x"}], "$.linux.devices[0].type"),
    ("linux.devices", [{"type": "c", "path": "/dev/x"}], "$.linux.devices[0]"),
    ("linux.devices", [{"type": "p", "path": "dev/x"}], "$.linux.devices[0].path"),
    ("linux.rootfsPropagation", "banana", "$.linux.rootfsPropagation"),
    ("linux.maskedPaths", ["relative"], "$.linux.maskedPaths[0]"),
    ("linux.readonlyPaths", ["relative"], "$.linux.readonlyPaths[0]"),
    ("linux.personality", {"domain": "BSD"}, "$.linux.personality.domain"),
    ("linux.personality", {"domain": "LINUX", "flags": ["X"]}, "$.linux.personality.flags"),
    ("linux.sysctl", {"kernel.pid_max": "1"}, "$.linux.sysctl.kernel.pid_max"),
    ("linux.sysctl", {"net/../kernel/pid_max": "1"}, "$.linux.sysctl.net/../kernel/pid_max"),
    ("hostname", "x" * 65, "$.hostname"),
    ("hooks", {"prestart": [{"path": "relative"}]}, "$.hooks.prestart[0].path"),
    ("hooks", {"poststop": [{"path": "/x", "timeout": 0}]}, "$.hooks.poststop[0].timeout"),
    ("hooks", {"poststop": {}}, "$.hooks.poststop"),
]


@pytest.mark.parametrize(("path", "value", "where"), REFUSED, ids=map(str, range(len(REFUSED))))
def test_refused_where_the_defect_is(path: str, value: Any, where: str) -> None:
    document = config()
    check(document)
    put(path, value)(document)
    with pytest.raises(RuntimeFault) as refused:
        check(document)
    assert refused.value.where == where


@pytest.mark.parametrize("key", ["hostname", "domainname"])
def test_names_of_the_host_are_not_changed(key: str) -> None:
    document = config() | {key: "x"}
    check(document)
    document["linux"]["namespaces"] = [each for each in document["linux"]["namespaces"] if each["type"] != "uts"]
    with pytest.raises(RuntimeFault, match="uts namespace"):
        check(document)
