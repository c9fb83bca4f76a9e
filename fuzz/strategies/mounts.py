"""Mounts: filesystems and binds with options, nested, overlapping, remounted, through symlinks, with propagation."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Directory, Entry, HostMount, RegularFile, Symlink
from conformance.record.config import Edit, put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property

_POINTS = ("/m/plain", "/m/one", "/m/two words", "/m/\u00e9", "/m/deep/er", "/srv", "/run/new/er", "/dev/extra", "/etc")
"""None of them hides the host's directories, in which hooks find what they call at the same path inside."""
_GROUPS: tuple[tuple[str, ...], ...] = (
    ("ro", "rw"),
    ("nosuid", "suid"),
    ("nodev", "dev"),
    ("noexec", "exec"),
    ("noatime", "relatime", "strictatime"),
    ("nodiratime",),
)
"""Options of which at most one of a group is given: the text does not say which of two that contradict each other wins."""
_DATA = (("size=128k", "size=1m"), ("mode=0751", "mode=700"), ("nr_inodes=100",), ("sync",), ("dirsync",))
"""Options of the filesystem itself."""
_FLAGS = ("ro", "nosuid", "nodev", "noexec", "noatime", "strictatime", "nodiratime")
_SHELF: tuple[Entry, ...] = (
    RegularFile("shelf/file", b"the one\n"),
    RegularFile("shelf/other", b"another\n"),
    Directory("shelf/inner"),
    Directory("elsewhere"),
)
_MOUNTED_SHELF = HostMount("tmpfs", "{bundle}/rootfs/shelf/inner", "tmpfs")
_VOLUME = Directory("volume")
_WAYS = {"/via": "target", "/up": "../../../target", "/far": "/target/./", "/chain": "via/../via"}
"""Symlinks in the root filesystem that all lead to /target, whatever lies there on the host."""
_LAYERS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("/outer", "tmpfs", "tmpfs", ()),
    ("/outer/inner", "tmpfs", "tmpfs", ()),
    ("/shelf", "none", "rootfs/tree", ("bind",)),
    ("/shelf/deep", "tmpfs", "tmpfs", ()),
    ("/twice", "tmpfs", "tmpfs", ()),
    ("/twice", "ramfs", "ramfs", ()),
)


def _mount(destination: str, kind: str, source: str, options: Sequence[str] = ()) -> Edit:
    entry: dict[str, Any] = {"destination": destination, "type": kind, "source": source}
    return put("/mounts/-", entry | ({"options": list(options)} if options else {}))


def _options(groups: Sequence[Sequence[str]], *, most: int = 3) -> SearchStrategy[list[str]]:
    """Generate at most one option of each of a few groups, in any order."""
    chosen = st.lists(st.integers(0, len(groups) - 1), max_size=most, unique=True)
    of_each = [st.sampled_from(group) for group in groups]

    @st.composite
    def options(draw: st.DrawFn) -> list[str]:
        return [draw(of_each[index]) for index in draw(chosen)]

    return options()


def filesystems(host: Host) -> SearchStrategy[Feature]:
    """Generate one to three filesystems of memory with options of every sort, on directories that are there or not."""
    kinds = [kind for kind in ("tmpfs", "ramfs") if kind in host.filesystems]

    def entry(kind: str) -> SearchStrategy[Edit]:
        data = _options(_DATA, most=2) if kind == "tmpfs" else st.just([])
        return st.tuples(st.sampled_from(_POINTS), _options(_GROUPS, most=4), data).map(
            lambda given: _mount(given[0], kind, kind, [*given[1], *given[2]])
        )

    entries = st.lists(
        st.one_of(*map(entry, kinds)), min_size=1, max_size=3, unique_by=lambda edit: str(edit.value["destination"])
    )
    return entries.map(
        lambda edits: Feature(
            name="mounts.filesystems",
            shows=("config.mounts.linux-mount2", "config.mounts.options.*"),
            rootfs=(Directory("m/plain"), Directory("m/one")),
            edits=tuple(edits),
            needs=frozenset({"mount"}),
        )
    )


