"""Judge what a runtime has to put up with: a config that is right, or right enough, must not be refused."""

import json
from collections.abc import Callable

from conformance.expectations.contract import Evidence, Inconclusive, violated
from conformance.record.config import Config
from conformance.record.record import Record


def must_be_accepted(record: Record, *, despite: str, oddities: Callable[[Config], object]) -> Evidence:
    """Judge a config with oddities that are no reason for an error; `oddities` finds them in a config.

    A refusal counts only if the same config without one of the oddities was accepted, since otherwise it may have any
    reason; raises Inconclusive then.
    """
    expected = f"no error because of {despite}"
    if not _ran(record):
        if record.refusal is None:
            raise Inconclusive("neither refused with an error nor seen to run")
        if record.twin is None or not _ran(record.twin):
            raise Inconclusive(f"the same config without {despite} was not seen to run")
        if oddities(_anywhere(record.twin)) == oddities(_anywhere(record)):
            raise Inconclusive(f"the refusal is for something else: what was accepted has {despite} as well")
        violated(expected=expected, observed=record.refusal.describe())
    return Evidence(expected, "the program runs", kind="left alone")


def _anywhere(record: Record) -> Config:
    """Return the config without what tells its bundle from the twin's: a path in it is no oddity."""
    text = json.dumps(record.config)
    for own in (record.bundle, record.container_id):
        text = text.replace(json.dumps(own)[1:-1], "") if own else text
    return dict(json.loads(text))


def _ran(record: Record) -> bool:
    return record.running is not None or bool(record.program_started)
