"""Control groups: where, and the limits that this lane's controllers have."""

from collections.abc import Mapping

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.expectations.cgroups import version
from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property

_MEBIBYTE = 1 << 20
_DEVICE = ("major", "minor", "weight")
_EXERCISED = 64
"""Up to so many processes are made to see the limit hold."""


def path(host: Host) -> SearchStrategy[Feature] | None:
    """Generate an absolute path, deep or with awkward names."""
    if not host.controllers:
        return None
    return st.sampled_from(
        ("/{id}", "/oci-conformance/deep/er/{id}", "/oci-conformance/two words/{id}", "/oci-conformance/\u00e9-{id}")
    ).map(
        lambda given: Feature(
            name="linux.cgroupsPath",
            shows=("linux.cgroups.path.absolute",),
            aims=("linux.cgroups.path.absolute",),
            edits=(put("/linux/cgroupsPath", given),),
        )
    )


def memory(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a hard and a soft limit, whole pages or not, or none in so many words."""
    limits = _two_limits(host, "linux.resources.memory", lower="reservation", higher="limit")
    none = {"limit": -1, "swap": -1, "reservation": -1}
    return None if limits is None else st.one_of(limits, st.just(_memory("linux.resources.memory", none)))


def tcp(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a limit for the buffers of TCP, which has fallen from favour."""
    if version(host, "memory") != "v1":
        return None
    return st.integers(16 * _MEBIBYTE, 1 << 40).map(
        lambda limit: _memory("linux.resources.memory.kernelTCP", {"kernelTCP": limit})
    )


def swap(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a limit of memory and one of memory and swap together."""
    return _two_limits(host, "linux.resources.memory.swap", lower="limit", higher="swap")


def _two_limits(host: Host, name: str, *, lower: str, higher: str) -> SearchStrategy[Feature] | None:
    if version(host, "memory") is None:
        return None
    pair = st.lists(st.integers(48 * _MEBIBYTE, 1 << 40), min_size=2, max_size=2).map(sorted)
    return pair.map(lambda two: _memory(name, {lower: two[0], higher: two[1]}))


def _memory(name: str, members: Mapping[str, int]) -> Feature:
    return Feature(name=name, sole="memory", shows=("linux.memory.*",), edits=(put("/linux/resources/memory", dict(members)),))


def switches(host: Host) -> SearchStrategy[Feature] | None:
    """Generate what memory has on cgroup v1 alone."""
    if version(host, "memory") != "v1":
        return None
    on = st.sampled_from((True,))
    given = st.fixed_dictionaries({}, optional={"swappiness": st.integers(0, 100), "useHierarchy": on, "disableOOMKiller": on})
    return given.filter(bool).map(
        lambda members: Feature(
            name="linux.resources.memory.switches",
            sole="memory",
            shows=("linux.memory.swappiness.effect", "linux.memory.usehierarchy.effect", "linux.memory.disableoomkiller.true"),
            edits=(put("/linux/resources/memory", members),),
        )
    )


def throttling(host: Host) -> SearchStrategy[Feature] | None:
    """Generate rates of reading and writing a disk, too high for the hunt to feel them."""
    if not host.block_devices or (version(host, "blkio") is None and version(host, "io") is None):
        return None
    members = tuple(f"throttle{way}{unit}Device" for way in ("Read", "Write") for unit in ("Bps", "IOPS"))
    rates = st.dictionaries(st.sampled_from(members), st.integers(1 << 24, 1 << 30), min_size=1)
    return st.tuples(st.sampled_from(sorted(host.block_devices)), rates).map(
        lambda given: Feature(
            name="linux.resources.blockIO",
            shows=("linux.blockio.throttle*",),
            edits=tuple(
                put(f"/linux/resources/blockIO/{member}", [{"major": given[0][0], "minor": given[0][1], "rate": rate}])
                for member, rate in given[1].items()
            ),
        )
    )


def weights(host: Host) -> SearchStrategy[Feature] | None:
    """Generate the share of a disk that cgroup v1 gives, in general and for one of them."""
    if not host.block_devices or version(host, "blkio") is None:
        return None
    weight = st.integers(10, 1000)
    return st.tuples(st.sampled_from(sorted(host.block_devices)), weight, st.none() | weight).map(
        lambda given: Feature(
            name="linux.resources.blockIO.weight",
            shows=("linux.blockio.weight*",),
            edits=(
                put("/linux/resources/blockIO/weight", given[1]),
                *(
                    (put("/linux/resources/blockIO/weightDevice", [dict(zip(_DEVICE, (*given[0], given[2]), strict=True))]),)
                    if given[2]
                    else ()
                ),
            ),
        )
    )


def network(host: Host) -> SearchStrategy[Feature] | None:
    """Generate what marks the packets of the container on cgroup v1: a class, and a priority by interface."""
    members: dict[str, SearchStrategy[object]] = {}
    if version(host, "net_cls"):
        members["classID"] = st.integers(1, (1 << 32) - 1)
    if version(host, "net_prio"):
        members["priorities"] = st.integers(1, 1 << 20).map(lambda priority: [{"name": "lo", "priority": priority}])
    if not members:
        return None
    return (
        st.fixed_dictionaries({}, optional=members)
        .filter(bool)
        .map(
            lambda given: Feature(
                name="linux.resources.network", shows=("linux.network.*",), edits=(put("/linux/resources/network", given),)
            )
        )
    )


def real_time(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a period of real-time scheduling, and maybe a budget, which few cgroups have to give."""
    if version(host, "cpu") != "v1":
        return None
    budget = st.fixed_dictionaries({"realtimePeriod": st.integers(100_000, 900_000)}, optional={"realtimeRuntime": st.just(1000)})
    return budget.map(
        lambda given: Feature(
            name="linux.resources.cpu.realtime",
            sole="cpu",
            shows=("linux.cpu.realtime*",),
            edits=tuple(put(f"/linux/resources/cpu/{key}", value) for key, value in given.items()),
        )
    )


def burst(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a burst beyond a quota, larger or smaller than that, or a cgroup that gets what others leave."""
    if version(host, "cpu") is None:
        return None
    bursting = st.tuples(st.integers(60_000, 1_000_000), st.integers(1000, 1_000_000)).map(
        lambda two: {"quota": two[0], "burst": two[1]}
    )
    return st.one_of(bursting, st.just({"idle": 1})).map(
        lambda given: Feature(
            name="linux.resources.cpu.rare",
            sole="cpu",
            shows=("linux.cpu.*",),
            edits=tuple(put(f"/linux/resources/cpu/{key}", value) for key, value in given.items()),
        )
    )


def processor(host: Host) -> SearchStrategy[Feature] | None:
    """Generate limits of time: a period, a quota, shares."""
    if version(host, "cpu") is None:
        return None

    @st.composite
    def limits(draw: st.DrawFn) -> Feature:
        given = {}
        if draw(st.booleans()):
            given["period"] = draw(st.integers(1000, 1_000_000))
        if draw(st.booleans()):
            # A container that gets next to no time would only make the hunt slow.
            given["quota"] = draw(st.integers(given.get("period", 100_000) // 2 + 1000, 4_000_000))
        if draw(st.booleans()) or not given:
            given["shares"] = draw(st.integers(2, 1 << 18))
        return Feature(
            name="linux.resources.cpu",
            sole="cpu",
            shows=("linux.cpu.*",),
            edits=tuple(put(f"/linux/resources/cpu/{key}", value) for key, value in given.items()),
        )

    return limits()


def processors(host: Host) -> SearchStrategy[Feature] | None:
    """Generate which processors."""
    if version(host, "cpuset") is None:
        return None
    numbers = st.lists(st.sampled_from(sorted(host.cpus)), min_size=1, max_size=4, unique=True)
    return numbers.map(
        lambda chosen: Feature(
            name="linux.resources.cpuset",
            shows=("linux.cpu.cpus.effect",),
            edits=(put("/linux/resources/cpu/cpus", ",".join(map(str, chosen))), put("/linux/resources/cpu/mems", "0")),
        )
    )


def processes(host: Host) -> SearchStrategy[Feature] | None:
    """Generate a limit of processes, small enough to be tried or large."""
    if version(host, "pids") is None:
        return None
    return st.one_of(st.integers(40, _EXERCISED), st.integers(_EXERCISED + 1, 1 << 20), st.sampled_from((-1, 0))).map(
        lambda limit: Feature(
            name="linux.resources.pids",
            shows=("linux.pids.limit.*",),
            edits=(put("/linux/resources/pids", {"limit": limit}),),
        )
    )


PROPERTIES = (
    Property("linux.cgroupsPath", path),
    Property("linux.resources.memory", memory),
    Property("linux.resources.memory.swap", swap),
    Property("linux.resources.memory.switches", switches),
    Property("linux.resources.memory.kernelTCP", tcp),
    Property("linux.resources.cpu", processor),
    Property("linux.resources.cpu.rare", burst),
    Property("linux.resources.cpu.realtime", real_time),
    Property("linux.resources.blockIO", throttling),
    Property("linux.resources.blockIO.weight", weights),
    Property("linux.resources.network", network),
    Property("linux.resources.cpuset", processors),
    Property("linux.resources.pids", processes),
)
