"""Namespaces new, joined and inherited, with the names, parameters and ids that belong to them."""

from conformance.cases.case import Case, HostNamespace
from conformance.cases.defects import NO_NAMESPACE, RELATIVE_NAMESPACE
from conformance.record.config import put


def _namespaces(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind} for kind in kinds]


def _mapping(inside: int, outside: int, size: int) -> dict[str, int]:
    return {"containerID": inside, "hostID": outside, "size": size}


CASES: tuple[Case, ...] = (
    Case(
        name="namespaces/new",
        title="New namespaces of every type that the base config lists",
        aims=("linux.namespaces.no-path-new", "linux.namespaces.type.pid"),
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
    Case(
        name="namespaces/wrong-type",
        title="A UTS namespace given as a network namespace",
        edits=(put("/linux/namespaces", _namespaces("network", "pid", "ipc", "uts", "mount", "cgroup")),),
        defect=put("/linux/namespaces/0/path", "/proc/self/ns/uts"),
    ),
    Case(
        name="namespaces/not-a-namespace",
        title="A plain file given as a network namespace",
        edits=(put("/linux/namespaces", _namespaces("network", "pid", "ipc", "uts", "mount", "cgroup")),),
        defect=put("/linux/namespaces/0/path", NO_NAMESPACE),
    ),
    Case(
        name="namespaces/relative-path",
        title="A namespace path that is not absolute, though it leads to a namespace of the right type",
        edits=(put("/linux/namespaces", _namespaces("network", "pid", "ipc", "uts", "mount", "cgroup")),),
        defect=put("/linux/namespaces/0/path", RELATIVE_NAMESPACE),
    ),
    Case(
        name="namespaces/twice",
        title="One type of namespace listed twice",
        defect=put("/linux/namespaces/-", {"type": "uts"}),
    ),
)
