"""The root filesystem: its path, read-only, and its propagation."""

from conformance.cases.case import Case, Directory, HostMount, RegularFile
from conformance.expectations.root import MARKER, MARKER_CONTENT
from conformance.record.config import put

_MS_BIND = 0x1000
_MARKER = RegularFile(MARKER.lstrip("/"), MARKER_CONTENT)
_SHARED_ROOT = HostMount("{bundle}/rootfs", "{bundle}/rootfs", "", _MS_BIND, shared=True)
"""The rootfs as a mount of its own that the host shares, so that it can be seen what of its events the container gets."""

CASES: tuple[Case, ...] = (
    Case(
        name="root/relative",
        title="root.path counts from the bundle, wherever the runtime was called",
        rootfs=(_MARKER, Directory("decoy")),
        edits=(put("/root/path", "rootfs"), put("/annotations", {"org.example.root": "marked"})),
        aims=("config.root.path.posix-relative", "bundle.rootfs.referenced"),
    ),
    Case(
        name="root/absolute",
        title="root.path and a bind source as absolute paths",
        rootfs=(_MARKER, Directory("shelf"), Directory("seen")),
        edits=(
            put("/root/path", "{bundle}/rootfs"),
            put("/mounts/-", {"destination": "/seen", "source": "{bundle}/rootfs/shelf", "options": ["bind"]}),
        ),
        aims=("config.root.path.posix-relative", "bundle.rootfs.referenced"),
    ),
    Case(
        name="root/readonly",
        title="A read-only root filesystem",
        edits=(put("/root", {"path": "rootfs", "readonly": True}),),
    ),
    Case(
        name="root/propagation-shared",
        title="A root filesystem in a peer group of its own",
        edits=(put("/linux/rootfsPropagation", "shared"),),
    ),
    Case(
        name="root/propagation-slave",
        title="A root filesystem that receives the host's mount events",
        mounts=(_SHARED_ROOT,),
        edits=(put("/linux/rootfsPropagation", "slave"),),
        aims=("linux.rootfspropagation.slave",),
    ),
    Case(
        name="root/propagation-private",
        title="A root filesystem that receives no mount events, though the host shares it",
        mounts=(_SHARED_ROOT,),
        edits=(put("/linux/rootfsPropagation", "private"),),
    ),
    Case(
        name="root/propagation-unbindable",
        title="A root filesystem that cannot be bind-mounted",
        edits=(put("/linux/rootfsPropagation", "unbindable"),),
    ),
)
