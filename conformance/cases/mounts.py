"""Mounts: order, sources, destinations, and every option on a mount of its own."""

from typing import Any

from conformance.cases.case import Case, Directory, HostMount, RegularFile
from conformance.expectations.mounts import COPIED
from conformance.record.config import Edit, put
from specs.linux.mount_options import (
    MS_NOATIME,
    MS_NODEV,
    MS_NODIRATIME,
    MS_NOEXEC,
    MS_NOSUID,
    MS_NOSYMFOLLOW,
    MS_RDONLY,
    MS_RELATIME,
    MS_STRICTATIME,
)

_SET = ("ro", "nosuid", "nodev", "noexec", "noatime", "relatime", "strictatime", "nodiratime", "sync", "dirsync")
_CLEARED = ("rw", "suid", "dev", "exec")
_QUIET = ("async", "atime", "nostrictatime", "diratime", "lazytime", "nolazytime", "mand", "nomand")
_OFTEN_UNKNOWN = ("nosymfollow", "symfollow", "norelatime", "iversion", "noiversion", "silent", "loud")
_SET_ON_TREE = ("rro", "rnosuid", "rnoexec", "rnoatime", "rrelatime", "rstrictatime", "rnodiratime", "rnosymfollow")
_CLEARED_ON_TREE = {
    "rrw": MS_RDONLY,
    "rsuid": MS_NOSUID,
    "rdev": MS_NODEV,
    "rexec": MS_NOEXEC,
    "ratime": MS_NOATIME,
    "rnorelatime": MS_RELATIME,
    "rnostrictatime": MS_STRICTATIME,
    "rdiratime": MS_NODIRATIME,
    "rsymfollow": MS_NOSYMFOLLOW,
}
"""Each option that clears a flag recursively, and that flag, which the tree is mounted with."""
_ON_BIND = ("ro", "nosuid", "nodev", "noexec", "noatime", "strictatime", "nodiratime")
_PROPAGATION = ("shared", "slave", "private", "unbindable")


def _mount(destination: str, *, kind: str = "tmpfs", source: str | None = None, options: tuple[str, ...] = ()) -> Edit:
    """Append a mount. Its mount point is the case's duty: the spec does not say that a runtime makes it."""
    entry: dict[str, Any] = {"destination": destination, "type": kind, "source": source or kind, "options": list(options)}
    return put("/mounts/-", entry)


def _points(names: tuple[str, ...]) -> tuple[Directory, ...]:
    return tuple(Directory(f"m/{name}") for name in names)


def _single(name: str) -> Case:
    return Case(
        name=f"mounts/options-{name}",
        title=f"A tmpfs with the option {name}",
        rootfs=_points((name,)),
        defect=_mount(f"/m/{name}", options=(name,)),
    )


def _on_tree(name: str, flag: int) -> Case:
    """Return the case of an option for a mount and the mount inside it, both of which have `flag` on the host."""
    return Case(
        name=f"mounts/options-{name}",
        title=f"The option {name} on a bind mount with another mount inside",
        rootfs=_points((name,)),
        host=(Directory("tree"),),
        mounts=(
            HostMount("tmpfs", "{host}/tree", "tmpfs", flags=flag & ~MS_RDONLY),
            HostMount("tmpfs", "{host}/tree/sub", "tmpfs", flags=flag),
        ),
        defect=_mount(f"/m/{name}", kind="none", source="{host}/tree", options=("rbind", name)),
    )


