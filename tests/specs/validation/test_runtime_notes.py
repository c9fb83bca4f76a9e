"""What the schemas shipped with runtime-spec 1.3.0 are known to let through, and to refuse wrongly: ours is right on each."""

from typing import Any

import pytest

from specs.validate import breaches
from specs.validation.finding import judged
from specs.verdicts import Level
from tests.specs.validation.documents import documents, edited

DOCUMENTS = documents()
MISSING = object()
LET_THROUGH = [
    ("linux", "root", MISSING, "config.root.required-elsewhere", "MUST"),
    ("linux", "ociVersion", "banana", "config.ociversion.semver", "MUST"),
    ("linux", "process.args", [], "config.process.args.one-entry", "MUST"),
    ("linux", "process.cwd", "tmp", "config.process.cwd.absolute", "MUST"),
    ("linux", "hooks.poststart.0.path", "hook", "config.hooks.createruntime.path.absolute", "MUST"),
    ("linux", "linux.namespaces.0.path", "ns", "linux.namespaces.path.absolute", "MUST"),
    ("linux", "linux.maskedPaths.0", "proc", "linux.maskedpaths.absolute", "MUST"),
    ("linux", "linux.readonlyPaths.0", "proc", "linux.readonlypaths.absolute", "MUST"),
    ("linux", "process.user.uid", MISSING, "config.process.user.uid.required", "MUST"),
    ("linux", "process.user.gid", MISSING, "config.process.user.gid.required", "MUST"),
    ("linux", "process.ioPriority.priority", MISSING, "config.process.iopriority.priority.required", "MUST"),
    ("linux", "process.ioPriority.priority", 8, "config.process.iopriority.priority.range", "none"),
    ("linux", "annotations.", "x", "config.annotations.key-not-empty", "MUST"),
    ("linux", "annotations.", 5, "config.annotations.value-string", "MUST"),
    ("linux", "linux.devices.0.major", MISSING, "linux.devices.major-minor.required", "MUST"),
    ("linux", "linux.devices.0.minor", MISSING, "linux.devices.major-minor.required", "MUST"),
    ("linux", "linux.namespaces.1.type", "pid", "linux.namespaces.duplicate-error", "MUST"),
    (
        "linux",
        "process.rlimits",
        [{"type": "RLIMIT_AS", "soft": 1, "hard": 1}] * 2,
        "config.process.rlimits.duplicate-error",
        "MUST",
    ),
    ("linux", "linux.resources.blockIO.weightDevice.1.leafWeight", MISSING, "linux.blockio.weightdevice.one-of", "MUST"),
    ("linux", "linux.resources.blockIO.throttleReadBpsDevice.0.rate", MISSING, "linux.blockio.throttlebps.rate", "MUST"),
    ("linux", "linux.resources.blockIO.throttleWriteIOPSDevice.0.rate", MISSING, "linux.blockio.throttleiops.rate", "MUST"),
    ("linux", "linux.resources.memory.swappiness", 101, "linux.memory.swappiness.range", "none"),
    ("linux", "linux.resources.rdma.mlx5_1", {}, "linux.rdma.one-of", "MUST"),
    ("linux", "linux.timeOffsets.realtime", {"secs": 1}, "linux.timeoffsets.keys", "none"),
    ("linux", "linux.intelRdt.schemata.0", "L3:0=f\nL3:1=f", "linux.intelrdt.schemata.no-newline", "MUST"),
    ("linux", "linux.memoryPolicy.mode", MISSING, "linux.memorypolicy.mode.required", "MUST"),
    ("linux", "linux.personality.domain", MISSING, "linux.personality.domain.required", "MUST"),
    ("linux", "linux.personality.flags", ["ADDR_NO_RANDOMIZE"], "linux.personality.flags.none", "MUST"),
    ("linux", "linux.seccomp.listenerPath", MISSING, "linux.seccomp.listenermetadata.needs-path", "MUST"),
    ("linux", "linux.seccomp.syscalls.0.args.0.index", 6, "linux.seccomp.syscalls.args.index", "MUST"),
    ("linux", "mounts.0.gidMappings", MISSING, "config.mounts.uidmappings.with-gid", "MUST"),
    ("freebsd", "freebsd.devices.0.path", MISSING, "freebsd.devices.path.required", "MUST"),
    ("vm", "vm.hwConfig.iomems.1.nrMFNs", MISSING, "vm.hwconfig.iomems.nrmfns", "MUST"),
]
TOO_STRICT: list[tuple[str, str, Any]] = [
    ("linux", "linux.resources.pids", {}),
    ("features", "hooks", None),
    ("features", "linux", None),
    ("features", "linux.seccomp", None),
    ("features", "linux.seccomp.actions", None),
    ("features", "annotations", None),
    ("hyperv", "windows.resources.cpu.affinity", [{"mask": 1, "group": 0}, {"mask": 2, "group": 1}]),
    ("linux", "linux.devices.0.fileMode", 512),
]


def _edited(name: str, place: str, value: Any) -> tuple[str, Any]:
    kind, document = DOCUMENTS[name]
    return kind, edited(document, place) if value is MISSING else edited(document, place, value)


@pytest.mark.parametrize(("name", "place", "value", "requirement", "level"), LET_THROUGH)
def test_what_they_let_through_is_found(name: str, place: str, value: Any, requirement: str, level: str) -> None:
    kind, document = _edited(name, place, value)
    found = {each.requirement: each.level.value for each in judged("d", breaches(document, kind=kind))}
    assert found.get(requirement) == level


@pytest.mark.parametrize(("name", "place", "value"), TOO_STRICT)
def test_what_they_refuse_wrongly_is_taken(name: str, place: str, value: Any) -> None:
    kind, document = _edited(name, place, value)
    assert breaches(document, kind=kind) == []


def test_an_extra_status_is_recorded_and_costs_nothing() -> None:
    found = judged("s", breaches(edited(DOCUMENTS["state"][1], "status", "paused"), kind="state"))
    assert [(each.requirement, each.level) for each in found] == [("runtime.state.status-values", Level.MAY)]
