"""Faults of a runtime that refuses what it does not know."""

import json
from typing import Any

from conformance.expectations.extensibility import INVENTED
from tests.faulty.fault import Fault
from tests.faulty.faults.credentials import refuse

Config = dict[str, Any]


def _refuse_property(config: Config) -> None:
    if INVENTED in json.dumps({name: value for name, value in config.items() if name != "annotations"}):
        refuse(config)


def _refuse_annotation(config: Config) -> None:
    if any(name.startswith(INVENTED) for name in config.get("annotations", ())):
        refuse(config)


def _refuse_another_order(config: Config) -> None:
    members = list(config.get("process", ()))
    if "user" in members and members.index("user") > members.index("args"):
        refuse(config)


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="unknown-property-refused",
        reddens=("config.extensibility.ignore-unknown", "config.extensibility.no-error"),
        config=_refuse_property,
    ),
    Fault(name="another-order-refused", reddens=("glossary.json.order-insignificant",), config=_refuse_another_order),
    Fault(name="unknown-annotation-refused", reddens=("config.annotations.unknown-ignored",), config=_refuse_annotation),
)
