"""A feature is one property of a config with all that it needs: edits, files, namespaces, mounts. Several make a case.

Features that contradict the namespaces of the others are left out: a sysctl of a network namespace has no place in a
config that inherits the host's. So every list of features makes a valid config, and any part of it does as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Case, Container, Entry, HostMount, HostNamespace, lifecycle
from conformance.cases.features import DECLARED
from conformance.record.config import Edit, put
from conformance.record.host import Host

BASE_NAMESPACES = ("pid", "network", "ipc", "uts", "mount", "cgroup")
"""What the base config has, each made anew."""
NEW = ""
"""In `Feature.namespaces`: made anew. A path joins the namespace there, None leaves the type out."""
TWIN = "what the twin goes without"
"""`Feature.sole` of what has a `defect`: a case is compared with one twin."""

SHORTENED = frozenset(
    {
        "/process/rlimits",
        "/process/user/additionalGids",
        "/linux/devices",
        "/linux/maskedPaths",
        "/linux/readonlyPaths",
        "/linux/resources/devices",
    }
)
"""Lists that stay valid without any of their elements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One property with a value."""

    name: str
    """`chapter.property`, as coverage counts it; one of a kind in a case."""
    shows: tuple[str, ...]
    """Globs over requirement ids: one of these decided means that the property was judged."""
    edits: tuple[Edit, ...] = ()
    rootfs: tuple[Entry, ...] = ()
    host: tuple[Entry, ...] = ()
    mounts: tuple[HostMount, ...] = ()
    joins: tuple[HostNamespace, ...] = ()
    namespaces: Mapping[str, str | None] = field(default_factory=dict)
    """Type of namespace to NEW, a path, or None."""
    needs: frozenset[str] = frozenset()
    """Types of namespaces that have to be the container's own and new."""
    without: frozenset[str] = frozenset()
    """Types of namespaces that must not be made anew or joined."""
    sole: str = ""
    """What a config has but one of, for features that would replace each other."""
    asks_state: bool = False
    """It shows in the state, so that is asked for: else a hunt does without, since each question is a call of the runtime."""
    aims: tuple[str, ...] = ()
    """Requirements that are judged with it though their expectation does not apply by the config alone."""
    umask: int | None = None
    stalls: tuple[tuple[str, int], ...] = ()
    """(kind, index) of hooks that are never let go."""
    defect: Edit | None = None
    """An edit that the twin goes without, so that a refusal because of it can be told from others."""
    declared: str = ""
    """The part of the runtime's features document that is tried, by its name in `DECLARED`; only in a config of its own."""


@dataclass(frozen=True, slots=True)
class Property:
    """How to generate one property: `strategy` gives None where the host lacks something for it."""

    name: str
    strategy: Callable[[Host], SearchStrategy[Feature] | None]
    slow: bool = False
    """A container with it takes seconds, so it is seldom drawn."""


def namespaces_of(features: Iterable[Feature]) -> dict[str, str | None]:
    """Return type of namespace to NEW, a path or None, as these features have it together; the last one wins."""
    found: dict[str, str | None] = dict.fromkeys(BASE_NAMESPACES, NEW)
    for feature in features:
        found |= feature.namespaces
    return found


def compatible(features: Iterable[Feature]) -> tuple[Feature, ...]:
    """Return the features that fit together: each that the namespaces of all do not suit is left out, the last one first.

    One that is declared is alone if it is the first, and else left out.
    """
    kept: list[Feature] = []
    for feature in features:
        if kept and (feature.declared or kept[0].declared):
            continue
        if not feature.sole or feature.sole not in {other.sole for other in kept}:
            kept.append(feature)
    while True:
        namespaces = namespaces_of(kept)
        unsuited = [feature for feature in kept if not _suits(feature, namespaces)]
        if not unsuited:
            return tuple(kept)
        kept.remove(unsuited[-1])


def quiet_lifecycle(container: Container) -> None:
    """Do what `lifecycle` does, but for asking the runtime for the state."""
    if not container.create().succeeded:
        return
    container.snapshot("created")
    if container.start().succeeded:
        container.snapshot("running")
        container.probe()
    container.kill("KILL")
    container.delete()


def smaller(features: tuple[Feature, ...]) -> Iterator[tuple[Feature, ...]]:
    """Yield lists that lack a feature, or an element of a list that one of them puts into the config."""
    for position in range(len(features)):
        yield compatible((*features[:position], *features[position + 1 :]))
    for position, feature in enumerate(features):
        for index, edit in enumerate(feature.edits):
            if edit.pointer not in SHORTENED or not isinstance(edit.value, list) or len(edit.value) < 2:
                continue
            for element in range(len(edit.value)):
                shorter = replace(edit, value=[*edit.value[:element], *edit.value[element + 1 :]])
                changed = replace(feature, edits=(*feature.edits[:index], shorter, *feature.edits[index + 1 :]))
                yield (*features[:position], changed, *features[position + 1 :])


def compose(features: Iterable[Feature], *, name: str) -> Case:
    """Make a case of the features that fit together."""
    kept = compatible(features)
    namespaces = namespaces_of(kept)
    listed = [{"type": kind} | ({"path": path} if path else {}) for kind, path in namespaces.items() if path is not None]
    edits = [edit for feature in kept for edit in feature.edits]
    if any(feature.namespaces for feature in kept):
        edits.append(put("/linux/namespaces", listed))
    return Case(
        name=name,
        title=" + ".join(feature.name for feature in kept) or "the base config",
        edits=tuple(edits),
        rootfs=tuple(entry for feature in kept for entry in feature.rootfs),
        host=tuple(entry for feature in kept for entry in feature.host),
        mounts=tuple(mount for feature in kept for mount in feature.mounts),
        namespaces=tuple(namespace for feature in kept for namespace in feature.joins),
        script=lifecycle if any(feature.asks_state for feature in kept) else quiet_lifecycle,
        aims=tuple(aim for feature in kept for aim in feature.aims),
        defect=next((feature.defect for feature in kept if feature.defect is not None), None),
        declared=next((DECLARED[feature.declared][1] for feature in kept if feature.declared), None),
        hook_stalls=tuple(stall for feature in kept for stall in feature.stalls),
        umask=next((feature.umask for feature in kept if feature.umask is not None), None),
    )


def _suits(feature: Feature, namespaces: Mapping[str, str | None]) -> bool:
    own = all(namespaces.get(kind) == NEW for kind in feature.needs)
    agreed = all(namespaces.get(kind) == choice for kind, choice in feature.namespaces.items())
    return own and agreed and all(namespaces.get(kind) is None for kind in feature.without)
