"""Whole cases: the base config and at most six features of it."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.record.host import Host
from fuzz.strategies import (
    annotations,
    cgroups,
    credentials,
    declared,
    devices,
    hooks,
    mount_options,
    mounts,
    namespaces,
    paths,
    process,
    root,
    scheduling,
    seccomp,
)
from fuzz.strategies.feature import Feature, Property, compatible

MOST_FEATURES = 6
_SELDOM = 8
"""How much more often each property is drawn than a slow one."""
PROPERTIES: tuple[Property, ...] = (
    *process.PROPERTIES,
    *scheduling.PROPERTIES,
    *credentials.PROPERTIES,
    *root.PROPERTIES,
    *mounts.PROPERTIES,
    *mount_options.PROPERTIES,
    *namespaces.PROPERTIES,
    *devices.PROPERTIES,
    *paths.PROPERTIES,
    *seccomp.PROPERTIES,
    *cgroups.PROPERTIES,
    *hooks.PROPERTIES,
    *annotations.PROPERTIES,
    *declared.PROPERTIES,
)


def available(host: Host) -> dict[str, SearchStrategy[Feature]]:
    """Return the properties that this host has what it takes for, by name."""
    found = {each.name: each.strategy(host) for each in PROPERTIES}
    return {name: strategy for name, strategy in found.items() if strategy is not None}


def features(host: Host) -> SearchStrategy[tuple[Feature, ...]]:
    """Return lists of different features that fit together, and whose config does not depend on the runtime."""
    return examples(host).map(lambda example: tuple(feature for feature in example if not feature.declared))


def examples(host: Host) -> SearchStrategy[tuple[Feature, ...]]:
    """Return the same, and now and then what a features document declares, all by itself."""
    found = available(host)
    slow = [found[each.name] for each in PROPERTIES if each.slow and each.name in found]
    others = [strategy for strategy in found.values() if strategy not in slow]
    choices = [*others * _SELDOM, *slow]
    # Not one_of: it would choose among all branches of all, and those with many would crowd out the others. By position,
    # since sampled_from looks at every strategy that it is given, at each draw.
    positions = st.sampled_from(range(len(choices)))

    @st.composite
    def one(draw: st.DrawFn) -> Feature:
        return draw(choices[draw(positions)])

    return st.lists(one(), max_size=MOST_FEATURES, unique_by=lambda feature: feature.name).map(compatible)
