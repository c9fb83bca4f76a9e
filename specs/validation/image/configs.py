"""Image configurations: times, and what they say of the layers of the manifest that names them (config.md)."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from specs.validation.finding import Breach, shown
from specs.validation.image import digests, times
from specs.validation.image.digests import Digest
from specs.validation.rules import EACH, Rule, find

_PLACE = ("rootfs", "diff_ids")


class Config(NamedTuple):
    """What other documents are compared with."""

    diff_ids: tuple[Digest | None, ...] | None
    """None for one that is no digest; None for all where it is no array."""
    algorithms: frozenset[str]
    """Of the DiffIDs, those that can be computed here."""
    names_platform: bool

    @classmethod
    def of(cls, value: Any) -> "Config | None":
        """Take what is needed from a config; None if it is none."""
        if not isinstance(value, dict):
            return None
        raw = _diff_ids_of(value)
        diff_ids = None if raw is None else tuple(map(digests.parse, raw))
        algorithms = frozenset(each.algorithm for each in diff_ids or () if each) & frozenset(digests.HASHES)
        return cls(diff_ids, algorithms, all(isinstance(value.get(name), str) and value[name] for name in ("architecture", "os")))


class Layers(NamedTuple):
    """The DiffIDs that a config states, and the true ones of the layers of one manifest that names it."""

    stated: Sequence[Digest | None]
    found: Sequence[dict[str, Digest] | None]
    """By algorithm; None where it is unknown."""


def _diff_ids_of(config: Any) -> tuple[Any, ...] | None:
    for _, found in find(config, *_PLACE):
        return tuple(found) if isinstance(found, list) else None
    return None


def _times(value: Any) -> Iterator[Breach]:
    places: tuple[tuple[tuple[Any, ...], str], ...] = (
        (("created",), "config.created.rfc3339"),
        (("history", EACH, "created"), "config.history.created"),
    )
    for place, requirement in places:
        for path, text in find(value, *place):
            if isinstance(text, str) and not times.is_date_time(text):
                yield Breach(path, requirement, f"expected a date and time as RFC 3339 has it, found {shown(text)}", invalid=True)


def _history(value: Any) -> Iterator[Breach]:
    """Entries that made a layer are as many as the layers. No history at all says nothing."""
    history = [entry for _, entry in find(value, "history", EACH)]
    diff_ids = _diff_ids_of(value)
    if diff_ids is None or not history or not all(isinstance(entry, dict) for entry in history):
        return
    made = sum(entry.get("empty_layer") is not True for entry in history)
    if made != len(diff_ids):
        message = f"expected {len(diff_ids)} entries that made a layer, as many as diff_ids, found {made}"
        yield Breach(("history",), "config.history.empty_layer-meaning", message)


def _diff_ids(layers: Layers) -> Iterator[Breach]:
    stated, found = layers
    if len(stated) != len(found):
        message = f"expected {len(found)}, one for each layer of the manifest, found {len(stated)}"
        yield Breach(_PLACE, "config.rootfs.diff_ids-order", message)
        return
    true = [ids.get(each.algorithm) if each and ids else None for each, ids in zip(stated, found, strict=True)]
    wrong = [index for index, each in enumerate(true) if each and each != stated[index]]
    if sorted(str(stated[index]) for index in wrong) == sorted(str(true[index]) for index in wrong):
        yield from _in_another_order(wrong)
        return
    for index in wrong:
        yield Breach(
            (*_PLACE, index), "config.diffid.definition", f"expected {true[index]}, the digest of the layer's tar archive"
        )


def _in_another_order(wrong: list[int]) -> Iterator[Breach]:
    for index in wrong:
        requirement = "manifest.layers.stack-order" if index else "manifest.layers.base-first"
        yield Breach((*_PLACE, index), requirement, "the manifest has these layers in another order")


RULES = (
    Rule(("config.created.rfc3339", "config.history.created"), _times),
    Rule(("config.history.empty_layer-meaning",), _history),
)
LAYER_RULES = (
    Rule(
        ("config.diffid.definition", "config.rootfs.diff_ids-order", "manifest.layers.base-first", "manifest.layers.stack-order"),
        _diff_ids,
    ),
)
