"""What the runtime's features document declares, written into a config of its own.

What that will be is not known before the runtime is, so nothing else is in such a config that might not go with it.
"""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.features import DECLARED
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property

_PARTS = {
    "features.namespaces": ("namespaces",),
    "features.capabilities": ("capabilities",),
    "features.hooks": ("hooks",),
    "features.mountOptions": ("mount-options", "mount-options-recursive", "mount-option-defaults"),
    "features.ociVersion": ("oldest-version", "newest-version"),
    "features.seccomp.rules": ("seccomp-actions", "seccomp-operators"),
    "features.seccomp.filter": ("seccomp-architectures", "seccomp-known-flags", "seccomp-supported-flags"),
}
"""Property to the parts of the document that it tries, by their names in the hand-written cases."""


def _declared(name: str) -> Property:
    def feature(part: str) -> Feature:
        aim, _ = DECLARED[part]
        return Feature(name=name, shows=(aim,), aims=(aim,), declared=part)

    def strategy(_host: Host) -> SearchStrategy[Feature]:
        return st.sampled_from(_PARTS[name]).map(feature)

    return Property(name, strategy)


PROPERTIES = tuple(map(_declared, _PARTS))
