"""Checks config-linux.md: namespaces, mappings, devices, paths. Resources, seccomp and others: see those who plan them."""

from reference_runtime.config.check_mounts import ID_MAPPINGS
from reference_runtime.config.shape import (
    absolute,
    anything,
    array,
    choice,
    identity,
    int64,
    integer,
    mapping,
    record,
    text,
)
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMESPACES = ("user", "mount", "network", "ipc", "uts", "pid", "cgroup", "time")

_CLOCK = record({"secs": int64, "nanosecs": integer(0, 999_999_999)})
_CLOCKS = ("monotonic", "boottime")
"""time_namespaces(7): the two clocks that can have an offset."""

LINUX = record(
    {
        "namespaces": array(record({"type": choice(*NAMESPACES), "path": absolute}, required=("type",))),
        "uidMappings": ID_MAPPINGS,
        "gidMappings": ID_MAPPINGS,
        "timeOffsets": mapping(_CLOCK),
        "devices": array(
            record(
                {
                    "type": choice("c", "b", "u", "p"),
                    "path": absolute,
                    "major": integer(0, (1 << 12) - 1),
                    "minor": integer(0, (1 << 20) - 1),
                    "fileMode": integer(0, 0o177777),  # podman gives the whole st_mode, bits of the type included
                    "uid": identity,
                    "gid": identity,
                },
                required=("type", "path"),
            )
        ),
        "cgroupsPath": text,
        "resources": anything,
        "netDevices": anything,
        "rootfsPropagation": choice(
            "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable", ""
        ),
        "sysctl": mapping(text),
        "seccomp": anything,
        "maskedPaths": array(absolute),
        "readonlyPaths": array(absolute),
        "mountLabel": text,
        "personality": record({"domain": choice("LINUX", "LINUX32"), "flags": array(text)}, required=("domain",)),
        "intelRdt": anything,
        "memoryPolicy": anything,
    }
)

_IPC_SYSCTLS = (
    "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.msg_next_id", "kernel.sem", "kernel.sem_next_id",
    "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_next_id", "kernel.shm_rmid_forced", "kernel.auto_msgmni",
)  # fmt: skip
_UTS_SYSCTLS = ("kernel.domainname", "kernel.hostname")


def check_linux(config: "dict[str, Any]") -> None:
    """Raise RuntimeFault for members that do not go together."""
    linux = config.get("linux") or {}
    kinds = [each["type"] for each in linux.get("namespaces") or ()]
    for index, kind in enumerate(kinds):
        if kind in kinds[:index]:
            raise RuntimeFault(f"there is a second {kind} namespace", where=f"$.linux.namespaces[{index}]")
    _check_mappings(linux, {each["type"]: each.get("path") for each in linux.get("namespaces") or ()})
    _check_names(config, kinds)
    _check_devices(linux.get("devices") or ())
    for key in linux.get("sysctl") or {}:
        _check_sysctl(key, kinds)
    if linux.get("timeOffsets") and "time" not in kinds:
        raise RuntimeFault("offsets need a new time namespace", where="$.linux.timeOffsets")
    for clock in linux.get("timeOffsets") or ():
        if clock not in _CLOCKS:
            raise RuntimeFault(f"the clock {clock!r} can have no offset", where="$.linux.timeOffsets")
    if (linux.get("personality") or {}).get("flags"):
        raise RuntimeFault("no flags are supported", where="$.linux.personality.flags")


def _check_mappings(linux: "dict[str, Any]", namespaces: "dict[str, str | None]") -> None:
    for key in ("uidMappings", "gidMappings"):
        mappings = linux.get(key)
        if mappings and ("user" not in namespaces or namespaces["user"]):
            raise RuntimeFault("mappings need a new user namespace", where=f"$.linux.{key}")
        for index, each in enumerate(mappings or ()):
            if each["size"] == 0:
                raise RuntimeFault("maps no ids", where=f"$.linux.{key}[{index}].size")


def _check_names(config: "dict[str, Any]", kinds: "list[str]") -> None:
    for key in ("hostname", "domainname"):
        value = config.get(key)
        if value and "uts" not in kinds:
            raise RuntimeFault("would change the host's own name: this needs a uts namespace", where=f"$.{key}")
        if value and len(value.encode()) > 64:
            raise RuntimeFault("is longer than the 64 bytes that Linux allows", where=f"$.{key}")


def _check_devices(devices: "Any") -> None:
    for index, device in enumerate(devices):
        if device["type"] != "p" and (device.get("major") is None or device.get("minor") is None):
            raise RuntimeFault("a device needs major and minor", where=f"$.linux.devices[{index}]")


def _check_sysctl(key: str, kinds: "list[str]") -> None:
    """Raise RuntimeFault for a parameter that no namespace of the container keeps from the host."""
    where = f"$.linux.sysctl.{key}"
    dotted = key.replace("/", ".")
    kind = ""
    if dotted.startswith("net."):
        kind = "network"
    elif dotted in _IPC_SYSCTLS or dotted.startswith("fs.mqueue."):
        kind = "ipc"
    elif dotted in _UTS_SYSCTLS:
        kind = "uts"
    if not kind:
        raise RuntimeFault("is not kept apart by any namespace, so it would change the host", where=where)
    if kind not in kinds:
        raise RuntimeFault(f"needs a {kind} namespace of the container's own", where=where)
    if ".." in key or "//" in key:
        raise RuntimeFault("is no name of a kernel parameter", where=where)
