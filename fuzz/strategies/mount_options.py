"""Mount options, each on a mount of its own: on filesystems of memory, on trees, on binds of what the host shares.

Options that runtimes are known to refuse come one at a time, as what a case goes without in its twin: the twin shows what
the refusal was for, and the others are not spoiled by it.
"""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Directory, HostMount
from conformance.record.config import Edit, put
from conformance.record.host import Host
from fuzz.strategies.feature import TWIN, Feature, Property

_USUAL = (
    *("ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "nodiratime", "diratime"),
    *("noatime", "atime", "relatime", "strictatime", "nostrictatime"),
    *("lazytime", "nolazytime", "mand", "nomand", "sync", "async", "dirsync"),
)
_RARE = {
    "mounts.rare-option": ("norelatime", "nosymfollow", "symfollow", "defaults", "user"),
    "mounts.rare-flag": ("iversion", "noiversion", "silent", "loud"),
}
"""Options of mount(8) that some runtimes take for data: of a mount (`user` is in no table of the spec), of a filesystem."""
_USUAL_ON_TREE = ("rro", "rrw", "rnosuid", "rsuid", "rnodev", "rdev", "rnoexec", "rexec", "rrelatime")
_RARE_ON_TREE = (
    *("rnoatime", "ratime", "rnorelatime", "rstrictatime", "rnostrictatime"),
    *("rnodiratime", "rdiratime", "rnosymfollow", "rsymfollow"),
)
_PROPAGATIONS = tuple(prefix + name for prefix in ("", "r") for name in ("private", "shared", "slave", "unbindable"))
_TREE = ("{host}/whole", "{host}/whole/inner")


def _several(options: Sequence[str]) -> SearchStrategy[list[str]]:
    """Generate half of the options or more: each has a mount of its own, so they do not contradict each other."""
    return st.lists(st.sampled_from(options), min_size=len(options) // 2, unique=True)


def _points(options: Sequence[str]) -> tuple[Directory, ...]:
    """Return the mount points: a runtime does not have to make them."""
    return tuple(Directory(f"m/{option}") for option in options)


def _memory(option: str) -> Edit:
    return put("/mounts/-", {"destination": f"/m/{option}", "type": "tmpfs", "source": "tmpfs", "options": [option]})


def _bound(option: str, source: str) -> Edit:
    how = "rbind" if option.startswith("r") else "bind"
    return put("/mounts/-", {"destination": f"/m/{option}", "type": "none", "source": source, "options": [how, option]})


def usual(_host: Host) -> SearchStrategy[Feature]:
    """Generate many tmpfs, each with one option that every runtime knows."""
    return _several(_USUAL).map(
        lambda options: Feature(
            name="mounts.usual-options",
            shows=("config.mounts.options.*",),
            rootfs=_points(options),
            edits=tuple(map(_memory, options)),
            needs=frozenset({"mount"}),
        )
    )


def _rare(name: str) -> Property:
    """Return the property of a tmpfs with an option that some runtimes do not know."""

    def feature(option: str) -> Feature:
        return Feature(
            name=name,
            shows=("config.mounts.options.*",),
            rootfs=_points((option,)),
            defect=_memory(option),
            needs=frozenset({"mount"}),
            sole=TWIN,
        )

    return Property(name, lambda _host: st.sampled_from(_RARE[name]).map(feature))


def _on_tree(name: str, options: Sequence[str], *, edits: tuple[Edit, ...] = (), defect: Edit | None = None) -> Feature:
    return Feature(
        name=name,
        shows=("config.mounts.options.r*",),
        rootfs=_points(options),
        host=(Directory(_TREE[1].removeprefix("{host}/")),),
        mounts=tuple(HostMount("tmpfs", place, "tmpfs") for place in _TREE),
        edits=edits,
        defect=defect,
        needs=frozenset({"mount"}),
        # A user namespace may not take away what a mount that it inherited has locked.
        without=frozenset({"user"}),
        sole=TWIN if defect else "",
    )


def usual_on_tree(_host: Host) -> SearchStrategy[Feature]:
    """Generate bind mounts with a mount inside, each with an option that holds for both."""
    return _several(_USUAL_ON_TREE).map(
        lambda options: _on_tree("mounts.recursive-options", options, edits=tuple(_bound(each, _TREE[0]) for each in options))
    )


def rare_on_tree(_host: Host) -> SearchStrategy[Feature]:
    """Generate the same with an option that some runtimes do not know."""
    return st.sampled_from(_RARE_ON_TREE).map(
        lambda option: _on_tree("mounts.rare-recursive-option", (option,), defect=_bound(option, _TREE[0]))
    )


def propagation(_host: Host) -> SearchStrategy[Feature]:
    """Generate bind mounts of what the host shares, each with propagation of its own."""
    return _several(_PROPAGATIONS).map(
        lambda kinds: Feature(
            name="mounts.propagation",
            shows=tuple(f"config.mounts.options.{kind}" for kind in _PROPAGATIONS),
            rootfs=_points(kinds),
            host=(Directory("shared"),),
            mounts=(HostMount("tmpfs", "{host}/shared", "tmpfs", shared=True),),
            edits=tuple(_bound(kind, "{host}/shared") for kind in kinds),
            needs=frozenset({"mount"}),
        )
    )


PROPERTIES = (
    Property("mounts.usual-options", usual),
    *map(_rare, _RARE),
    Property("mounts.recursive-options", usual_on_tree),
    Property("mounts.rare-recursive-option", rare_on_tree),
    Property("mounts.propagation", propagation),
)
