"""linux.intelRdt, in a directory that looks like resctrl: what the kernel makes in a new class is made here."""

import os
import posix
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reference_runtime.effects import intel_rdt
from reference_runtime.effects.intel_rdt import IntelRdt, mount_point, remove, schemas
from reference_runtime.fault import RuntimeFault
from reference_runtime.plan.intel_rdt import plan_intel_rdt

PRESENT = "    L3:0=7ff;1=1f\n    MB:0= 20;1=100\n"


@pytest.fixture(autouse=True)
def resctrl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a resctrl whose classes and groups come with their files, as the kernel's do, and go with them."""
    root = tmp_path / "resctrl"

    def make(path: str, made: list[str]) -> None:
        os.mkdir(path)
        made.append(path)
        furnish(Path(path))

    root.mkdir()
    furnish(root)
    monkeypatch.setattr(intel_rdt, "_make_directory", make)
    return root


def furnish(directory: Path) -> None:
    (directory / "tasks").touch()
    if directory.parent.name != "mon_groups":
        (directory / "mon_groups").mkdir()
        (directory / "schemata").write_text(PRESENT)


def planned(**members: Any) -> IntelRdt:
    return plan_intel_rdt(members, "c1")


def assigned(effect: IntelRdt, root: Path) -> list[str]:
    effect.assign(41, str(root))
    return effect.lasting()


@contextmanager
def lines_written(schemata: Path) -> Iterator[list[str]]:
    """Put a FIFO into the place of a schemata file, and collect what is written."""
    lines: list[str] = []
    schemata.unlink()
    os.mkfifo(schemata)
    reading = os.open(schemata, os.O_RDONLY | os.O_NONBLOCK)
    keep = os.open(schemata, os.O_WRONLY)
    os.set_blocking(reading, True)

    def collect() -> None:
        with open(reading, encoding="utf-8") as file:
            lines.extend(line.strip() for line in file)

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        yield lines
    finally:
        os.close(keep)
        collector.join()


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"closID": "a/b"}, ".closID"),
        ({"closID": ".."}, ".closID"),
        ({"closID": "mon_groups"}, ".closID"),
        ({"closID": 5}, ".closID"),
        ({"l3CacheSchema": "MB:0=1"}, ".l3CacheSchema"),
        ({"l3CacheSchema": "L3:0=1\nMB:0=1"}, ".l3CacheSchema"),
        ({"memBwSchema": "L3:0=1"}, ".memBwSchema"),
        ({"memBwSchema": "MB:0=1\n"}, ".memBwSchema"),
        ({"schemata": ["L2:0=f", "L3:0=1\n"]}, ".schemata[1]"),
        ({"enableMonitoring": 1}, ".enableMonitoring"),
    ],
)
def test_invalid_values_are_refused(members: dict[str, Any], where: str) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        planned(**members)
    assert refusal.value.where == f"$.linux.intelRdt{where}"


def test_without_a_name_the_class_is_the_containers_own(resctrl: Path) -> None:
    effect = planned(schemata=["L3:0=7f0"])
    made = assigned(effect, resctrl)
    assert made == [f"{resctrl}/c1"]
    assert (resctrl / "c1/tasks").read_text() == "41"
    assert (resctrl / "c1/schemata").read_text().startswith("L3:0=7f0\n")
    assert (resctrl / "schemata").read_text() == PRESENT
    assert (resctrl / "tasks").read_text() == ""
    assert "c1" in effect.describe()


def test_schemas_are_written_in_their_order(resctrl: Path) -> None:
    (resctrl / "old").mkdir()
    furnish(resctrl / "old")
    effect = planned(closID="old", schemata=["L2:0=f", "L2:1=f"])
    with lines_written(resctrl / "old/schemata") as lines:
        assert assigned(effect, resctrl) == []
    assert lines == ["L2:0=f", "L2:1=f"]
    all_three = planned(l3CacheSchema="L3:0=7ff", memBwSchema="MB:0=20", schemata=["L2:0=f"])
    assert [*all_three.compared, *all_three.schemata] == ["L3:0=7ff", "MB:0=20", "L2:0=f"]


def test_a_named_class_is_made_if_it_is_to_have_a_schema_and_stays(resctrl: Path) -> None:
    assert assigned(planned(closID="new", memBwSchema="MB:0=50"), resctrl) == []
    assert (resctrl / "new/schemata").read_text().startswith("MB:0=50\n")
    assert (resctrl / "new/tasks").read_text() == "41"


