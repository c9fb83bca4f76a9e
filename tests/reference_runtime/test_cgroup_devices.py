"""The allowed device list: v2's program and v1's lists decide what the entries say, letter by letter, the last one first."""

import random
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from conformance.bpf import ebpf
from conformance.record.snapshot import DeviceProgram
from reference_runtime.cgroups import devices_v1, devices_v2
from reference_runtime.cgroups.device_rules import Rule, rules
from reference_runtime.fault import RuntimeFault

NOTHING = {"allow": False, "access": "rwm"}
NUMBERS = (1, 3, 5, 121, 122)
REQUESTS = ("r", "w", "m", "rw")


def allowed(made: Sequence[Rule], kind: str, major: int, minor: int, access: str) -> bool:
    """Say what the list means, as plainly as it can be said."""
    return all(
        next(rule.allow for rule in reversed(made) if letter in rule.access and is_about(rule, kind, major, minor))
        for letter in access
    )


def is_about(rule: Rule, kind: str, major: int, minor: int) -> bool:
    return rule.kind in {"a", kind} and rule.major in {-1, major} and rule.minor in {-1, minor}


def denied_whole(made: Sequence[Rule], kind: str, major: int, minor: int, access: str) -> bool:
    """Whether the last rule about an access denies all of them."""
    last = next(rule for rule in reversed(made) if access in rule.access and is_about(rule, kind, major, minor))
    return (last.allow, last.access) == (False, "rwm")


def by_program(made: Sequence[Rule], kind: Any, major: int, minor: int, access: str) -> bool:
    instructions = []
    for code, registers, offset, immediate in struct.iter_unpack("<BBhi", devices_v2.program(made)):
        instructions.append((code, registers & 15, registers >> 4, offset, immediate))
    program = DeviceProgram(id=0, instructions=tuple(instructions))
    return ebpf.allows([program], kind=kind, major=major, minor=minor, access=access)


class Version1:
    """The kernel's device cgroup, as security/device_cgroup.c decides: a default, and exceptions found by the same device."""

    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        self.allows = True
        self.exceptions: dict[tuple[str, str], set[str]] = {}
        for file, line in lines:
            self._write(line, allow=file == "devices.allow")

    def _write(self, line: str, *, allow: bool) -> None:
        if line == "a":
            self.allows, self.exceptions = allow, {}
            return
        kind, numbers, access = line.split()
        known = self.exceptions.setdefault((kind, numbers), set())
        if allow == self.allows:
            known -= set(access)
        else:
            known |= set(access)

    def allowed(self, kind: str, major: int, minor: int, access: str) -> bool:
        matching = [
            letters
            for (each, numbers), letters in self.exceptions.items()
            if each == kind
            and all(wanted in ("*", str(number)) for wanted, number in zip(numbers.split(":"), (major, minor), strict=True))
        ]
        if self.allows:
            return not any(letters & set(access) for letters in matching)
        return any(set(access) <= letters for letters in matching)


def entries(source: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "allow": source.random() < 0.5,
            **({"type": source.choice("abc")} if source.random() < 0.9 else {}),
            **({"major": source.choice(NUMBERS)} if source.random() < 0.7 else {}),
            **({"minor": source.choice(NUMBERS)} if source.random() < 0.7 else {}),
            **({"access": source.choice(("r", "w", "m", "rw", "rwm"))} if source.random() < 0.8 else {}),
        }
        for _ in range(source.randrange(6))
    ]


def requests() -> Iterator[tuple[str, int, int, str]]:
    for kind in "bc":
        for major in (*NUMBERS, 136):
            for minor in NUMBERS:
                for access in REQUESTS:
                    yield kind, major, minor, access


@pytest.mark.parametrize("seed", range(25))
def test_programs_decide_what_the_entries_say(seed: int) -> None:
    made = rules(entries(random.Random(seed)))
    wrong = [request for request in requests() if by_program(made, *request) != allowed(made, *request)]
    assert wrong == []


