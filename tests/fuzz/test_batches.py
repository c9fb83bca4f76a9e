"""Batches of containers, and work in bursts."""

from collections.abc import Iterator

import pytest

from fuzz.engine.batches import LARGEST, Bursts, batches


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have a clock that stands still unless it is set."""
    now = [0.0]
    monkeypatch.setattr("fuzz.engine.batches.time.monotonic", lambda: now[0])
    return now


@pytest.mark.usefixtures("clock")
def test_batches_grow_while_they_are_quick() -> None:
    assert [len(batch) for batch in batches(range(60))] == [4, 8, LARGEST, LARGEST, LARGEST]


def test_batches_shrink_where_the_runtime_is_slow(clock: list[float]) -> None:
    sizes = []
    for batch in batches(range(12)):
        sizes.append(len(batch))
        clock[0] += len(batch)
    assert sizes == [4, 2, 1, 2, 1, 2]


def test_nothing_is_taken_ahead_of_its_batch() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    all_of_them = batches(items())
    assert next(all_of_them) == taken
    assert next(all_of_them) == taken[4:]


def test_a_burst_ends_when_it_has_lasted(clock: list[float]) -> None:
    done = []

    def piece() -> None:
        done.append(clock[0])
        clock[0] += 0.004

    bursts = Bursts([piece] * 5)
    assert bursts.some()
    assert len(done) == 3
    assert bursts.some()
    assert len(done) == 5
    assert not bursts.some()
