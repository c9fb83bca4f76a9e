"""Bundles on disk: edits, placeholders, entries."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from conformance.bundle.builder import Bundle, build
from conformance.bundle.config import base_config
from conformance.bundle.placeholders import expand, expand_json
from conformance.bundle.probe import build as build_probe
from conformance.bundle.rootfs import OutsideError, write_tree
from conformance.cases.case import Case, Directory, Entry, HostMount, HostNamespace, RegularFile, Symlink
from conformance.record.config import drop, edited, lookup, put

MACHINE = "aarch64"


def built(tmp_path: Path, *, twin: bool = False, **members: Any) -> Bundle:
    case = Case(name="builder/case", title="A case", **members)
    return build(
        case,
        directory=str(tmp_path / "c1"),
        container_id="id-1",
        config=base_config(oci_version="1.0.2"),
        machine=MACHINE,
        twin=twin,
    )


def test_a_plain_case_becomes_the_base_config_and_a_rootfs_with_probes(tmp_path: Path) -> None:
    bundle = built(tmp_path)
    written = json.loads(Path(bundle.directory, "config.json").read_bytes())
    assert written == bundle.config
    expected = base_config(oci_version="1.0.2")
    expected["linux"]["cgroupsPath"] = "/id-1"
    assert written == expected
    assert sorted(os.listdir(bundle.rootfs)) == ["dev", "etc", "probe", "proc", "run", "sys", "tmp"]
    assert Path(bundle.rootfs, "probe").read_bytes() == build_probe(MACHINE, "proxy")
    assert not os.path.exists(bundle.host_directory)  # nothing of the case is there


def test_a_config_with_hooks_gets_their_program(tmp_path: Path) -> None:
    bundle = built(tmp_path, edits=(put("/hooks", {"poststop": [{"path": "{host}/hook"}]}),))
    for hook in (f"{bundle.rootfs}/hook", f"{bundle.host_directory}/hook"):
        assert Path(hook).read_bytes() == build_probe(MACHINE, "hook")
        assert stat.S_IMODE(os.stat(hook).st_mode) == 0o755


def test_every_placeholder_is_replaced_and_other_braces_stay(tmp_path: Path) -> None:
    text = "{bundle}|{id}|{host}|{hooks}|{ns:net}|{} {x} {ns} {{id}}"
    bundle = built(
        tmp_path,
        namespaces=(HostNamespace("net", "network"),),
        edits=(put("/annotations", {"a {id}": text, "deep": [{"{host}": 1}]}),),
    )
    host, hooks = f"{tmp_path}/c1-host", f"{tmp_path}/c1/rootfs/hooks.sock"
    expected = f"{tmp_path}/c1|id-1|{host}|{hooks}|{bundle.namespaces['net']}|{{}} {{x}} {{ns}} {{id-1}}"
    assert bundle.config["annotations"] == {"a id-1": expected, "deep": [{host: 1}]}
    assert bundle.hook_socket == hooks
    assert bundle.namespaces["net"].startswith(f"{host}/")


def test_values_are_put_in_as_json_wants_them() -> None:
    odd = 'a"b\\c\u00e9'
    assert json.loads(expand_json('{"x": ["{id}", 1.5, null]}', {"id": odd})) == {"x": [odd, 1.5, None]}
    assert expand("{id}/{id}", {"id": "{host}"}) == "{host}/{host}"


def test_a_placeholder_without_meaning_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ns:missing"):
        built(tmp_path, edits=(put("/annotations", {"a": "{ns:missing}"}),))
    assert not os.listdir(tmp_path)


def test_edits_leave_what_they_start_from_as_it_was() -> None:
    config = {"linux": {"namespaces": [{"type": "pid"}], "sysctl": {"a": "1"}}}
    before = json.dumps(config)
    value: dict[str, object] = {"pids": {}}
    edits = (
        put("/linux/namespaces/0/path", "/x"),
        put("/linux/namespaces/-", {"type": "uts"}),
        drop("/linux/sysctl/a"),
        put("/linux/resources", value),
        put("/linux/resources/pids/limit", 1),
        put("/new/deep", 2),
    )
    assert edited(config, edits) == {
        "linux": {
            "namespaces": [{"type": "pid", "path": "/x"}, {"type": "uts"}],
            "sysctl": {},
            "resources": {"pids": {"limit": 1}},
        },
        "new": {"deep": 2},
    }
    assert json.dumps(config) == before
    assert value == {"pids": {}}


def test_edits_come_before_the_defect_which_the_twin_lacks(tmp_path: Path) -> None:
    edits, defect = (put("/hostname", "one"), drop("/process/env")), put("/hostname", "two")
    broken = built(tmp_path / "broken", edits=edits, defect=defect)
    twin = built(tmp_path / "twin", edits=edits, defect=defect, twin=True)
    assert (broken.config["hostname"], twin.config["hostname"]) == ("two", "one")
    assert "env" not in lookup(twin.config, "/process")


def test_entries_are_written_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        bundle = built(
            tmp_path,
            rootfs=(
                Directory("srv/{id}", 0o2710),
                RegularFile("etc/deep/file", b"{id} stays", 0o4755),
                Symlink("proc", "{host}/elsewhere"),
                RegularFile("tmp", b"instead of a directory"),
                RegularFile("probe", b"another program", 0o700),
            ),
            host=(RegularFile("{id}.txt", b"x"),),
        )
    finally:
        os.umask(before)
    root = Path(bundle.rootfs)
    modes = {name: stat.S_IMODE((root / name).lstat().st_mode) for name in ("srv", "srv/id-1", "etc/deep", "etc/deep/file")}
    assert modes == {"srv": 0o755, "srv/id-1": 0o2710, "etc/deep": 0o755, "etc/deep/file": 0o4755}
    assert stat.S_IMODE(os.stat(bundle.directory).st_mode) == 0o755
    assert (root / "etc/deep/file").read_bytes() == b"{id} stays"
    assert os.readlink(root / "proc") == f"{bundle.host_directory}/elsewhere"
    assert (root / "tmp").read_bytes() == b"instead of a directory"
    assert (root / "probe").read_bytes() == b"another program"
    assert Path(bundle.host_directory, "id-1.txt").read_bytes() == b"x"


def test_tmp_is_sticky_and_open_to_all(tmp_path: Path) -> None:
    assert stat.S_IMODE(os.stat(f"{built(tmp_path).rootfs}/tmp").st_mode) == 0o1777


@pytest.mark.parametrize(
    "entry",
    [
        RegularFile("../escaped"),
        Directory("a/../../escaped"),
        RegularFile("link/escaped"),
        Directory("link/deep/escaped"),
        Symlink("", "x"),
        Directory("."),
    ],
)
def test_no_entry_leads_out_of_its_tree(entry: Entry, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(OutsideError):
        write_tree(str(tmp_path / "tree"), (Symlink("link", str(outside)), entry))
    assert not os.listdir(outside)
    assert sorted(os.listdir(tmp_path)) == ["outside", "tree"]


def test_mounts_and_edits_see_the_same_paths(tmp_path: Path) -> None:
    mount = HostMount("{bundle}/rootfs", "{host}/m", "tmpfs", data="x={id}")
    bundle = built(tmp_path, mounts=(mount,))
    expected = HostMount(f"{tmp_path}/c1/rootfs", f"{tmp_path}/c1-host/m", "tmpfs", data="x=id-1")
    assert bundle.mounts == (expected,)


def test_a_bundle_that_is_removed_is_gone(tmp_path: Path) -> None:
    bundle = built(tmp_path, rootfs=(Symlink("etc/link", str(tmp_path)),))
    (tmp_path / "other").touch()
    bundle.remove()
    bundle.remove()
    assert os.listdir(tmp_path) == ["other"]
