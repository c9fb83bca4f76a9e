"""Device nodes, and the allowed device list."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Directory
from conformance.expectations.cgroups import version
from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property
from fuzz.strategies.texts import identifier

_PATHS = ("/dev/conformance", "/dev/conformance-two", "/dev/sub/deep", "/opt/nodes/full", "/node")
_NUMBERS = ((1, 3), (1, 5), (1, 7), (7, 0), (121, 4), (255, 255))
_DRIVERLESS = (121, 122)
"""Majors for local use: opening such a device shows what the list says, and touches nothing."""

_MAYBE = st.booleans()


def nodes(_host: Host) -> SearchStrategy[Feature]:
    """Generate one to three devices of any type, in /dev and elsewhere, under a umask of the runtime's own."""
    kinds, paths, numbers = (st.sampled_from(each) for each in ("cbpu", _PATHS, _NUMBERS))
    modes, owners = st.integers(0, 0o777), identifier()

    @st.composite
    def device(draw: st.DrawFn) -> dict[str, Any]:
        kind = draw(kinds)
        entry: dict[str, Any] = {"path": draw(paths), "type": kind}
        if kind != "p":
            entry["major"], entry["minor"] = draw(numbers)
        if draw(_MAYBE):
            entry["fileMode"] = draw(modes)
        if draw(_MAYBE):
            entry |= {"uid": draw(owners), "gid": draw(owners)}
        return entry

    listed = st.lists(device(), min_size=1, max_size=3, unique_by=lambda entry: str(entry["path"]))
    return st.tuples(listed, st.sampled_from((None, 0o077, 0))).map(
        lambda given: Feature(
            name="linux.devices",
            shows=("linux.devices.*",),
            rootfs=(Directory("opt/nodes"),),
            edits=(put("/linux/devices", given[0]),),
            umask=given[1],
            needs=frozenset({"mount"}),
            # In a user namespace no device can be made, only an existing one be shown.
            without=frozenset({"user"}),
        )
    )


def allowed(host: Host) -> SearchStrategy[Feature] | None:
    """Generate entries of the allowed device list, some about the same devices, some general."""
    if version(host, "devices") is None and ("" not in host.cgroup_mounts or host.euid != 0):
        return None

    accesses = st.sampled_from(("rwm", "rw", "r", "w", "rm", "wm"))
    kinds = st.sampled_from("cb")
    members = st.sampled_from((*(("major", "minor"),) * 4, ("major",), ()))
    majors, minors = st.sampled_from(_DRIVERLESS), st.integers(1, 3)

    @st.composite
    def entry(draw: st.DrawFn) -> dict[str, Any]:
        found: dict[str, Any] = {"allow": draw(_MAYBE), "access": draw(accesses), "type": draw(kinds)}
        named = draw(members)
        if "major" in named:
            found["major"] = draw(majors)
        if "minor" in named:
            found["minor"] = draw(minors)
        return found

    everything = st.sampled_from(
        ({"allow": True, "access": "rwm"}, {"allow": False, "access": "rwm"}, {"allow": False, "type": "a", "access": "rwm"})
    )

    first, others = st.lists(everything, max_size=1), st.lists(entry(), min_size=1, max_size=5)

    @st.composite
    def entries(draw: st.DrawFn) -> list[dict[str, Any]]:
        found = draw(first) + draw(others)
        if draw(_MAYBE):
            # The other way round for a device that was named before: the later entry holds.
            found.append(found[-1] | {"allow": not found[-1]["allow"]})
        return found

    listed = entries()
    return listed.map(
        lambda entries: Feature(
            name="linux.resources.devices",
            shows=("linux.device-list.*",),
            edits=(put("/linux/resources/devices", entries),),
            without=frozenset({"user"}),
        )
    )


PROPERTIES = (Property("linux.devices", nodes), Property("linux.resources.devices", allowed))
