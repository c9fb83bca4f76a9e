"""Each strategy is seen to produce its property, to keep the config valid, and to be one that a fault can show in."""

import json
from collections import Counter
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from conformance.bundle.config import base_config
from conformance.cases.defects import DEFECTS, PLACES
from conformance.expectations.all import EXPECTATIONS
from conformance.record.config import edited
from fuzz.engine import files
from fuzz.engine.coverage import infeasible
from fuzz.kinds import CONFIGS, CONTENTS, KINDS, LIFECYCLES
from fuzz.kinds import DEFECTS as DEFECTIVE
from fuzz.strategies.config import MOST_FEATURES, PROPERTIES, available, features
from fuzz.strategies.config import examples as examples_of
from fuzz.strategies.contents import CHANGES
from fuzz.strategies.feature import Feature, Property, compatible, compose
from fuzz.strategies.lifecycles import ACTIONS
from tests.faulty.faults import all_faults
from tests.fuzz.hosts import rich_host

HOST = rich_host()
BASE = base_config(oci_version="1.0.2")
_EXAMPLES = 12


def drawn(strategy: SearchStrategy[Any], count: int = _EXAMPLES) -> list[Any]:
    """Return examples, the same on every run."""
    found: list[Any] = []

    @settings(max_examples=count, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def draw(example: Any) -> None:
        found.append(example)

    draw()
    return found


def strategy_of(each: Property) -> SearchStrategy[Feature]:
    strategy = each.strategy(HOST)
    assert strategy is not None
    return strategy


@pytest.mark.parametrize("each", PROPERTIES, ids=lambda each: each.name)
def test_property_is_produced_and_asked_about(each: Property) -> None:
    asked: Counter[str] = Counter()
    for feature in drawn(strategy_of(each)):
        assert feature.name == each.name
        case = compose([feature], name="x")
        config = json.loads(json.dumps(edited(BASE, case.edits)).replace("{ns:", "/{ns:"))
        asked.update(e.requirement for e in EXPECTATIONS if e.requirement in case.aims or e.applies(config, HOST) is True)
    assert [requirement for requirement in asked if any(fnmatchcase(requirement, glob) for glob in feature.shows)]


@pytest.mark.parametrize("each", PROPERTIES, ids=lambda each: each.name)
def test_property_can_be_found_failing(each: Property) -> None:
    (feature,) = drawn(strategy_of(each), 1)
    reddened = {requirement for fault in all_faults() for requirement in fault.reddens}
    shown = [requirement for requirement in reddened if any(fnmatchcase(requirement, glob) for glob in feature.shows)]
    assert shown


def test_a_fault_can_be_tried_on_any_generated_config() -> None:
    examples: list[Any] = []
    CONFIGS.generator(HOST)(examples.append, 3)
    for example in examples[:60]:
        text = json.dumps(edited(BASE, CONFIGS.case(example, "x").edits))
        for fault in all_faults():
            if fault.config is not None:
                fault.config(json.loads(text))


def test_names_are_unique_and_all_available_on_a_host_that_has_everything() -> None:
    names = [each.name for each in PROPERTIES]
    assert len(set(names)) == len(names)
    assert sorted(available(HOST)) == sorted(names)


def test_what_the_host_lacks_is_not_generated() -> None:
    poor = available(rich_host_without_cgroups())
    assert not [name for name in poor if name.startswith("linux.resources")]
    assert "namespaces.user" not in poor
    assert "linux.seccomp.allowing" not in poor


def rich_host_without_cgroups() -> Any:
    from dataclasses import replace  # noqa: PLC0415  # only here

    return replace(HOST, controllers=frozenset(), cgroup_mounts={}, user_namespaces=False, seccomp=False)


def test_lists_of_features_fit_together_and_survive_as_files() -> None:
    for example in drawn(features(HOST), 80):
        assert len(example) <= MOST_FEATURES
        assert compatible(example) == example
        names = [feature.name for feature in example]
        assert len(set(names)) == len(names)
        pairs = [(a, b) for a in names for b in names if a < b]
        assert not [pair for pair in pairs if infeasible(*pair)]
        case = compose(example, name="x")
        again = compose(files.from_json(files.as_json(example)), name="x")
        assert again == case
        edited(BASE, case.edits)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_survives_as_a_file_and_gets_smaller(kind: Any) -> None:
    examples: list[Any] = []
    kind.generator(HOST)(examples.append, 1)
    assert len(examples) > 1
    for example in examples[:40]:
        assert kind.from_json(kind.as_json(example)) == example
        smaller = list(kind.smaller(example))
        assert all(repr(each) != repr(example) for each in smaller)
    assert any(list(kind.smaller(example)) for example in examples)


def test_the_same_seed_makes_the_same_examples_and_another_makes_others() -> None:
    made = []
    for seed in (5, 5, 6):
        examples: list[Any] = []
        CONFIGS.generator(HOST)(examples.append, seed)
        made.append([repr(example) for example in examples])
    assert made[0] == made[1] != made[2]


def test_every_defect_has_a_place_in_the_base_config_and_changes_it() -> None:
    for defect in DEFECTS:
        edit = defect.edit(BASE)
        assert edit is not None, defect.name
        assert json.dumps(edit.apply(BASE)) != json.dumps(BASE)
        assert defect.edit(PLACES) in (edit, None), "hand-written cases, which know no base config, put it into the same place"


def test_generated_defects_are_put_into_the_generated_config() -> None:
    examples: list[Any] = []
    DEFECTIVE.generator(HOST)(examples.append, 3)
    for example in examples:
        case = DEFECTIVE.case(example, "x")
        assert case.defect is not None
        edited(BASE, (*case.edits, case.defect))
    assert len({example.defect for example in examples}) > len(DEFECTS) // 2


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_changes_the_bytes(name: str) -> None:
    content = b'{\n"ociVersion": "1.0.2",\n"root": {},\n"process": {"user": {"uid": 0}},\n"linux": {}}\n'
    assert CHANGES[name](content, 500_000) != content


def test_every_change_and_every_action_is_generated() -> None:
    contents: list[Any] = []
    steps: list[Any] = []
    for seed in range(3):
        CONTENTS.generator(HOST)(contents.append, seed)
        LIFECYCLES.generator(HOST)(steps.append, seed)
    assert {example.change for example in contents} == set(CHANGES)
    assert {step.action for example in steps for step in example} == set(ACTIONS)
    assert all(created_once(example) for example in steps)


def created_once(steps: Any) -> bool:
    created = [step.container for step in steps if step.action == "create"]
    return len(set(created)) == len(created)


def test_what_is_declared_fills_a_config_of_its_own_and_no_defective_one() -> None:
    declared = [example for example in drawn(examples_of(HOST), 300) if any(feature.declared for feature in example)]
    assert {feature.declared for example in declared for feature in example}
    assert all(len(example) == 1 for example in declared)
    assert not any(feature.declared for example in drawn(features(HOST), 300) for feature in example)
    (first, *_) = declared
    case = compose(first, name="x")
    assert case.adapted({}, HOST) == case
    with pytest.raises(ValueError, match="no part 'x'"):
        files.from_json([files.as_json(first)[0] | {"declared": "x"}])
