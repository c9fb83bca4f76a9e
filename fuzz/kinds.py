"""The kinds of examples that campaigns generate, and how each becomes a case, a file, and a line of coverage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Case
from conformance.record.host import Host
from fuzz.engine import files
from fuzz.strategies import config, defects
from fuzz.strategies.defects import Defective
from fuzz.strategies.feature import Feature, compatible, compose

Example = TypeVar("Example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Example]):
    """One kind of example."""

    name: str
    """That of its campaign."""
    strategy: Callable[[Host], SearchStrategy[Example]]
    case: Callable[[Example, str], Case]
    """Make a case of an example, with that name."""
    features: Callable[[Example], tuple[Feature, ...]]
    """Return the features in it, for coverage and for making it smaller."""
    without: Callable[[Example, Feature], Example]
    """Return the example without one of its features."""
    as_json: Callable[[Example], Any]
    from_json: Callable[[Any], Example]
    """Raises KeyError, TypeError or ValueError for what `as_json` did not write."""


Features = tuple[Feature, ...]


def _compose(features: Features, name: str) -> Case:
    return compose(features, name=name)


def _less(features: Features, one: Feature) -> Features:
    return compatible(feature for feature in features if feature is not one)


CONFIGS: Kind[Features] = Kind(
    name="configs",
    strategy=config.features,
    case=_compose,
    features=compatible,
    without=_less,
    as_json=files.as_json,
    from_json=files.from_json,
)


def _defect_json(example: Defective) -> dict[str, Any]:
    return {"defect": example.defect, "features": files.as_json(example.features)}


def _defect_from_json(document: Mapping[str, Any]) -> Defective:
    if document["defect"] not in defects.BY_NAME:
        raise ValueError(f"there is no defect {document['defect']!r}")
    return Defective(document["defect"], files.from_json(document["features"]))


DEFECTS: Kind[Defective] = Kind(
    name="defects",
    strategy=defects.defective,
    case=defects.case,
    features=lambda example: compatible(example.features),
    without=lambda example, one: replace(example, features=_less(example.features, one)),
    as_json=_defect_json,
    from_json=_defect_from_json,
)

KINDS: Mapping[str, Kind[Any]] = {kind.name: kind for kind in (CONFIGS, DEFECTS)}