def kernel_filesystems(host: Host) -> SearchStrategy[Feature]:
    """Generate a filesystem that shows something of the kernel."""
    known = {
        "mqueue": ("/dev/mqueue", "ipc"),
        "devpts": ("/m/pts", "mount"),
    }
    kinds = sorted(kind for kind in known if kind in host.filesystems)

    def feature(given: tuple[str, list[str]]) -> Feature:
        kind, options = given
        destination, namespace = known[kind]
        data = ["newinstance", "ptmxmode=0666"] if kind == "devpts" else []
        return Feature(
            name="mounts.kernel-filesystems",
            shows=("config.mounts.linux-mount2",),
            edits=(_mount(destination, kind, kind, [*options, *data]),),
            needs=frozenset({"mount", namespace}),
        )

    return st.tuples(st.sampled_from(kinds), _options((("nosuid",), ("noexec",), ("nodev",)))).map(feature)


def binds(_host: Host) -> SearchStrategy[Feature]:
    """Generate a directory of the bundle or of the host, bound with or without the mounts inside it."""

    def feature(given: tuple[str, str, str, list[str], bool]) -> Feature:
        kind, source, how, options, mounted = given
        return Feature(
            name="mounts.binds",
            shows=(
                "config.mounts.options.bind",
                "config.mounts.options.rbind",
                "config.mounts.source.*",
                "config.mounts.options.*",
            ),
            rootfs=(*_SHELF, Directory("seen"), Directory("seen-whole")),
            host=(_VOLUME,),
            mounts=(_MOUNTED_SHELF,) if mounted else (),
            edits=(
                _mount("/seen" if how == "bind" else "/seen-whole", kind, source, [how, *options]),
                # Both ends of the bind are named alike, so that they can be compared.
                *((put("/root/path", "{bundle}/rootfs"),) if source.startswith("{bundle}") else ()),
            ),
            needs=frozenset({"mount"}),
            # A user namespace may not lay bare what a mount that it inherited covers.
            without=frozenset({"user"}) if mounted and how == "bind" else frozenset(),
        )

    sources = st.sampled_from(("rootfs/shelf", "{bundle}/rootfs/shelf", "{host}/volume", "rootfs/shelf/../shelf"))
    return st.tuples(
        st.sampled_from(("none", "bind", "tmpfs")),
        sources,
        st.sampled_from(("bind", "rbind")),
        _options([(flag,) for flag in _FLAGS if flag != "strictatime"]),
        st.booleans(),
    ).map(feature)


def typed_binds(_host: Host) -> SearchStrategy[Feature]:
    """Generate binds whose type is a filesystem's, or one that no kernel has: it says nothing."""
    kinds = st.lists(st.sampled_from(("tmpfs", "proc", "unheard-of")), min_size=1, unique=True)
    return st.tuples(kinds, st.sampled_from(("bind", "rbind"))).map(
        lambda given: Feature(
            name="mounts.typed-binds",
            shows=("config.mounts.type.bind-dummy",),
            rootfs=(*_SHELF, *(Directory(f"m/{kind}") for kind in given[0])),
            edits=tuple(_mount(f"/m/{kind}", kind, "rootfs/shelf", [given[1]]) for kind in given[0]),
            needs=frozenset({"mount"}),
        )
    )


def file_binds(_host: Host) -> SearchStrategy[Feature]:
    """Generate a file of the bundle bound on a file."""
    return st.tuples(st.sampled_from(("rootfs/shelf/file", "{bundle}/rootfs/shelf/file")), _options((("ro",), ("noexec",)))).map(
        lambda given: Feature(
            name="mounts.file-binds",
            shows=("config.mounts.source.bind-file",),
            rootfs=(*_SHELF, RegularFile("seen-file")),
            edits=(_mount("/seen-file", "none", given[0], ["bind", *given[1]]),),
            needs=frozenset({"mount"}),
        )
    )


def layers(_host: Host) -> SearchStrategy[Feature]:
    """Generate mounts over, inside and on top of each other, in any order."""
    chosen = st.lists(st.integers(0, len(_LAYERS) - 1), min_size=2, max_size=len(_LAYERS), unique=True)
    return chosen.map(
        lambda indexes: Feature(
            name="mounts.layers",
            shows=("config.mounts.order",),
            rootfs=(Directory("outer/inner"), Directory("tree/deep"), Directory("shelf/deep"), Directory("twice")),
            edits=tuple(_mount(*_LAYERS[index]) for index in indexes),
            needs=frozenset({"mount"}),
        )
    )


