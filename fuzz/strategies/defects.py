"""Valid configs with exactly one defect put in, or one oddity that has to be put up with."""

from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.bundle.config import base_config
from conformance.cases.case import Case
from conformance.cases.defects import DEFECTS
from conformance.record.config import edited
from conformance.record.host import Host
from fuzz.strategies.config import features
from fuzz.strategies.feature import Feature, compose

BY_NAME = {defect.name: defect for defect in DEFECTS}


@dataclass(frozen=True, slots=True)
class Defective:
    """A valid config, and what is wrong with it."""

    defect: str
    features: tuple[Feature, ...]


def defective(host: Host) -> SearchStrategy[Defective]:
    """Generate a defect and a valid config that has a place for it."""
    return st.builds(Defective, st.sampled_from(sorted(BY_NAME)), features(host)).map(with_place)


def with_place(example: Defective) -> Defective:
    """Leave out the last features until there is a place for the defect: the base config has one for every defect."""
    kept = example.features
    while kept and case(Defective(example.defect, kept), "").defect is None:
        kept = kept[:-1]
    return replace(example, features=kept)


def case(example: Defective, name: str) -> Case:
    """Make the case; without a place for its defect it has none."""
    defect = BY_NAME[example.defect]
    valid = compose(example.features, name=name)
    config = edited(base_config(oci_version=""), valid.edits)
    return replace(
        valid,
        title=f"{defect.title}: {valid.title}",
        rootfs=(*valid.rootfs, *defect.rootfs),
        defect=defect.edit(config),
        aims=(*valid.aims, *defect.aims, "runtime.errors.leave-env-unchanged"),
    )