def test_version_1_lists_decide_what_the_entries_say_or_are_refused() -> None:
    """A stand-in for the kernel decides by the lines, as the kernel's source says."""
    written = refused = 0
    for seed in range(120):
        made = rules(entries(random.Random(seed)))
        try:
            kernel = Version1(devices_v1.plan(made))
        except RuntimeFault:
            refused += 1
            continue
        written += 1
        wrong = [request for request in requests() if kernel.allowed(*request) != allowed(made, *request)]
        # Our own permission to make nodes gives way where it cannot be expressed beside the entries, or outlives a whole denial.
        assert all(request[3] == "m" for request in wrong), seed
        assert all(denied_whole(made, *request) for request in wrong if kernel.allowed(*request)), seed
    assert written > 60
    assert refused > 5


def lines(*given: dict[str, Any]) -> list[str]:
    return [f"{file.removeprefix('devices.')} {line}" for file, line in devices_v1.plan(rules(given))]


def test_version_1_lists_value_by_value() -> None:
    default = lines(NOTHING)
    assert default[0] == "deny a"
    assert {"allow c *:* m", "allow b *:* m", "allow c 1:3 rwm"} < set(default)
    assert "allow c 136:* rwm" in default
    assert lines({"allow": True}) == ["allow a"]
    assert lines({"allow": True}, {"allow": False, "type": "b", "major": 8, "access": "w"}) == ["allow a", "deny b 8:* w"]
    fuse = {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"}
    assert set(lines(NOTHING, fuse)) - set(default) == {"allow c 10:229 rwm"}
    assert set(lines(NOTHING, fuse, {**fuse, "allow": False, "access": "w"})) - set(default) == {"allow c 10:229 rm"}
    assert lines(NOTHING, fuse, {**fuse, "allow": False}) == default
    assert set(lines(NOTHING, {**fuse, "type": "a", "minor": -1})) - set(default) == {"allow c 10:* rwm", "allow b 10:* rwm"}


def test_the_making_of_nodes_can_be_taken_back() -> None:
    no_making = lines(NOTHING, {"allow": False, "type": "c", "major": 121, "access": "m"})
    assert "allow c *:* m" not in no_making
    assert "allow c 1:3 rwm" in no_making


def test_nodes_can_be_made_though_a_device_is_denied_altogether() -> None:
    """Docker denies /dev/fuse after it has denied everything, and runs programs that make nodes."""
    fuse = {"allow": False, "type": "c", "major": 10, "minor": 229, "access": "rwm"}
    assert lines(NOTHING, fuse) == lines(NOTHING)


def test_a_part_of_a_wider_entry_cannot_be_taken_back_on_version_1() -> None:
    wide = {"allow": True, "type": "c", "major": 121, "access": "rw"}
    with pytest.raises(RuntimeFault, match="cgroup v1 cannot express that"):
        lines(NOTHING, wide, {**wide, "allow": False, "minor": 5})


def test_listed_devices_are_usable_until_everything_is_denied() -> None:
    """The default ones stay usable even then; what is denied by name is not."""
    fuse = {"type": "c", "path": "/dev/fuse", "major": 10, "minor": 229}
    fifo = {"type": "p", "path": "/fifo"}
    assert allowed(rules([], [fuse, fifo]), "c", 10, 229, "rw")
    denied = rules([NOTHING], [fuse])
    assert not allowed(denied, "c", 10, 229, "rw")
    assert allowed(denied, "c", 1, 3, "rw")
    by_name = rules([NOTHING, {"allow": False, "type": "c", "major": 1, "minor": 3, "access": "rwm"}])
    assert not allowed(by_name, "c", 1, 3, "r")


def test_numbers_beyond_a_signed_word_are_compared() -> None:
    made = rules([{"allow": True, "type": "c", "major": (1 << 32) - 1, "minor": 1 << 31}])
    assert by_program(made, "c", (1 << 32) - 1, 1 << 31, "r")
    assert not by_program(made, "c", (1 << 32) - 1, 1, "r")
