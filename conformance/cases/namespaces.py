"""Namespaces new, joined and inherited, with the names, parameters and ids that belong to them."""

from conformance.cases.case import Case, HostNamespace
from conformance.cases.defects import defective
from conformance.record.config import put

_BASE = ("pid", "network", "mount", "ipc", "uts", "cgroup")
"""The types that the base config asks for."""


def _namespaces(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind} for kind in kinds]


def _mapping(inside: int, outside: int, size: int) -> dict[str, int]:
    return {"containerID": inside, "hostID": outside, "size": size}


def _supported(kind: str, **needed: object) -> Case:
    """Return the case whose oddity is one more type of namespace; `mount` has none, since nobody runs without it."""
    linux = {"namespaces": _namespaces(*_BASE), "cgroupsPath": "/oci-conformance/{id}"}
    without = linux | {"namespaces": _namespaces(*(other for other in _BASE if other != kind))}
    return Case(
        name=f"namespaces/supported-{kind}",
        title=f"The type {kind} of namespaces has to be known",
        edits=(put("/linux", without),),
        defect=put("/linux", linux | {"namespaces": _namespaces(*dict.fromkeys((*_BASE, kind)))} | needed),
        aims=("linux.namespaces.type.supported",),
    )


CASES: tuple[Case, ...] = (
    Case(
        name="namespaces/new",
        title="New namespaces of every type that the base config lists",
        aims=("linux.namespaces.no-path-new", *(f"linux.namespaces.type.{kind}" for kind in _BASE)),
    ),
    Case(
        name="namespaces/joined",
        title="Network, IPC, UTS, cgroup and pid namespaces that exist already",
        namespaces=(
            HostNamespace("net", "network"),
            HostNamespace("ipc", "ipc"),
            HostNamespace("uts", "uts"),
            HostNamespace("cgroup", "cgroup"),
            HostNamespace("pid", "pid"),
        ),
        edits=(
            put(
                "/linux/namespaces",
                [
                    {"type": "mount"},
                    {"type": "network", "path": "{ns:net}"},
                    {"type": "ipc", "path": "{ns:ipc}"},
                    {"type": "uts", "path": "{ns:uts}"},
                    {"type": "cgroup", "path": "{ns:cgroup}"},
                    {"type": "pid", "path": "{ns:pid}"},
                ],
            ),
        ),
    ),
    Case(
        name="namespaces/inherited",
        title="Nothing but an own mount namespace, all else is the runtime's",
        edits=(put("/linux/namespaces", _namespaces("mount")),),
        aims=("linux.namespaces.unlisted-inherited",),
    ),
    Case(
        name="namespaces/user",
        title="A user namespace with ids mapped in two ranges",
        edits=(
            put("/linux/namespaces/-", {"type": "user"}),
            put("/linux/uidMappings", [_mapping(0, 0, 1000), _mapping(1000, 101_000, 64_536)]),
            put("/linux/gidMappings", [_mapping(0, 0, 2000), _mapping(2000, 202_000, 63_536)]),
            put("/process/user", {"uid": 1500, "gid": 2500, "additionalGids": [2600]}),
        ),
        aims=("linux.namespaces.no-path-new", "config.process.user.uid.effect", "config.process.user.gid.effect"),
    ),
    Case(
        name="namespaces/user-elsewhere",
        title="A user namespace whose root is nobody of importance outside",
        edits=(
            put("/linux/namespaces/-", {"type": "user"}),
            put("/linux/uidMappings", [_mapping(0, 100_000, 65_536)]),
            put("/linux/gidMappings", [_mapping(0, 200_000, 65_536)]),
        ),
    ),
    Case(
        name="namespaces/names-and-parameters",
        title="Host name, domain name and kernel parameters of own namespaces",
        edits=(
            put("/hostname", "conformance-host"),
            put("/domainname", "conformance.example"),
            put(
                "/linux/sysctl",
                {
                    "net.core.somaxconn": "333",
                    "net.ipv4.ip_local_port_range": "20000 30001",
                    "kernel.msgmax": "16384",
                    "kernel.shm_rmid_forced": "1",
                    "fs.mqueue.queues_max": "77",
                },
            ),
        ),
    ),
    Case(
        name="namespaces/linux32",
        title="The execution domain of 32-bit programs",
        edits=(put("/linux/personality", {"domain": "LINUX32"}),),
    ),
    defective("namespace-wrong-type", name="namespaces/wrong-type"),
    defective("namespace-not-one", name="namespaces/not-a-namespace"),
    defective("namespace-relative", name="namespaces/relative-path"),
    defective("namespace-twice", name="namespaces/twice"),
    Case(
        name="namespaces/time",
        title="A time namespace whose clocks are set on and back",
        edits=(
            put("/linux/namespaces/-", {"type": "time"}),
            put("/linux/timeOffsets", {"monotonic": {"secs": 172_800, "nanosecs": 345}, "boottime": {"secs": 604_800}}),
        ),
    ),
    *(_supported(kind) for kind in ("pid", "network", "ipc", "uts", "cgroup", "time")),
    _supported("user", uidMappings=[_mapping(0, 0, 65_536)], gidMappings=[_mapping(0, 0, 65_536)]),
    # The twin has the domain, so that a refusal of that is not taken for one of the flag.
    defective(
        "personality-flag",
        name="namespaces/personality-flags",
        edits=(put("/linux/personality", {"domain": "LINUX"}),),
    ),
)
