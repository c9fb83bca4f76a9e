"""Annotations, and properties that no runtime knows."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.expectations.extensibility import INVENTED
from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property
from fuzz.strategies.texts import name, text

_PLACES = ("", "/root", "/process", "/process/user", "/linux", "/mounts/0")
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(1 << 53), 1 << 53), text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(name(), inner, max_size=3)),
    max_leaves=5,
)


def annotations(_host: Host) -> SearchStrategy[Feature]:
    """Generate annotations with keys and values of every sort; only an empty key is forbidden."""
    keys = st.one_of(
        name().map(lambda each: f"org.example.{each}"), text().filter(_can_be_put), name().map(lambda each: INVENTED + each)
    )
    return st.dictionaries(keys, text(), min_size=1, max_size=4).map(
        lambda given: Feature(
            name="annotations",
            shows=("runtime.state.annotations", "config.annotations.*"),
            asks_state=True,
            edits=tuple(put(f"/annotations/{_escaped(key)}", value) for key, value in given.items()),
        )
    )


def unknown_properties(_host: Host) -> SearchStrategy[Feature]:
    """Generate a property of our invention, with any value, somewhere in the config."""
    return st.tuples(st.sampled_from(_PLACES), name(), _VALUES).map(
        lambda given: Feature(
            name="extensibility",
            shows=("config.extensibility.*",),
            edits=(put(f"{given[0]}/{INVENTED}{given[1]}", given[2]),),
        )
    )


def _can_be_put(key: str) -> bool:
    """Whether an edit can set this annotation: at its end "-" is the place after the last of a list."""
    return key not in {"", "-"}


def _escaped(key: str) -> str:
    """Return the key as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


PROPERTIES = (Property("annotations", annotations), Property("extensibility", unknown_properties))
