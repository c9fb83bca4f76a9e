"""Which properties, and which pairs of them, were really looked at: both in one container that started, both judged."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Any

Pair = tuple[str, str]

INFEASIBLE: tuple[tuple[str, str, str], ...] = (
    ("namespaces.*.inherited", "namespaces.*.joined", "of one kind: a namespace is inherited or joined, not both"),
    (
        "namespaces.*.inherited",
        "namespaces.user*",
        "a new user namespace owns none of the inherited ones, so much is forbidden there",
    ),
    ("namespaces.*.joined", "namespaces.user*", "a new user namespace owns none of the joined ones, so much is forbidden there"),
    ("namespaces.uts.*", "hostname", "whose name would be changed, the text leaves open"),
    ("namespaces.uts.*", "domainname", "whose name would be changed, the text leaves open"),
    ("namespaces.network.*", "linux.sysctl.network", "the parameters of a namespace that others share"),
    ("namespaces.ipc.*", "linux.sysctl.ipc", "the parameters of a namespace that others share"),
    ("namespaces.user*", "linux.sysctl.*", "older kernels let no root of a user namespace write them"),
    ("namespaces.user*", "linux.devices", "no device can be made in a user namespace"),
    ("namespaces.user*", "linux.resources.devices", "nobody in a user namespace may restrict devices"),
    ("namespaces.user*", "process.user", "the user of a user namespace comes with its mappings"),
    ("namespaces.user*", "process.user.additionalGids", "the groups of a user namespace come with its mappings"),
    ("namespaces.order", "namespaces.*", "the namespaces of the other replace the list"),
    ("linux.seccomp.allowing", "linux.seccomp.denying", "a config has one filter"),
    ("process.args", "process.args.bare-name", "a config has one program"),
    ("process.capabilities", "process.capabilities.unknown", "a config has one set of each kind"),
    ("linux.resources.memory*", "linux.resources.memory*", "a config has one limit of memory"),
    ("linux.resources.cpu", "linux.resources.cpu.rare", "a config has one quota"),
    ("namespaces.mount.joined", "mounts.*", "in a mount namespace that exists, more is mounted than the config says"),
    ("namespaces.mount.joined", "linux.*Paths", "as with mounts: what is there already is not the config's"),
    ("namespaces.mount.joined", "linux.rootfsPropagation", "how a root that is there already propagates is not the config's"),
    ("namespaces.mount.joined", "linux.devices", "as with mounts: what is in /dev already is not the config's"),
    ("namespaces.time", "namespaces.user*", "only who is root where the time namespace is made may set its clocks"),
    ("mounts.recursive-options", "namespaces.user*", "flags of mounts that a user namespace inherits are locked"),
    ("mounts.rare-recursive-option", "namespaces.user*", "flags of mounts that a user namespace inherits are locked"),
    ("mounts.rare-*", "mounts.rare-*", "a case is compared with one twin, which goes without one of them"),
    ("hooks*", "hooks*", "a config has one list of hooks of each kind"),
    ("features.*", "*", "what a runtime declares is not known before, so it is tried by itself"),
    ("mounts.id-mapped", "namespaces.user*", "a mount is mapped by whoever owns its filesystem"),
)
"""Pairs that no valid config has, or that cannot be judged there: globs over names, and why. Reviewed by hand."""


def infeasible(first: str, second: str) -> str:
    """Return why two properties cannot be judged in one container, "" if they can."""
    for one, other, reason in INFEASIBLE:
        for a, b in ((first, second), (second, first)):
            if fnmatchcase(a, one) and fnmatchcase(b, other) and not (reason.startswith("of one kind") and _kind(a) != _kind(b)):
                return reason
    return ""


def _kind(name: str) -> str:
    return name.split(".")[1]


class Coverage:
    """Counts, of properties and of pairs."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        self._feasible = [pair for pair in combinations(self.names, 2) if not infeasible(*pair)]
        self._seen: Counter[str] = Counter()
        self._pairs: Counter[Pair] = Counter()
        self._beyond: set[str] = set()

    def add(self, judged: Collection[str], *, beyond: Collection[str] = ()) -> None:
        """Take note of the properties that one started container had and that were judged in it.

        `beyond` are those that were not, or not only, since the version of the spec that is judged by does not have them.
        """
        known = sorted(set(judged).intersection(self.names))
        self._seen.update(known)
        self._pairs.update(combinations(known, 2))
        self._beyond.update(beyond)

    @property
    def beyond(self) -> list[str]:
        """Properties of which the version that is judged by has nothing to say."""
        return [name for name in self.names if name in self._beyond and not self._seen[name]]

    @property
    def missing(self) -> list[str]:
        """Properties that were never judged, and could have been."""
        return [name for name in self.names if not self._seen[name] and name not in self._beyond]

    @property
    def pairs(self) -> list[Pair]:
        """Feasible pairs of properties that can be judged."""
        beyond = set(self.beyond)
        return [pair for pair in self._feasible if not beyond.intersection(pair)]

    @property
    def missing_pairs(self) -> list[Pair]:
        """Those of them that were never judged together."""
        return [pair for pair in self.pairs if not self._pairs[pair]]

    def describe(self) -> str:
        """`properties 52/54, pairs 1101/1298`."""
        whole, pairs = len(self.names) - len(self.beyond), len(self.pairs)
        return f"properties {whole - len(self.missing)}/{whole}, pairs {pairs - len(self.missing_pairs)}/{pairs}"

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {
            "properties": dict(self._seen),
            "pairs": [[*pair, count] for pair, count in self._pairs.items()],
            "beyond": sorted(self._beyond),
        }

    def restore(self, document: Mapping[str, Any]) -> None:
        """Go on from the counts that `as_json` wrote."""
        self._seen.update(document.get("properties", {}))
        self._pairs.update({(first, second): count for first, second, count in document.get("pairs", ())})
        self._beyond.update(document.get("beyond", ()))
