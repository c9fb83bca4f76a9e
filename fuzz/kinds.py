"""The kinds of examples that campaigns generate, and how each becomes a case, a file, and a line of coverage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Case
from conformance.record.host import Host
from fuzz.engine import files
from fuzz.strategies import config
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

KINDS: Mapping[str, Kind[Any]] = {kind.name: kind for kind in (CONFIGS,)}
