"""What a runtime's features document declares is tried out: each case writes it into a config."""

from collections.abc import Mapping
from typing import Any

from conformance.cases.case import Case, Container, Declared, lifecycle
from conformance.cases.hooks import hook
from conformance.expectations.features import (
    FEATURE,
    MEMORY_FLAGS,
    MEMORY_MODES,
    UNDER_LOAD,
    UNTRIED_OPTIONS,
    is_recursive,
    kernel_of_option,
)
from conformance.expectations.hook_calls import KINDS
from conformance.record.config import Edit, lookup, put
from conformance.record.host import Host
from specs.linux.capabilities import CAPABILITIES
from specs.linux.mount_options import MOUNT_OPTIONS
from specs.linux.namespaces import NAMESPACES
from specs.linux.seccomp import ACTIONS, FILTER_FLAGS, OPERATORS

Features = Mapping[str, Any]

_CALLS = ("swapoff", "swapon", "acct", "reboot", "sethostname", "setdomainname", "delete_module", "quotactl", "syslog")
"""System calls that the program makes no use of."""
_LITTLE_ENDIAN = frozenset(
    f"SCMP_ARCH_{name}" for name in ("X86", "X86_64", "X32", "ARM", "AARCH64", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC64LE")
)
"""libseccomp refuses to mix byte orders in one filter, and the machines that we know have this one. Every version knows these."""
_MAPPING = [{"containerID": 0, "hostID": 0, "size": 1000}]


def _names(features: Features, pointer: str) -> list[str]:
    return [name for name in lookup(features, pointer) or () if isinstance(name, str)]


def _feature(name: str) -> Edit:
    return put("/annotations", {FEATURE: name})


def _namespaces(features: Features, host: Host) -> tuple[Edit, ...] | None:
    declared = [kind for kind in _names(features, "/linux/namespaces") if kind in NAMESPACES]
    usable = [kind for kind in declared if NAMESPACES[kind].proc in host.namespaces and (kind != "user" or host.user_namespaces)]
    if not usable:
        return None
    mappings = (put("/linux/uidMappings", _MAPPING), put("/linux/gidMappings", _MAPPING)) if "user" in usable else ()
    return put("/linux/namespaces", [{"type": kind} for kind in usable]), *mappings, _feature("namespaces")


def _capabilities(features: Features, host: Host) -> tuple[Edit, ...] | None:
    declared = [name for name in _names(features, "/linux/capabilities") if name in CAPABILITIES]
    usable = [name for name in declared if host.can(CAPABILITIES[name])]
    sets = dict.fromkeys(("bounding", "effective", "permitted"), usable)
    return (put("/process/capabilities", sets), _feature("capabilities")) if usable else None


def _mount_options(*, recursive: bool, neutral: bool = False) -> Declared:
    """Use options of one sort in one container: that all are recognised is seen at once, and who is not is soon found."""

    def declared(features: Features, host: Host) -> tuple[Edit, ...] | None:
        known = [name for name in _names(features, "/mountOptions") if name in MOUNT_OPTIONS and name not in UNTRIED_OPTIONS]
        # Under a filter of the harness's own, mount_setattr(2) may be denied.
        usable = [name for name in known if host.kernel >= kernel_of_option(name) and (host.seccomp or not is_recursive(name))]
        sort = [name for name in usable if (is_recursive(name), name == "defaults") == (recursive, neutral)]
        mounts = tuple(put("/mounts/-", _mount(number, name)) for number, name in enumerate(sort))
        return (*mounts, _feature("mountOptions")) if sort else None

    return declared


def _mount(number: int, option: str) -> dict[str, Any]:
    """Return a mount that fails if the option is passed on as data: tmpfs knows its own."""
    bind = option in {"bind", "rbind"}
    kind, source = ("none", "{host}") if bind else ("tmpfs", "tmpfs")
    return {"destination": f"/run/option-{number}", "type": kind, "source": source, "options": [option]}


def _hooks(features: Features, _host: Host) -> tuple[Edit, ...] | None:
    kinds = [kind for kind in _names(features, "/hooks") if kind in KINDS]
    return (put("/hooks", {kind: [hook(kind, 0)] for kind in kinds}), _feature("hooks")) if kinds else None


def _version(name: str) -> Declared:
    def declared(features: Features, _host: Host) -> tuple[Edit, ...] | None:
        version = features.get(name)
        return (put("/ociVersion", version), _feature(name)) if isinstance(version, str) else None

    return declared


def _seccomp(feature: str, **members: Any) -> tuple[Edit, ...]:
    return put("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW", **members}), _feature(feature)


def _actions(features: Features, _host: Host) -> tuple[Edit, ...] | None:
    # SCMP_ACT_NOTIFY takes an agent that listens, and ALLOW is the default action already.
    untried = {"SCMP_ACT_NOTIFY", "SCMP_ACT_ALLOW"}
    names = [name for name in _names(features, "/linux/seccomp/actions") if name in ACTIONS and name not in untried]
    rules = [{"names": [call], "action": name} for call, name in zip(_CALLS, names, strict=False)]
    return _seccomp("actions", syscalls=rules) if rules else None


def _operators(features: Features, _host: Host) -> tuple[Edit, ...] | None:
    names = [name for name in _names(features, "/linux/seccomp/operators") if name in OPERATORS]
    rules = [
        {"names": [call], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "valueTwo": 1, "op": name}]}
        for call, name in zip(_CALLS, names, strict=False)
    ]
    return _seccomp("operators", syscalls=rules) if rules else None


