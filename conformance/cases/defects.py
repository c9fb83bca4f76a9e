"""One named defect for each rule that a config can break: put into a valid config, it has to be refused, or put up with.

A defect is one edit of a config that is valid without it. So the twin without the edit is the control, and what is wrong has
one name. Hand-written cases put them into configs of their own, the fuzzer into generated ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.cases.case import Case, Directory, Entry, RegularFile, runs_everywhere
from conformance.expectations.extensibility import INVENTED
from conformance.expectations.unappliable import NO_SUCH, NO_SUCH_SYSCTL
from conformance.expectations.valid_values import INVALID
from conformance.record.config import Config, Edit, drop, edited, lookup, put
from conformance.record.host import Host

_ENOTSUP = 95
_OWN_NAMESPACES = "/proc/self/ns/"
_RELATIVE_NAMESPACE = "../" * 40 + "proc/self/ns/net"
"""Leads to the runtime's own network namespace from wherever it is called."""
_NO_NAMESPACE = "/proc/self/status"
_UNKNOWN_LIMIT: Mapping[str, Any] = {"type": "RLIMIT_OCI_CONFORMANCE", "soft": 1, "hard": 1}
_UNKNOWN_CAPABILITY = "CAP_OCI_CONFORMANCE"
_BLOCKED: Mapping[str, Any] = {"names": ["vhangup"], "action": "SCMP_ACT_KILL_PROCESS"}
_NO_AGENT = f"{{host}}/{NO_SUCH}agent"
_UNANSWERED: Mapping[str, Any] = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["swapoff"], "action": "SCMP_ACT_NOTIFY"}],
    "listenerPath": _NO_AGENT,
}
_FLAGS = ["ADDR_NO_RANDOMIZE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One way to break one rule."""

    name: str
    title: str
    """What is wrong, in plain words."""
    edit: Callable[[Config], Edit | None]
    """Return the edit that breaks a valid config, None where the config has no place for it."""
    rootfs: tuple[Entry, ...] = ()
    """What it needs in the root filesystem, of the twin too."""
    aims: tuple[str, ...] = ()
    """Requirements that are judged with it though their expectation does not apply by the config alone."""


def _added(pointer: str, value: Any) -> Callable[[Config], Edit]:
    """Append to a list, or make the list."""

    def edit(config: Config) -> Edit:
        there = isinstance(lookup(config, pointer), list)
        return put(f"{pointer}/-", value) if there else put(pointer, [value])

    return edit


def _limit_twice(config: Config) -> Edit:
    limits = list(lookup(config, "/process/rlimits") or ()) or [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
    return put("/process/rlimits", [*limits, limits[0]])


def _new_namespace(config: Config, kind: str) -> int | None:
    """Return the position of a namespace of that type that is to be made anew."""
    listed = lookup(config, "/linux/namespaces") or ()
    return next((index for index, entry in enumerate(listed) if entry == {"type": kind}), None)


def _namespace_path(kind: str, path: str) -> Callable[[Config], Edit | None]:
    def edit(config: Config) -> Edit | None:
        # A runtime in a user namespace of its own may not join what it does not own: the error would be another.
        index = _new_namespace(config, kind)
        return None if index is None or _has_user_namespace(config) else put(f"/linux/namespaces/{index}/path", path)

    return edit


def _namespace_twice(config: Config) -> Edit | None:
    listed = lookup(config, "/linux/namespaces") or ()
    return put("/linux/namespaces/-", {"type": listed[0]["type"]}) if listed else None


def _unknown_parameter(config: Config) -> Edit | None:
    own = _new_namespace(config, "network") is not None
    return put(f"/linux/sysctl/{NO_SUCH_SYSCTL}", "1") if own else None


def _errno_of_entry(config: Config) -> Edit:
    entry = {**_BLOCKED, "errnoRet": _ENOTSUP}
    if lookup(config, "/linux/seccomp") is None:
        return put("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [entry]})
    return put("/linux/seccomp/syscalls/-", entry)


def _errno_of_default(config: Config) -> Edit | None:
    action = lookup(config, "/linux/seccomp/defaultAction")
    if action is None:
        filtered = {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": _ENOTSUP, "syscalls": [dict(_BLOCKED)]}
        return put("/linux/seccomp", filtered)
    return (
        put("/linux/seccomp/defaultErrnoRet", _ENOTSUP) if action in {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRAP"} else None
    )


def _mounted(config: Config, entry: Mapping[str, Any]) -> Edit | None:
    return put("/mounts/-", dict(entry)) if _new_namespace(config, "mount") is not None else None


def _mount(**entry: Any) -> Callable[[Config], Edit | None]:
    return lambda config: _mounted(config, {"destination": "/mnt", **entry})


def _has_user_namespace(config: Config) -> bool:
    return any(entry["type"] == "user" for entry in lookup(config, "/linux/namespaces") or ())


def _unmapped(option: str) -> Callable[[Config], Edit | None]:
    entry = {"destination": "/mnt", "type": "none", "source": "{bundle}/rootfs/mnt", "options": ["bind", option]}
    return lambda config: None if _has_user_namespace(config) else _mounted(config, entry)


def _unneeded_agent(config: Config) -> Edit | None:
    filtered = lookup(config, "/linux/seccomp")
    if filtered is None:
        entry = {"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}
        return put("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [entry], "listenerPath": _NO_AGENT})
    notifies = any(entry["action"] == "SCMP_ACT_NOTIFY" for entry in filtered["syscalls"])
    return None if notifies else put("/linux/seccomp/listenerPath", _NO_AGENT)


def _flagged_domain(config: Config) -> Edit:
    if lookup(config, "/linux/personality") is None:
        return put("/linux/personality", {"domain": "LINUX", "flags": _FLAGS})
    return put("/linux/personality/flags", _FLAGS)


def _size_alone(config: Config) -> Edit | None:
    terminal = lookup(config, "/process/terminal")
    return None if terminal else put("/process/consoleSize", {"height": 31, "width": 97})


def _device_in_the_way(config: Config) -> Edit | None:
    device = {"path": "/opt/plain", "type": "c", "major": 1, "minor": 3}
    return None if _has_user_namespace(config) else _added("/linux/devices", device)(config)


def _seccomp_with(**members: Any) -> Callable[[Config], Edit | None]:
    filtered = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [dict(_BLOCKED)]} | members
    return lambda config: put("/linux/seccomp", filtered) if lookup(config, "/linux/seccomp") is None else None


def _only_where_unset(pointer: str, value: Any) -> Callable[[Config], Edit | None]:
    return lambda config: put(pointer, value) if lookup(config, pointer) is None else None


def members_reversed(value: Any) -> Any:
    """Return the value with the members of every object in the opposite order."""
    return {name: members_reversed(value[name]) for name in reversed(value)} if isinstance(value, dict) else value


def _another_order(config: Config) -> Edit | None:
    process = lookup(config, "/process")
    return put("/process", members_reversed(process)) if len(process) > 1 else None


REFUSED: tuple[Defect, ...] = (
    Defect(name="rlimit-unknown", title="A limit of a type that no kernel has", edit=_added("/process/rlimits", _UNKNOWN_LIMIT)),
    Defect(name="rlimit-twice", title="Two limits of one type", edit=_limit_twice),
    Defect(
        name="namespace-wrong-type",
        title="A UTS namespace given as a network namespace",
        edit=_namespace_path("network", f"{_OWN_NAMESPACES}uts"),
    ),
    Defect(
        name="namespace-not-one",
        title="A plain file given as an IPC namespace",
        edit=_namespace_path("ipc", _NO_NAMESPACE),
    ),
    Defect(
        name="namespace-relative",
        title="A namespace path that is not absolute, though it leads to a namespace of the right type",
        edit=_namespace_path("network", _RELATIVE_NAMESPACE),
    ),
    Defect(
        name="namespace-missing",
        title="A namespace to join that does not exist",
        edit=_namespace_path("network", f"{{host}}/{NO_SUCH}namespace"),
    ),
    Defect(name="namespace-twice", title="One type of namespace listed twice", edit=_namespace_twice),
    Defect(
        name="masked-relative",
        title="A masked path without a leading slash",
        rootfs=(RegularFile("secret", b"not to be read\n"),),
        edit=_added("/linux/maskedPaths", "secret"),
    ),
    Defect(
        name="readonly-relative",
        title="A read-only path without a leading slash",
        rootfs=(RegularFile("fixed", b"not to be changed\n"),),
        edit=_added("/linux/readonlyPaths", "fixed"),
    ),
    Defect(name="seccomp-errno-for-kill", title="A filter's entry that kills has an errno", edit=_errno_of_entry),
    Defect(name="seccomp-default-errno", title="A filter's default that takes no errno has one", edit=_errno_of_default),
    Defect(
        name="mount-type-unknown",
        title="A mount of a filesystem type that no kernel has",
        rootfs=(Directory("mnt"),),
        edit=_mount(type=f"{NO_SUCH}fs", source="none"),
    ),
    Defect(
        name="mount-source-missing",
        title="A bind mount of something that does not exist",
        rootfs=(Directory("mnt"),),
        edit=_mount(type="none", source=f"{{host}}/{NO_SUCH}source", options=["bind"]),
    ),
    Defect(name="sysctl-unknown", title="A network sysctl that no kernel has", edit=_unknown_parameter),
    Defect(
        name="device-path-taken",
        title="A device where the root filesystem has a plain file",
        rootfs=(RegularFile("opt/plain", b"not a device\n"),),
        edit=_device_in_the_way,
        aims=("linux.devices.path.mismatch-error",),
    ),
    Defect(
        name="namespace-type-invalid",
        title="A type of namespace that does not exist",
        edit=_added("/linux/namespaces", {"type": INVALID}),
    ),
    Defect(
        name="propagation-invalid",
        title="A propagation of the root filesystem that does not exist",
        edit=_only_where_unset("/linux/rootfsPropagation", INVALID),
    ),
    Defect(
        name="seccomp-action-invalid",
        title="An action of a filter's entry that does not exist",
        edit=_seccomp_with(syscalls=[{"names": ["vhangup"], "action": INVALID}]),
    ),
    Defect(
        name="seccomp-default-invalid", title="A filter's default that does not exist", edit=_seccomp_with(defaultAction=INVALID)
    ),
    Defect(
        name="seccomp-architecture-invalid",
        title="An architecture of a filter that does not exist",
        edit=_seccomp_with(architectures=[INVALID]),
    ),
    Defect(
        name="seccomp-operator-invalid",
        title="An operator of a filter's condition that does not exist",
        edit=_seccomp_with(
            syscalls=[{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 5, "op": INVALID}]}]
        ),
    ),
    Defect(
        name="seccomp-agent-absent",
        title="A call that an agent is to be notified of, and nobody listens",
        edit=lambda _config: put("/linux/seccomp", dict(_UNANSWERED)),
    ),
    Defect(
        name="personality-flag",
        title="A flag of the execution domain, of which the spec has none",
        edit=_flagged_domain,
    ),
    Defect(
        name="schema-without-resctrl",
        title="A schema for the cache, and no resctrl filesystem to write it to",
        edit=_only_where_unset("/linux/intelRdt", {"closID": "oci-conformance", "l3CacheSchema": "L3:0=f"}),
    ),
    *(
        Defect(
            name=f"{option}-without-mapping",
            title=f"A mount with {option}, and nothing that tells how to map",
            rootfs=(Directory("mnt"),),
            edit=_unmapped(option),
        )
        for option in ("idmap", "ridmap")
    ),
    Defect(name="process-missing", title="Without process there is nothing to start", edit=lambda _config: drop("/process")),
)
"""What has to be refused by start."""

TOLERATED: tuple[Defect, ...] = (
    Defect(
        name="capability-unknown",
        title="A capability that no kernel has",
        edit=_added("/process/capabilities/bounding", _UNKNOWN_CAPABILITY),
    ),
    Defect(
        name="capability-ungrantable",
        title="A capability that the runtime may lack itself",
        edit=_added("/process/capabilities/bounding", "CAP_SYS_RESOURCE"),
    ),
    *(
        Defect(
            name=f"property-unknown{pointer.replace('/', '-')}",
            title=f"An unknown property ({pointer or 'top level'})",
            edit=_only_where_unset(f"{pointer}/{INVENTED}property", {"nested": [1, None, {"deep": True}]}),
        )
        for pointer in ("", "/root", "/process", "/process/user", "/mounts/0", "/linux", "/linux/namespaces/0")
    ),
    Defect(
        name="members-reversed",
        title="Members of an object in another order",
        edit=_another_order,
        aims=("glossary.json.order-insignificant",),
    ),
    Defect(
        name="annotation-unknown",
        title="An unknown annotation",
        edit=_only_where_unset(f"/annotations/{INVENTED}annotation", "a value\nof two lines"),
    ),
    Defect(
        name="annotation-empty",
        title="An annotation with an empty value",
        edit=_only_where_unset("/annotations/org.opencontainers.image.author", ""),
    ),
    *(
        Defect(
            name=f"option-{option}",
            title=f"The mount option {option}, which runtimes are known to take for one of the filesystem",
            rootfs=(Directory("mnt"),),
            edit=_mount(type="tmpfs", source="tmpfs", options=[option]),
        )
        for option in ("nosymfollow", "defaults")
    ),
    Defect(name="size-without-terminal", title="The size of a terminal that is not asked for", edit=_size_alone),
    Defect(
        name="affinity-of-exec",
        title="A CPU affinity that is meant for further processes only",
        edit=_only_where_unset("/process/execCPUAffinity", {"initial": "0", "final": "0"}),
    ),
    Defect(
        name="seccomp-agent-unneeded",
        title="The path of an agent who is absent, and nothing to notify of",
        edit=_unneeded_agent,
    ),
)
"""What must not be refused."""

DEFECTS: tuple[Defect, ...] = REFUSED + TOLERATED
_BY_NAME = {defect.name: defect for defect in DEFECTS}

PLACES: Config = {
    "process": {"capabilities": {"bounding": []}},
    "linux": {"namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount", "cgroup")]},
}
"""What of the base config decides where a defect goes."""


def defective(
    defect_name: str,
    *,
    name: str,
    title: str = "",
    edits: tuple[Edit, ...] = (),
    needs: Callable[[Host], str] = runs_everywhere,
) -> Case:
    """Return the hand-written case of a defect: in the base config, or in one with these edits.

    Raises KeyError for a defect that there is not, ValueError where the config has no place for it.
    """
    defect = _BY_NAME[defect_name]
    edit = defect.edit(edited(PLACES, edits))
    if edit is None:
        raise ValueError(f"{name} has no place for {defect_name}")
    return Case(
        name=name,
        title=title or defect.title,
        rootfs=defect.rootfs,
        edits=edits,
        defect=edit,
        aims=defect.aims,
        needs=needs,
    )
