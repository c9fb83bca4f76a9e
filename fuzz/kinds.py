"""The kinds of examples that campaigns generate, and how each becomes a case, a file, and a line of coverage."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from hypothesis import given
from hypothesis import seed as with_seed
from hypothesis.stateful import run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Case
from conformance.record.host import Host
from fuzz.engine import files
from fuzz.engine.seeds import hunting
from fuzz.strategies import config, contents, defects, lifecycles
from fuzz.strategies.contents import Contents
from fuzz.strategies.defects import Defective
from fuzz.strategies.feature import Feature, compose, smaller
from fuzz.strategies.lifecycles import Lifecycles, Step, Steps

Example = TypeVar("Example")
Run = Callable[[Example], None]
Features = tuple[Feature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Example]):
    """One kind of example."""

    name: str
    """That of its campaign."""
    generator: Callable[[Host], Callable[[Run[Example], int], None]]
    """Return what calls a function with one round of examples, made from a seed."""
    case: Callable[[Example, str], Case]
    """Make a case of an example, with that name."""
    features: Callable[[Example], Features]
    """Return the features of the config that count for coverage."""
    smaller: Callable[[Example], Iterator[Example]]
    """Yield examples that lack one thing each."""
    as_json: Callable[[Example], Any]
    from_json: Callable[[Any], Example]
    """Raises KeyError, TypeError or ValueError for what `as_json` did not write."""
    covers: bool = False
    """Coverage of properties is what this campaign is for."""
    judged_by: tuple[str, ...] = ("*",)
    """Globs over the requirements that may be asked about."""


def _by(strategy: Callable[[Host], SearchStrategy[Example]]) -> Callable[[Host], Callable[[Run[Example], int], None]]:
    def generator(host: Host) -> Callable[[Run[Example], int], None]:
        examples = strategy(host)  # made once: to build and validate it takes as long as some examples

        def generate(run: Run[Example], seed: int) -> None:
            def test(example: Example) -> None:
                run(example)

            with_seed(seed)(hunting()(given(examples)(test)))()

        return generate

    return generator


def _by_machine(_host: Host) -> Callable[[Run[Steps], int], None]:
    def generate(run: Run[Steps], seed: int) -> None:
        def machine() -> Lifecycles:
            return Lifecycles(run)

        run_state_machine_as_test(with_seed(seed)(machine), settings=hunting())  # type: ignore[arg-type]  # any factory will do

    return generate


CONFIGS: Kind[Features] = Kind(
    name="configs",
    generator=_by(config.examples),
    case=lambda features, name: compose(features, name=name),
    features=lambda features: features,
    smaller=smaller,
    as_json=files.as_json,
    from_json=files.from_json,
    covers=True,
)


def _fewer_features(example: Any) -> Iterator[Any]:
    return (replace(example, features=features) for features in smaller(example.features))


def _defect_from_json(document: Mapping[str, Any]) -> Defective:
    if document["defect"] not in defects.BY_NAME:
        raise ValueError(f"there is no defect {document['defect']!r}")
    return Defective(document["defect"], files.from_json(document["features"]))


DEFECTS: Kind[Defective] = Kind(
    name="defects",
    generator=_by(defects.defective),
    case=defects.case,
    features=lambda example: example.features,
    smaller=_fewer_features,
    as_json=lambda example: {"defect": example.defect, "features": files.as_json(example.features)},
    from_json=_defect_from_json,
)


def _contents_from_json(document: Mapping[str, Any]) -> Contents:
    if document["change"] not in contents.CHANGES:
        raise ValueError(f"there is no change {document['change']!r}")
    return Contents(document["change"], int(document["amount"]), files.from_json(document["features"]))


CONTENTS: Kind[Contents] = Kind(
    name="contents",
    generator=_by(contents.contents),
    case=contents.case,
    # What the runtime reads is another config, so none of the properties was judged.
    features=lambda _example: (),
    smaller=_fewer_features,
    as_json=lambda example: {
        "change": example.change,
        "amount": example.amount,
        "features": files.as_json(example.features),
    },
    from_json=_contents_from_json,
    judged_by=contents.AIMS,
)


def _fewer_steps(steps: Steps) -> Iterator[Steps]:
    return ((*steps[:index], *steps[index + 1 :]) for index in range(len(steps)))


def _steps_from_json(document: Any) -> Steps:
    steps = tuple(Step(**entry) for entry in document)
    for step in steps:
        if step.action not in lifecycles.ACTIONS:
            raise ValueError(f"there is no action {step.action!r}")
    return steps


LIFECYCLES: Kind[Steps] = Kind(
    name="lifecycles",
    generator=_by_machine,
    case=lifecycles.case,
    features=lambda _steps: (),
    smaller=_fewer_steps,
    as_json=lambda steps: [asdict(step) for step in steps],
    from_json=_steps_from_json,
)

KINDS: Mapping[str, Kind[Any]] = {kind.name: kind for kind in (CONFIGS, DEFECTS, CONTENTS, LIFECYCLES)}