def _archs(features: Features, _host: Host) -> tuple[Edit, ...] | None:
    names = [name for name in _names(features, "/linux/seccomp/archs") if name in _LITTLE_ENDIAN]
    rule = {"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}
    return _seccomp("archs", architectures=names, syscalls=[rule]) if names else None


def _flags(kind: str) -> Declared:
    """Use flags that are declared as supported only: one that is merely known may be refused on this kernel."""

    def declared(features: Features, _host: Host) -> tuple[Edit, ...] | None:
        supported = set(_names(features, "/linux/seccomp/supportedFlags")) & FILTER_FLAGS.keys()
        names = [name for name in _names(features, f"/linux/seccomp/{kind}") if name in supported]
        # It needs a filter whose notifications somebody receives.
        names = [name for name in names if name != "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]
        rule = {"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}
        return _seccomp(kind, flags=names, syscalls=[rule]) if names else None

    return declared


def _memory_mode(mode: str) -> Declared:
    def declared(features: Features, _host: Host) -> tuple[Edit, ...] | None:
        if mode not in _names(features, "/linux/memoryPolicy/modes"):
            return None
        return put("/linux/memoryPolicy", {"mode": mode, "nodes": "0"}), _feature("memoryPolicy.modes")

    return declared


def _memory_flag(flag: str) -> Declared:
    def declared(features: Features, _host: Host) -> tuple[Edit, ...] | None:
        if flag not in _names(features, "/linux/memoryPolicy/flags"):
            return None
        policy = {"mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
        return put("/linux/memoryPolicy", policy), _feature("memoryPolicy.flags")

    return declared


def _document(_features: Features, _host: Host) -> tuple[Edit, ...] | None:
    return ()


def _asks_again(container: Container) -> None:
    lifecycle(container)
    container.call("features", note=UNDER_LOAD)


def _id_mapped(_features: Features, _host: Host) -> tuple[Edit, ...] | None:
    mapping = [{"containerID": 0, "hostID": 100_000, "size": 65_536}]
    mount = {"destination": "/run/mapped", "type": "none", "source": "{host}", "options": ["bind", "idmap"]}
    return put("/mounts/-", mount | {"uidMappings": mapping, "gidMappings": mapping}), _feature("idmap")


_TRIED: tuple[tuple[str, str, str, Declared], ...] = (
    ("namespaces", "namespace types", "features-linux.namespaces.recognized", _namespaces),
    ("capabilities", "capabilities", "features-linux.capabilities.recognized", _capabilities),
    ("mount-options", "mount options", "features.mountoptions.recognized", _mount_options(recursive=False)),
    ("mount-options-recursive", "recursive mount options", "features.mountoptions.recognized", _mount_options(recursive=True)),
    (
        "mount-option-defaults",
        "mount option defaults",
        "features.mountoptions.recognized",
        _mount_options(recursive=False, neutral=True),
    ),
    ("hooks", "hooks", "features.hooks.supported", _hooks),
    ("oldest-version", "oldest version", "features.ociversionmin.accepted", _version("ociVersionMin")),
    ("newest-version", "newest version", "features.ociversionmax.accepted", _version("ociVersionMax")),
    ("seccomp-actions", "seccomp actions", "features-linux.seccomp.actions.recognized", _actions),
    ("seccomp-operators", "seccomp operators", "features-linux.seccomp.operators.recognized", _operators),
    ("seccomp-architectures", "seccomp architectures", "features-linux.seccomp.archs.recognized", _archs),
    ("seccomp-known-flags", "seccomp flags", "features-linux.seccomp.knownflags.recognized", _flags("knownFlags")),
    (
        "seccomp-supported-flags",
        "supported seccomp flags",
        "features-linux.seccomp.supportedflags.recognized",
        _flags("supportedFlags"),
    ),
    *(
        (f"memory-{mode.lower()}", f"memory policy {mode}", "features-linux.memorypolicy.modes.recognized", _memory_mode(mode))
        for mode in MEMORY_MODES
    ),
    *(
        (
            f"memory-{flag.lower()}",
            f"memory policy flag {flag}",
            "features-linux.memorypolicy.flags.recognized",
            _memory_flag(flag),
        )
        for flag in MEMORY_FLAGS
    ),
    ("idmap", "state of id-mapped mounts", "features-linux.mountextensions.idmap.partial", _id_mapped),
)

DECLARED: Mapping[str, tuple[str, Declared]] = {name: (aim, declared) for name, _, aim, declared in _TRIED}
"""Part of the document to the requirement that trying it shows, and how it is tried."""

CASES = (
    Case(
        name="features/document",
        title="The features document says the same while containers come and go",
        declared=_document,
        umask=0o077,
        script=_asks_again,
        aims=("features.compile-time", "features-linux.cgroup.v1.meaning", "features-linux.cgroup.v2.meaning"),
    ),
    Case(name="features/offered", title="A features document is offered", aims=("features.provided",)),
    Case(
        name="features/seccomp",
        title="Whether seccomp is enabled, and is",
        edits=(put("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW"}),),
        declared=_document,
        aims=("features-linux.seccomp.enabled.meaning",),
    ),
    Case(
        name="features/missing-device",
        title="A network device that there is none of",
        edits=(put("/linux/netDevices", {"nosuchdev0": {}}),),
        declared=_document,
        aims=("features-linux.netdevices.meaning",),
    ),
    *(
        Case(
            name=f"features/{name}",
            title=f"The {what} that the runtime declares",
            declared=declared,
            aims=(aim, "features-linux.mountextensions.idmap.meaning") if name == "idmap" else (aim,),
        )
        for name, what, aim, declared in _TRIED
    ),
)