# Runtimes are known to take some options for options of the filesystem, which then refuses them. So each of those has a
# case of its own, with the mount as its `defect`: the twin without it shows what the refusal was for.
CASES: tuple[Case, ...] = (
    Case(
        name="mounts/order",
        aims=(
            "config.mounts.order",
            "config.mounts.linux-mount2",
        ),
        title="Mounts over, inside and on top of earlier ones",
        rootfs=(Directory("outer/inner"), Directory("tree/deep"), Directory("shelf"), Directory("twice")),
        edits=(
            _mount("/outer/inner"),
            _mount("/outer"),
            _mount("/shelf", kind="none", source="rootfs/tree", options=("bind",)),
            _mount("/shelf/deep"),
            _mount("/twice"),
            _mount("/twice", kind="ramfs"),
        ),
    ),
    Case(
        name="mounts/bind",
        title="Bind mounts of a file and a directory of the bundle, without and with the mounts inside it",
        rootfs=(
            RegularFile("shelf/file", b"the one\n"),
            RegularFile("shelf/other", b"another\n"),
            Directory("shelf/inner"),
            Directory("elsewhere"),
            RegularFile("seen-file"),
            Directory("seen"),
            Directory("seen-whole"),
        ),
        mounts=(HostMount("tmpfs", "{bundle}/rootfs/shelf/inner", "tmpfs"),),
        edits=(
            _mount("/seen-file", kind="none", source="rootfs/shelf/file", options=("bind",)),
            _mount("/seen", kind="bind", source="rootfs/shelf", options=("bind",)),
            _mount("/seen-whole", kind="none", source="rootfs/shelf", options=("rbind",)),
        ),
    ),
    Case(
        name="mounts/relative-destination",
        title="A destination without a leading slash, and a working directory that it must not count from",
        rootfs=(Directory("mnt/relative"), Directory("srv/mnt/relative")),
        host=(Directory("volume"),),
        edits=(
            put("/process/cwd", "/srv"),
            _mount("mnt/relative", kind="none", source="{host}/volume", options=("bind",)),
        ),
    ),
    Case(
        name="mounts/options",
        aims=(
            "config.mounts.linux-mount2",
            "config.mounts.options.ro",
            "config.mounts.options.nosuid",
            "config.mounts.options.nodev",
            "config.mounts.options.noexec",
            "config.mounts.options.strictatime",
        ),
        title="Each option that sets a flag, on a tmpfs of its own",
        rootfs=(*_points(_SET), Directory("m/plain")),
        edits=(_mount("/m/plain"), *(_mount(f"/m/{name}", options=(name,)) for name in _SET)),
    ),
    Case(
        name="mounts/options-cleared",
        title="Each option that asks for the absence of a flag, on a tmpfs of its own",
        rootfs=_points(_CLEARED),
        edits=tuple(_mount(f"/m/{name}", options=(name,)) for name in _CLEARED),
    ),
    Case(
        name="mounts/options-without-effect",
        title="Options whose absence shows no difference, and those for times and modes that few use",
        rootfs=_points(_QUIET),
        edits=tuple(_mount(f"/m/{name}", options=(name,)) for name in _QUIET),
    ),
    *(_single(name) for name in _OFTEN_UNKNOWN),
    *(_on_tree(name, 0) for name in _SET_ON_TREE),
    *(_on_tree(name, flag) for name, flag in _CLEARED_ON_TREE.items()),
    Case(
        name="mounts/options-custom",
        title="An option that only mount(8) knows, and that implies others",
        rootfs=_points(("user",)),
        defect=_mount("/m/user", options=("user",)),
    ),
    Case(
        name="mounts/bind-typed",
        title="Bind mounts with the type of a filesystem, and with one that no kernel has",
        rootfs=(Directory("shelf"), *_points(("tmpfs", "unheard-of"))),
        edits=(
            _mount("/m/tmpfs", source="rootfs/shelf", options=("bind",)),
            _mount("/m/unheard-of", kind="unheard-of", source="rootfs/shelf", options=("rbind",)),
        ),
    ),
    Case(
        name="mounts/options-bind",
        title="Options on bind mounts, which the kernel ignores unless they are set by a second call",
        rootfs=_points(_ON_BIND),
        host=(Directory("volume"),),
        edits=tuple(_mount(f"/m/{name}", kind="none", source="{host}/volume", options=("bind", name)) for name in _ON_BIND),
    ),
    Case(
        name="mounts/options-defaults",
        title="A tmpfs with the option that stands for none",
        rootfs=_points(("defaults",)),
        defect=_mount("/m/defaults", options=("defaults",)),
    ),
    Case(
        name="mounts/options-propagation",
        title="Each kind of propagation, on a bind mount of what the host shares",
        rootfs=_points(tuple(prefix + name for prefix in ("", "r") for name in _PROPAGATION)),
        host=(Directory("shared"),),
        mounts=(HostMount("tmpfs", "{host}/shared", "tmpfs", shared=True),),
        edits=(
            *(_mount(f"/m/{n}", kind="none", source="{host}/shared", options=("bind", n)) for n in _PROPAGATION),
            *(_mount(f"/m/r{n}", kind="none", source="{host}/shared", options=("rbind", f"r{n}")) for n in _PROPAGATION),
        ),
    ),
    Case(
        name="mounts/options-remount",
        title="A tmpfs that a second entry makes read-only",
        rootfs=_points(("again",)),
        edits=(_mount("/m/again"), _mount("/m/again", options=("remount", "ro", "nosuid"))),
    ),
    Case(
        name="mounts/options-data",
        aims=("config.mounts.options.unknown-as-data",),
        title="Options that only the filesystem knows",
        rootfs=_points(("data",)),
        edits=(_mount("/m/data", options=("size=128k", "nr_inodes=100", "mode=0751")),),
    ),
    Case(
        name="mounts/options-tmpcopyup",
        title="A tmpfs that starts with what the directory below it holds",
        rootfs=(RegularFile(COPIED.lstrip("/"), b"copied\n"),),
        edits=(_mount("/copied", options=("tmpcopyup",)),),
        aims=("config.mounts.options.tmpcopyup",),
    ),
)