def test_a_named_class_without_a_schema_must_be_there(resctrl: Path) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        planned(closID="new").assign(41, str(resctrl))
    assert refusal.value.where == "$.linux.intelRdt.closID"
    assert not (resctrl / "new").exists()
    (resctrl / "new").mkdir()
    furnish(resctrl / "new")
    assert assigned(planned(closID="new"), resctrl) == []
    assert (resctrl / "new/tasks").read_text() == "41"
    assert (resctrl / "new/schemata").read_text() == PRESENT


@pytest.mark.parametrize(
    ("members", "same"),
    [
        ({"l3CacheSchema": "L3:0=7FF;1=01f"}, True),
        ({"l3CacheSchema": "L3:1=1f", "memBwSchema": "MB:1=100;0=20"}, True),
        ({"l3CacheSchema": "L3:0=7fe"}, False),
        ({"l3CacheSchema": "L3:2=1"}, False),
        ({"memBwSchema": "MB:0=30"}, False),
    ],
)
def test_a_class_that_exists_must_have_the_schema_already(members: dict[str, Any], resctrl: Path, *, same: bool) -> None:
    (resctrl / "old").mkdir()
    furnish(resctrl / "old")
    effect = planned(closID="old", **members)
    if same:
        assert assigned(effect, resctrl) == []
    else:
        with pytest.raises(RuntimeFault, match="another schema"):
            effect.assign(41, str(resctrl))
    assert (resctrl / "old/tasks").read_text() == ("41" if same else "")


def test_the_default_class_is_the_root(resctrl: Path) -> None:
    assert assigned(planned(closID="/"), resctrl) == []
    assert (resctrl / "tasks").read_text() == "41"


@pytest.mark.parametrize(("class_id", "place"), [(None, "c1"), ("/", ".")])
def test_monitoring_gets_a_group_of_the_containers_own(class_id: str | None, place: str, resctrl: Path) -> None:
    made = assigned(planned(closID=class_id, enableMonitoring=True), resctrl)
    group = resctrl / place / "mon_groups/c1"
    assert (group / "tasks").read_text() == "41"
    assert made[-1] == str(group)
    assert len(made) == (1 if class_id else 2)


def test_what_was_made_is_taken_back_after_an_error(resctrl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel says why in a file; then classes go, with the files in them."""
    removed: list[str] = []
    monkeypatch.setattr(posix, "rmdir", removed.append)
    (resctrl / "info").mkdir()
    (resctrl / "info/last_cmd_status").write_text("Mask out of range\n")
    (resctrl / "mon_groups/c1").mkdir()
    with pytest.raises(RuntimeFault, match="Mask out of range"):
        planned(enableMonitoring=True, closID="/").assign(41, str(resctrl))
    assert removed == []
    effect = planned(closID="new", schemata=["L3:0=1"])
    with pytest.raises(RuntimeFault):
        effect.assign(41, f"{resctrl}/missing")
    monkeypatch.setattr(intel_rdt, "write_file", refuse)
    with pytest.raises(RuntimeFault, match="Mask out of range"):
        effect.assign(41, str(resctrl))
    assert removed == [f"{resctrl}/new"]


def refuse(path: str, _content: str) -> None:
    raise OSError(22, "Invalid argument", path)


def test_removing_takes_groups_before_classes(tmp_path: Path) -> None:
    (tmp_path / "c1/mon").mkdir(parents=True)
    remove([str(tmp_path / "c1"), str(tmp_path / "c1/mon"), str(tmp_path / "c1/gone")])
    assert list(tmp_path.glob("c1")) == []


def test_where_resctrl_is_mounted() -> None:
    assert mount_point("29 23 0:26 / /sys/fs/resctrl rw - resctrl resctrl rw\n") == "/sys/fs/resctrl"
    assert mount_point("29 23 0:26 / /sys/fs/cgroup rw - cgroup2 resctrl rw\n") is None


def test_a_host_without_resctrl_refuses() -> None:
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        if mount_point(file.read()):
            pytest.skip("this host has one")
    with pytest.raises(RuntimeFault, match="no resctrl"):
        planned().execute(os.getpid())


def test_values_are_read_in_their_base() -> None:
    assert schemas(PRESENT) == {("L3", "0"): 0x7FF, ("L3", "1"): 0x1F, ("MB", "0"): 20, ("MB", "1"): 100}
