"""Namespaces new, joined and inherited in every combination, and what belongs to them: ids, names, kernel parameters."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import HostNamespace
from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import NEW, Feature, Property
from fuzz.strategies.texts import name
from specs.linux.namespaces import NAMESPACES

_KINDS = ("network", "ipc", "uts", "cgroup", "pid")
"""Those that a container may share with the harness: without a mount namespace of its own its mounts would be the harness's."""
_BILLION = 1_000_000_000
_IDS = 65_536
_NETWORK = {
    "net.core.somaxconn": st.integers(1, 65535).map(str),
    "net.ipv4.ip_forward": st.sampled_from(("0", "1")),
    "net.ipv4.tcp_fin_timeout": st.integers(1, 600).map(str),
    "net.ipv4.ip_local_port_range": st.integers(1100, 30000).map(lambda low: f"{low & ~1} {low + 30001 | 1}"),
    "net.ipv4.conf.lo.rp_filter": st.sampled_from(("0", "1", "2")),
}
_IPC = {
    "kernel.msgmax": st.integers(1, 1 << 20).map(str),
    "kernel.shm_rmid_forced": st.sampled_from(("0", "1")),
    "kernel.msgmni": st.integers(1, 32000).map(str),
    "kernel.sem": st.integers(1, 30000).map(lambda most: f"{most} 32000 500 128"),
    "fs.mqueue.queues_max": st.integers(1, 1000).map(str),
}


def _inherited(kind: str) -> Property:
    def strategy(host: Host) -> SearchStrategy[Feature] | None:
        if NAMESPACES[kind].proc not in host.namespaces:
            return None
        return st.just(
            Feature(
                name=f"namespaces.{kind}.inherited",
                shows=("linux.namespaces.unlisted-inherited",),
                namespaces={kind: None},
                # A user namespace may mount proc and sysfs only for namespaces that it owns.
                without=frozenset({"user"}),
            )
        )

    return Property(f"namespaces.{kind}.inherited", strategy)


def _joined(kind: str) -> Property:
    def strategy(host: Host) -> SearchStrategy[Feature] | None:
        if NAMESPACES[kind].proc not in host.namespaces:
            return None
        return st.just(
            Feature(
                name=f"namespaces.{kind}.joined",
                shows=("linux.namespaces.path.join",),
                joins=(HostNamespace(kind, kind),),
                namespaces={kind: f"{{ns:{kind}}}"},
                without=frozenset({"user"}),
            )
        )

    return Property(f"namespaces.{kind}.joined", strategy)


def order(_host: Host) -> SearchStrategy[Feature]:
    """Generate the same namespaces in another order of the list."""
    return st.permutations(("pid", "network", "ipc", "uts", "mount", "cgroup")).map(
        lambda kinds: Feature(
            name="namespaces.order",
            shows=("linux.namespaces.no-path-new",),
            edits=(put("/linux/namespaces", [{"type": kind} for kind in kinds]),),
            needs=frozenset(kinds),
            without=frozenset({"user", "time"}),
            aims=("linux.namespaces.no-path-new",),
        )
    )


def users(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a user namespace with its ids mapped in one range or two, and a user of it."""
    if not host.user_namespaces:
        return None

    @st.composite
    def mapped(draw: st.DrawFn) -> Feature:
        maps = [_mappings(draw) for _ in ("uid", "gid")]
        uid, gid, group = (draw(st.integers(0, _IDS - 1)) for _ in range(3))
        return Feature(
            name="namespaces.user",
            shows=("linux.userns.*",),
            namespaces={"user": NEW},
            edits=(
                put("/linux/uidMappings", maps[0]),
                put("/linux/gidMappings", maps[1]),
                put("/process/user/uid", uid),
                put("/process/user/gid", gid),
                put("/process/user/additionalGids", [group]),
            ),
        )

    return mapped()


def joined_user(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a user namespace that exists already, and owns none but those that are made with the container."""
    if not host.user_namespaces:
        return None
    return st.just(
        Feature(
            name="namespaces.user.joined",
            shows=("linux.namespaces.path.join",),
            joins=(HostNamespace("user", "user"),),
            namespaces={"user": "{ns:user}"},
        )
    )


def joined_mount(_host: Host) -> SearchStrategy[Feature]:
    """Generate a mount namespace that exists already: a copy of the harness's, in which the container's mounts are made."""
    return st.just(
        Feature(
            name="namespaces.mount.joined",
            shows=("linux.namespaces.path.join",),
            joins=(HostNamespace("mount", "mount"),),
            namespaces={"mount": "{ns:mount}"},
            without=frozenset({"user"}),
        )
    )


def clocks(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a time namespace, and offsets of its clocks: on, or back as far as they have come."""
    if NAMESPACES["time"].proc not in host.namespaces:
        return None
    offset = st.fixed_dictionaries(
        {"secs": st.one_of(st.integers(0, 1000), st.integers(0, 1 << 30))}, optional={"nanosecs": st.integers(0, _BILLION - 1)}
    )
    return st.dictionaries(st.sampled_from(("monotonic", "boottime")), offset, max_size=2).map(
        lambda offsets: Feature(
            name="namespaces.time",
            shows=("linux.timeoffsets.*", "linux.namespaces.type.time"),
            namespaces={"time": NEW},
            edits=(put("/linux/timeOffsets", offsets),) if offsets else (),
            without=frozenset({"user"}),
        )
    )


def _mappings(draw: st.DrawFn) -> list[dict[str, int]]:
    """Map 0 to 65535; the root filesystem's owner stays who it is, so that mount points can be made in it."""
    cut = draw(st.integers(1, _IDS))
    rows = [(0, 0, cut), (cut, 100_000 + draw(st.integers(0, 1000)), _IDS - cut)]
    return [{"containerID": inside, "hostID": outside, "size": size} for inside, outside, size in rows if size]


def _named(member: str, shows: str) -> Callable[[Host], SearchStrategy[Feature]]:
    def strategy(_host: Host) -> SearchStrategy[Feature]:
        labels = st.one_of(name(maximum=60), st.sampled_from(("a", "conformance-host.example.com", "x" * 64, "UPPER")))
        return labels.map(
            lambda value: Feature(name=member, shows=(shows,), edits=(put(f"/{member}", value),), needs=frozenset({"uts"}))
        )

    return strategy


def _parameters(kind: str, known: dict[str, SearchStrategy[str]]) -> Property:
    def strategy(_host: Host) -> SearchStrategy[Feature]:
        chosen = st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=3, unique=True)
        given = chosen.flatmap(lambda names: st.fixed_dictionaries({each: known[each] for each in names}))
        return given.map(
            lambda parameters: Feature(
                name=f"linux.sysctl.{kind}",
                shows=("linux.sysctl.effect",),
                edits=tuple(put(f"/linux/sysctl/{key}", value) for key, value in parameters.items()),
                needs=frozenset({kind}),
                without=frozenset({"user"}),
            )
        )

    return Property(f"linux.sysctl.{kind}", strategy)


PROPERTIES = (
    *(_inherited(kind) for kind in _KINDS),
    *(_joined(kind) for kind in _KINDS),
    Property("namespaces.order", order),
    Property("namespaces.user", users),
    Property("namespaces.user.joined", joined_user),
    Property("namespaces.mount.joined", joined_mount),
    Property("namespaces.time", clocks),
    Property("hostname", _named("hostname", "config.hostname.effect")),
    Property("domainname", _named("domainname", "config.domainname.effect")),
    _parameters("network", _NETWORK),
    _parameters("ipc", _IPC),
)
