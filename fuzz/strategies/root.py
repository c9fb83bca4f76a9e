"""The root filesystem: where it is, whether it can be written, how mounts propagate from it."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Directory, HostMount, RegularFile
from conformance.expectations.root import MARKER, MARKER_CONTENT
from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property

_MS_BIND = 0x1000
_SHARED = HostMount("{bundle}/rootfs", "{bundle}/rootfs", "", _MS_BIND, shared=True)
_PROPAGATIONS = ("private", "shared", "slave", "unbindable")


def path(_host: Host) -> SearchStrategy[Feature]:
    """Generate a relative, awkward or absolute path to the root filesystem, which has a file to know it by."""
    return st.sampled_from(("rootfs", "./rootfs", "rootfs/", "{bundle}/rootfs")).map(
        lambda given: Feature(
            name="root.path",
            shows=("config.root.path.posix-relative",),
            aims=("config.root.path.posix-relative",),
            rootfs=(RegularFile(MARKER.lstrip("/"), MARKER_CONTENT), Directory("decoy")),
            edits=(put("/root/path", given), put("/annotations/org.example.root", "marked")),
        )
    )


def read_only(_host: Host) -> SearchStrategy[Feature]:
    """Generate a read-only root filesystem, with the places where runtimes make mount points in it."""
    return st.booleans().map(
        lambda value: Feature(
            name="root.readonly", shows=("config.root.readonly.effect",), edits=(put("/root/readonly", value=value),)
        )
    )


def propagation(_host: Host) -> SearchStrategy[Feature]:
    """Generate mount propagation of the root, which the host may share: else there is nothing to be a slave of."""

    def feature(given: tuple[str, bool]) -> Feature:
        kind, shared = given
        shared = shared or kind == "slave"
        return Feature(
            name="linux.rootfsPropagation",
            shows=("linux.rootfspropagation.*",),
            mounts=(_SHARED,) if shared else (),
            edits=(put("/linux/rootfsPropagation", kind),),
            aims=("linux.rootfspropagation.slave",) if kind == "slave" else (),
            needs=frozenset({"mount"}),
        )

    return st.tuples(st.sampled_from(_PROPAGATIONS), st.booleans()).map(feature)


PROPERTIES = (
    Property("root.path", path),
    Property("root.readonly", read_only),
    Property("linux.rootfsPropagation", propagation),
)
