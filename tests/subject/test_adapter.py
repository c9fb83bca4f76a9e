"""Adapters are data: those that come along, and files from a user that may be wrong."""

from pathlib import Path

import pytest

from conformance.subject.adapter import OPERATIONS, Adapter, AdapterError, NotOffered, adapter_for, load

VALUES = {"root": "/r", "bundle": "/b", "pid_file": "/p", "id": "c1", "signal": "TERM", "process": "/x", "resources": "/y"}
MINIMAL = """
name = "mine"
match = ["mine"]
global_flags = ["--state={root}"]
[operations]
create = ["make", "{bundle}", "{id}"]
start = ["start", "{id}"]
state = ["state", "{id}"]
kill = ["kill", "--signal", "{signal}", "{id}"]
delete = ["delete", "{id}"]
"""


def minimal(tmp_path: Path, text: str = MINIMAL) -> str:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("name", ["runc", "crun", "youki"])
def test_command_lines_of_the_runc_like(name: str) -> None:
    adapter = adapter_for(f"/opt/{name}")
    assert adapter.kernel == "host"
    assert all(adapter.offers(operation) for operation in OPERATIONS)
    assert adapter.argv("create", VALUES) == ("--root", "/r", "create", "--bundle", "/b", "--pid-file", "/p", "c1")
    assert adapter.argv("kill", VALUES) == ("--root", "/r", "kill", "c1", "TERM")
    assert adapter.argv("features", {}) == ("features",)
    assert adapter.runtime_name(f"/opt/{name}") == name


def test_runsc_has_a_kernel_of_its_own() -> None:
    assert adapter_for("/usr/bin/runsc").kernel == "own"


def test_arguments_stand_in_place_of_the_id_and_what_follows() -> None:
    adapter = adapter_for("runc")
    assert adapter.argv("state", VALUES, arguments=()) == ("--root", "/r", "state")
    assert adapter.argv("kill", VALUES, arguments=("other", "0")) == ("--root", "/r", "kill", "other", "0")
    assert adapter.argv("create", VALUES, arguments=())[2:] == ("create", "--bundle", "/b", "--pid-file", "/p")


def test_a_terminal_takes_flags_before_the_id(tmp_path: Path) -> None:
    values = VALUES | {"console_socket": "/c"}
    words = adapter_for("runc").argv("create", values)
    assert words[2:] == ("create", "--bundle", "/b", "--pid-file", "/p", "--console-socket", "/c", "c1")
    assert load(minimal(tmp_path)).argv("create", values) == ("--state=/r", "make", "/b", "c1")
    assert "--console-socket" not in adapter_for("runc").argv("start", values)


def test_the_name_as_given_counts_before_the_one_a_symlink_leads_to(tmp_path: Path) -> None:
    (tmp_path / "runsc").write_text("")
    (tmp_path / "crun").symlink_to("runsc")
    (tmp_path / "oci-runtime").symlink_to("runsc")
    assert adapter_for(str(tmp_path / "crun")).name == "runc-like"
    assert adapter_for(str(tmp_path / "oci-runtime")).name == "runsc"
    assert adapter_for(str(tmp_path / "oci-runtime")).runtime_name(str(tmp_path / "oci-runtime")) == "runsc"


def test_an_unknown_name_is_taken_as_runc_like(tmp_path: Path) -> None:
    adapter = adapter_for(str(tmp_path / "novel"))
    assert adapter.name == "runc-like"
    assert adapter.runtime_name(str(tmp_path / "novel")) == "novel"


def test_a_file_from_the_user(tmp_path: Path) -> None:
    adapter: Adapter = adapter_for("/usr/bin/runsc", file=minimal(tmp_path))
    assert adapter.name == "mine"
    assert adapter.argv("create", VALUES) == ("--state=/r", "make", "/b", "c1")
    assert adapter.argv("version", {}) == ("--version",)
    with pytest.raises(NotOffered, match="adapter mine has no operation pause"):
        adapter.argv("pause", VALUES)
    with pytest.raises(KeyError, match="bundle"):
        adapter.argv("create", {"root": "/r", "id": "c1"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "mine"', "name = 3", "name: must be a string"),
        ('name = "mine"', "", "name: must be a string"),
        ('match = ["mine"]', 'match = "mine"', "match: must be a list of strings"),
        ('match = ["mine"]', 'kernel = "none"', 'kernel: must be "host" or "own"'),
        ('match = ["mine"]', 'colour = "red"', "colour: unknown key"),
        ("{root}", "{id}", r"global_flags: unknown placeholder \{id\}"),
        ('global_flags = ["--state={root}"]', "", "global_flags: must be a list"),
        ('["start", "{id}"]', '["start", 3]', "operations.start: must be a list of strings"),
        ('["start", "{id}"]', '["start"]', r"operations.start: must hold \{id\}"),
        ('"--signal", "{signal}", ', "", r"operations.kill: must hold \{signal\}"),
        ('["start", "{id}"]', '["start", "{id}", "{colour}"]', r"operations.start: unknown placeholder \{colour\}"),
        ('start = ["start", "{id}"]', "", "operations.start: missing"),
        ("start = [", "stop = [", "operations.stop: unknown operation"),
        ("[operations]", "[other]", "other: unknown key"),
        ("[operations]", "[operations", "Expected"),
    ],
)
def test_a_wrong_file_is_told_by_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in MINIMAL
    file = minimal(tmp_path, MINIMAL.replace(old, new))
    with pytest.raises(AdapterError, match=message) as caught:
        load(file)
    assert str(caught.value).startswith(file)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(AdapterError, match=r"/nowhere/x\.toml: .*No such file"):
        load("/nowhere/x.toml")
