"""results.jsonl: its lines keep the schema, survive a kill, and merge."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.record.leak import Leak
from conformance.verdict.outcome import Grounds
from conformance.verdict.results import ResultsWriter, line, merge, read
from specs.schemas import validator
from specs.verdicts import Level, Verdict
from tests.verdict.outcomes import RUNC, outcome

_WRITE_FOR_EVER = """
import sys
from pathlib import Path
from conformance.verdict.results import ResultsWriter
from tests.verdict.outcomes import outcome
with ResultsWriter(Path(sys.argv[1])) as writer:
    while True:
        writer.write(outcome(evidence="x" * 50_000))
"""


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("level", list(Level))
def test_every_line_is_valid_by_the_schema(verdict: Verdict, level: Level) -> None:
    found = outcome(
        verdict, level=level, expected={"a": (1, b"\xff")}, observed=Leak("mount", "/x"), evidence={3, 1}, reproducer="/r"
    )
    validator("result").validate(line(found))


def test_the_schema_refuses_what_is_no_result() -> None:
    good = line(outcome())
    for key in good:
        assert not validator("result").is_valid({name: value for name, value in good.items() if name != key}), key
    assert not validator("result").is_valid({**good, "verdict": "fine"})
    assert not validator("result").is_valid({**good, "level": "must"})


def test_a_waived_violation_says_why() -> None:
    grounds = Grounds(reason="flags are lost", url="https://example.org/1")
    waived = line(outcome(Verdict.VIOLATED, waived=True, waiver=grounds))
    validator("result").validate(waived)
    assert waived["reason"] == "flags are lost (https://example.org/1)"


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.jsonl"
    with ResultsWriter(path) as writer:
        written = [writer.write(outcome(observed="zwei\nZeilen \udcff"))]
    with ResultsWriter(path) as writer:
        written.append(writer.write(outcome(Verdict.VIOLATED)))
    assert read(path) == written


def test_a_killed_writer_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with subprocess.Popen([sys.executable, "-c", _WRITE_FOR_EVER, str(path)]) as process:
        while not path.exists() or path.stat().st_size < 1_000_000:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    found = read(path)
    assert len(found) >= 10
    assert all(each == found[0] for each in found)


def test_a_torn_last_line_is_dropped_and_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with ResultsWriter(path) as writer:
        first = writer.write(outcome())
    with path.open("ab") as stream:
        stream.write(b'{"requirement": "co')
    assert read(path) == [first]
    with ResultsWriter(path) as writer:
        second = writer.write(outcome(Verdict.VIOLATED))
    assert read(path) == [first, second]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b'{}\n{"a": \n')
    with pytest.raises(ValueError, match=r"results\.jsonl:2: not JSON"):
        read(path)
    path.write_bytes(b"[]\n")
    with pytest.raises(ValueError, match=r"results\.jsonl:1: not a JSON object"):
        read(path)


def test_a_full_disk_is_an_error() -> None:
    with ResultsWriter(Path("/dev/full")) as writer, pytest.raises(OSError, match="No space"):
        writer.write(outcome())


def test_merging_keeps_order_and_replaces_in_one_step(tmp_path: Path) -> None:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, lane in zip(paths, ("v1", "v2"), strict=True):
        with ResultsWriter(path) as writer:
            writer.write(outcome(lane=lane))
    into = tmp_path / "all.jsonl"
    into.write_text("old", encoding="utf-8")
    assert merge(paths, into) == read(into)
    assert [each["lane"] for each in read(into)] == ["v1", "v2"]
    assert sorted(tmp_path.iterdir()) == sorted([*paths, into])


def test_merging_refuses_two_versions_of_one_program(tmp_path: Path) -> None:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, version in zip(paths, ("1.1", "1.2"), strict=True):
        with ResultsWriter(path) as writer:
            writer.write(outcome(runtime=replace(RUNC, version=version)))
    with pytest.raises(ValueError, match=r"/usr/sbin/runc has version '1\.1' in some results and '1\.2' in others"):
        merge(paths, tmp_path / "all.jsonl")
    assert not (tmp_path / "all.jsonl").exists()