def remounts(_host: Host) -> SearchStrategy[Feature]:
    """Generate a tmpfs that a later entry changes."""
    return st.tuples(_options(_GROUPS[:4]), _options([(flag,) for flag in _FLAGS[:4]])).map(
        lambda given: Feature(
            name="mounts.remounts",
            shows=("config.mounts.options.remount",),
            rootfs=(Directory("m/again"),),
            edits=(_mount("/m/again", "tmpfs", "tmpfs", given[0]), _mount("/m/again", "tmpfs", "tmpfs", ["remount", *given[1]])),
            needs=frozenset({"mount"}),
        )
    )


def relative_destinations(_host: Host) -> SearchStrategy[Feature]:
    """Generate a destination without a leading slash, and a working directory that it must not count from."""
    return st.sampled_from(("mnt/relative", "./mnt/relative", "mnt/new")).map(
        lambda destination: Feature(
            name="mounts.relative-destinations",
            shows=("config.mounts.destination.linux-relative-to-root",),
            rootfs=(Directory("mnt/relative"), Directory("srv/mnt/relative")),
            host=(_VOLUME,),
            edits=(put("/process/cwd", "/srv"), _mount(destination, "none", "{host}/volume", ["bind"])),
            needs=frozenset({"mount"}),
        )
    )


def through_symlinks(_host: Host) -> SearchStrategy[Feature]:
    """Generate a destination on whose way lies a symlink, which counts from the container's root."""
    return st.tuples(st.sampled_from(sorted(_WAYS)), st.sampled_from(("", "/point", "/point/deeper")), st.booleans()).map(
        lambda given: Feature(
            name="mounts.through-symlinks",
            shows=("config.mounts.linux-mount2", "config.mounts.options.bind"),
            rootfs=(Directory("target/point"), *(Symlink(way.lstrip("/"), target) for way, target in _WAYS.items())),
            host=(_VOLUME,),
            edits=(
                _mount(given[0] + given[1], "none", "{host}/volume", ["bind"])
                if given[2]
                else _mount(given[0] + given[1], "tmpfs", "tmpfs"),
            ),
            needs=frozenset({"mount"}),
        )
    )


def id_mapped(_host: Host) -> SearchStrategy[Feature]:
    """Generate a bind mount whose files show with other owners."""

    def feature(given: tuple[str, int, int, bool]) -> Feature:
        option, uid, gid, inner = given
        mappings = {
            f"{kind}Mappings": [{"containerID": 0, "hostID": first, "size": 65_536}]
            for kind, first in (("uid", uid), ("gid", gid))
        }
        entry = {"destination": "/m/mapped", "type": "none", "source": "{host}/mapped"}
        options = ["rbind" if option == "ridmap" else "bind", option]
        return Feature(
            name="mounts.id-mapped",
            shows=("config.mounts.options.*idmap*", "config.mounts.*mappings.*"),
            rootfs=(Directory("m/mapped"),),
            host=(Directory("mapped/inner"),),
            mounts=(HostMount("tmpfs", "{host}/mapped/inner", "tmpfs"),) if inner else (),
            edits=(put("/mounts/-", entry | mappings | {"options": options}),),
            needs=frozenset({"mount"}),
            without=frozenset({"user"}),
        )

    first = st.integers(0, 300_000)
    return st.tuples(st.sampled_from(("idmap", "ridmap")), first, first, st.booleans()).map(feature)


PROPERTIES = (
    Property("mounts.filesystems", filesystems),
    Property("mounts.kernel-filesystems", kernel_filesystems),
    Property("mounts.binds", binds),
    Property("mounts.typed-binds", typed_binds),
    Property("mounts.file-binds", file_binds),
    Property("mounts.layers", layers),
    Property("mounts.remounts", remounts),
    Property("mounts.relative-destinations", relative_destinations),
    Property("mounts.through-symlinks", through_symlinks),
    Property("mounts.id-mapped", id_mapped),
)
