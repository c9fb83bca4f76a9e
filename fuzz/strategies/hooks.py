"""Hooks of every kind, each of which reports to the harness."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.hooks import hook
from conformance.expectations.hook_calls import KINDS
from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property
from fuzz.strategies.texts import text


def hooks(_host: Host) -> SearchStrategy[Feature]:
    """Generate one or two hooks of some kinds, some with variables."""

    @st.composite
    def listed(draw: st.DrawFn) -> Feature:
        kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique=True))
        variables = {"env": [f"HOOK={draw(text())}"]} if draw(st.booleans()) else {}
        count = draw(st.integers(1, 2))
        return Feature(
            name="hooks",
            shows=("config.hooks.*", "runtime.lifecycle.*"),
            edits=(
                put("/hooks", {kind: [hook(kind, index, **variables) for index in range(count)] for kind in kinds}),
                put("/annotations/org.example.bundle", "{bundle}"),
            ),
        )

    return listed()


PROPERTIES = (Property("hooks", hooks),)
