"""Hooks of every kind, each of which reports to the harness."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Symlink
from conformance.cases.hooks import hook, hook_anywhere
from conformance.expectations.hook_calls import KINDS
from conformance.record.config import Edit, put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property
from fuzz.strategies.texts import text

_ABORTED = ("prestart", "createRuntime", "createContainer", "poststop")
"""Kinds of which one is kept from ending: those whose operation waits for it."""
_SOLE = "hooks"


def _edits(entries: Mapping[str, Iterable[Any]]) -> tuple[Edit, ...]:
    hooks = {kind: list(each) for kind, each in entries.items()}
    return put("/hooks", hooks), put("/annotations/org.example.bundle", "{bundle}")


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
            edits=_edits({kind: [hook(kind, index, **variables) for index in range(count)] for kind in kinds}),
            sole=_SOLE,
        )

    return listed()


def timeouts(_host: Host) -> SearchStrategy[Feature]:
    """Generate a hook that does not end within its timeout."""
    return st.sampled_from(_ABORTED).map(
        lambda kind: Feature(
            name="hooks.timeout",
            shows=("config.hooks.timeout.effect",),
            edits=_edits({kind: [hook(kind, 0, timeout=1)]}),
            stalls=((kind, 0),),
            sole=_SOLE,
        )
    )


def paths(_host: Host) -> SearchStrategy[Feature]:
    """Generate hooks whose path leads to one program on the host, and to another in the container."""
    others = st.lists(st.sampled_from([kind for kind in KINDS if kind != "startContainer"]), min_size=2, unique=True)
    return others.map(
        lambda kinds: Feature(
            name="hooks.path",
            shows=("config.hooks.*path-ns",),
            rootfs=(Symlink("{host}/hook", "/hook"), Symlink("{hooks}", "/hooks.sock")),
            edits=_edits({kind: [hook_anywhere(kind)] for kind in (*kinds, "startContainer")}),
            sole=_SOLE,
        )
    )


PROPERTIES = (Property("hooks", hooks), Property("hooks.timeout", timeouts, slow=True), Property("hooks.path", paths))
