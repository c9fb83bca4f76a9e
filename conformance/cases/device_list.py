"""The allowed device list, with device numbers that have no driver."""

from conformance.cases.case import Case
from conformance.record.config import put

_NOTHING = {"allow": False, "type": "a", "access": "rwm"}

_CHARACTER_122 = {"allow": True, "type": "c", "major": 122, "access": "rwm"}
_EVERY_BLOCK = {"allow": True, "type": "b", "access": "rwm"}


def _char(minor: int, access: str, *, allow: bool = True) -> dict[str, object]:
    return {"allow": allow, "type": "c", "major": 121, "minor": minor, "access": access}


CASES: tuple[Case, ...] = (
    Case(
        name="device-list/allow",
        title="One device is allowed",
        edits=(put("/linux/resources", {"devices": [_char(6, "rwm")]}),),
    ),
    Case(
        name="device-list/letters",
        title="Nothing is allowed but to read one device, to write another, and to do both with a third",
        edits=(put("/linux/resources", {"devices": [_NOTHING, _char(1, "rm"), _char(2, "wm"), _char(3, "rwm")]}),),
    ),
    Case(
        name="device-list/order",
        title="One device is denied and then allowed, another allowed and then denied",
        edits=(
            put(
                "/linux/resources",
                {
                    "devices": [
                        _NOTHING,
                        _char(4, "rw", allow=False),
                        _char(4, "rwm"),
                        _char(5, "rwm"),
                        _char(5, "rw", allow=False),
                    ]
                },
            ),
        ),
    ),
    Case(
        name="device-list/type",
        title="Everything is allowed by an entry without a type",
        edits=(put("/linux/resources", {"devices": [{"allow": True, "access": "rwm"}]}),),
    ),
    Case(
        name="device-list/numbers",
        title="Entries without a minor number, and without any",
        edits=(put("/linux/resources", {"devices": [_CHARACTER_122, _EVERY_BLOCK]}),),
    ),
)
