"""Mounts by order, type, source and destination, judged from hand-made mount tables."""

import errno
from typing import Any

import pytest

from conformance.expectations import binds, mounts
from conformance.expectations.contract import Evidence, Inconclusive, Violation
from tests.expectations.containers import Container, There, entry, mount, named, on, with_mounts
from tests.expectations.records import host, record

ALL = (*binds.EXPECTATIONS, *mounts.EXPECTATIONS)


def judge(name: str, container: Container) -> Evidence:
    found = named(f"config.mounts.{name}", ALL)
    if name != "options.tmpcopyup":
        assert found.applies(container.config, host()) is True
    return found.judge(container.config, host(), container.record(found))


def applies(name: str, config: dict[str, Any]) -> object:
    return named(f"config.mounts.{name}", ALL).applies(config, host())


def test_every_requirement_is_inconclusive_without_a_snapshot() -> None:
    config = with_mounts(
        entry("/m", "tmpfs", "", "size=1m"),
        entry("/m/in", "none", "rootfs/x", "bind"),
        entry("rel", "none", "rootfs/x", "rbind"),
        entry("/again"),
        entry("/again", "tmpfs", "", "remount", "ro"),
    )
    for expectation in ALL:
        with pytest.raises(Inconclusive):
            expectation.judge(config, host(), record(config))


def test_the_type_of_a_filesystem() -> None:
    config = with_mounts(entry("/m"))
    assert judge("linux-mount2", Container(config, (mount(10, "/m"),), {"/m": on(10)}))
    with pytest.raises(Violation):
        judge("linux-mount2", Container(config, (mount(10, "/m", fstype="ramfs"),), {"/m": on(10)}))
    assert applies("linux-mount2", with_mounts(entry("/m", "tmpfs", "/x", "bind"))) is False
    assert applies("linux-mount2", with_mounts(entry("/m", "nfs"))) is False


def test_a_relative_destination_counts_from_the_root() -> None:
    config = with_mounts(entry("mnt/x", "none", "/volume", "bind"))
    assert judge("destination.linux-relative-to-root", Container(config, (mount(10, "/mnt/x"),), {"/mnt/x": on(10)}))
    with pytest.raises(Violation):
        judge("destination.linux-relative-to-root", Container(config, (mount(10, "/srv/mnt/x"),), {"/mnt/x": There()}))
    assert applies("destination.linux-relative-to-root", with_mounts(entry("/mnt/x"))) is False


def test_a_mount_inside_an_earlier_one_is_reached() -> None:
    config = with_mounts(entry("/a", "none", "rootfs/x", "bind"), entry("/a/b"))
    outer, inside = mount(10, "/a"), mount(11, "/a/b", parent=10)
    assert judge("order", Container(config, (outer, inside), {"/a": on(10), "/a/b": on(11)}))
    hidden = mount(9, "/a/b")
    with pytest.raises(Violation):
        judge("order", Container(config, (hidden, outer), {"/a": on(10), "/a/b": There(mount=10)}))
    with pytest.raises(Inconclusive):
        judge("order", Container(config, (outer,), {"/a": on(10), "/a/b": There(mount=10)}))


def test_a_mount_over_an_earlier_one_hides_it() -> None:
    config = with_mounts(entry("/a/b"), entry("/a"))
    outer = mount(10, "/a")
    assert judge("order", Container(config, (mount(9, "/a/b"), outer), {"/a": on(10)}))
    with pytest.raises(Violation):
        judge("order", Container(config, (outer, mount(11, "/a/b", parent=10)), {"/a": on(10), "/a/b": on(11)}))
    with pytest.raises(Inconclusive):
        judge("order", Container(config, (outer,), {"/a": on(10)}))


def test_the_later_of_two_mounts_on_one_destination_is_on_top() -> None:
    config = with_mounts(entry("/a"), entry("/a", "ramfs"))
    both = (mount(10, "/a"), mount(11, "/a", parent=10, fstype="ramfs"))
    assert judge("order", Container(config, both, {"/a": on(11)}))
    swapped = (mount(10, "/a", fstype="ramfs"), mount(11, "/a", parent=10))
    with pytest.raises(Violation):
        judge("order", Container(config, swapped, {"/a": on(11)}))


def test_order_is_not_exercised_by_mounts_beside_each_other_or_covered_by_a_third() -> None:
    assert applies("order", with_mounts(entry("/a"), entry("/ab"))) is False
    assert applies("order", with_mounts(entry("/a"), entry("/a", "ramfs"), entry("/a", "proc"))) is False


FILE, OTHER = There(mode=0o100644, inode=7), There(mode=0o100644, inode=8)


def test_a_bound_file_is_the_source_itself() -> None:
    config = with_mounts(entry("/f", "none", "rootfs/dir/f", "bind"))
    there = on(10, mode=0o100644, device=(0, 1), inode=7)
    assert judge("source.bind-file", Container(config, (mount(10, "/f"),), {"/f": there, "/dir/f": FILE}))
    with pytest.raises(Violation):
        judge("source.bind-file", Container(config, (mount(10, "/f"),), {"/f": there, "/dir/f": OTHER}))
    with pytest.raises(Inconclusive):
        judge("source.bind-file", Container(config, (mount(10, "/f"),), {"/f": on(10), "/dir/f": There()}))


def test_a_relative_source_counts_from_the_bundle() -> None:
    config = with_mounts(entry("/seen", "none", "rootfs/dir", "bind"))
    there = on(10, device=(0, 1), inode=7)
    assert judge(
        "source.bind-relative-to-bundle", Container(config, (mount(10, "/seen"),), {"/seen": there, "/dir": There(inode=7)})
    )
    with pytest.raises(Violation):
        judge(
            "source.bind-relative-to-bundle", Container(config, (mount(10, "/seen"),), {"/seen": there, "/dir": There(inode=8)})
        )
    assert applies("source.bind-relative-to-bundle", with_mounts(entry("/seen", "none", "/volume", "bind"))) is False
    assert applies("source.bind-relative-to-bundle", with_mounts(entry("/seen", "none", "elsewhere", "bind"))) is False


@pytest.mark.parametrize("kind", ["", "none", "bind"])
def test_bind_alone_makes_a_bind_mount(kind: str) -> None:
    config = with_mounts(entry("/seen", kind, "rootfs/dir", "bind"))
    config["mounts"][0]["type"] = kind
    same = {"/seen": on(10, device=(0, 1), inode=7), "/dir": There(inode=7)}
    assert judge("source.bind-definition", Container(config, (mount(10, "/seen"),), same))
    with pytest.raises(Violation):
        judge("source.bind-definition", Container(config, (mount(10, "/seen"),), {"/seen": on(10), "/dir": There(inode=7)}))
    assert applies("source.bind-definition", with_mounts(entry("/seen", "tmpfs", "rootfs/dir", "bind"))) is False


def test_the_type_of_a_bind_mount_plays_no_role() -> None:
    config = with_mounts(entry("/seen", "proc", "rootfs/dir", "bind"))
    same = {"/seen": on(10, device=(0, 1), inode=7), "/dir": There(inode=7)}
    assert judge("type.bind-dummy", Container(config, (mount(10, "/seen"),), same))
    with pytest.raises(Violation):
        judge("type.bind-dummy", Container(config, (mount(10, "/seen"),), {"/seen": on(10), "/dir": There(inode=7)}))
    assert applies("type.bind-dummy", with_mounts(entry("/seen", "none", "rootfs/dir", "bind"))) is False


def test_sub_mounts_come_along_with_rbind_and_not_with_bind() -> None:
    inner, copy = mount(20, "/dir/inner"), mount(21, "/seen/inner", parent=10)
    paths = {"/seen": on(10, device=(0, 1), inode=7), "/dir": There(inode=7)}
    flat = (mount(10, "/seen"), inner)
    bind = with_mounts(entry("/seen", "none", "rootfs/dir", "bind"))
    rbind = with_mounts(entry("/seen", "none", "rootfs/dir", "rbind"))
    assert judge("options.bind", Container(bind, flat, paths))
    assert judge("options.rbind", Container(rbind, (*flat, copy), paths))
    with pytest.raises(Violation):
        judge("options.bind", Container(bind, (*flat, copy), paths))
    with pytest.raises(Violation):
        judge("options.rbind", Container(rbind, flat, paths))


def test_a_source_that_the_config_covers_again_shows_nothing() -> None:
    assert applies("options.bind", with_mounts(entry("/seen", "none", "rootfs/dir", "bind"), entry("/dir"))) is False


def test_a_remount_changes_the_mount_that_is_there() -> None:
    config = with_mounts(entry("/m"), entry("/m", "tmpfs", "", "remount", "ro", "nosuid"))
    right = mount(10, "/m", options=("ro", "nosuid"))
    assert judge("options.remount", Container(config, (right,), {"/m": on(10)}))
    for wrong in ((mount(10, "/m"),), (mount(10, "/m"), mount(11, "/m", parent=10, options=("ro", "nosuid")))):
        with pytest.raises(Violation):
            judge("options.remount", Container(config, wrong, {"/m": on(wrong[-1].id)}))


@pytest.mark.parametrize(
    ("option", "right", "wrong"),
    [
        ("size=128k", ("rw", "size=128k"), ("rw",)),
        ("size=1m", ("rw", "size=1024k"), ("rw", "size=512k")),
        ("size=100", ("rw", "size=4k"), ("rw", "size=128k")),
        ("mode=0751", ("rw", "mode=751"), ("rw", "mode=755")),
    ],
)
def test_options_of_the_filesystem_arrive_there(option: str, right: tuple[str, ...], wrong: tuple[str, ...]) -> None:
    config = with_mounts(entry("/m", "tmpfs", "", option))
    assert judge("options.unknown-as-data", Container(config, (mount(10, "/m", super_options=right),), {"/m": on(10)}))
    with pytest.raises(Violation):
        judge("options.unknown-as-data", Container(config, (mount(10, "/m", super_options=wrong),), {"/m": on(10)}))


@pytest.mark.parametrize("options", [("size=50%",), ("mode=1777",), ("size=1k", "size=2k"), ("size=0",), ("size=nonsense",)])
def test_options_that_cannot_be_compared_are_left_alone(options: tuple[str, ...]) -> None:
    assert applies("options.unknown-as-data", with_mounts(entry("/m", "tmpfs", "", *options))) is False


def test_copied_content() -> None:
    config = with_mounts(entry("/copied", "tmpfs", "", "tmpcopyup"))
    assert judge("options.tmpcopyup", Container(config, (), {mounts.COPIED: FILE}))
    with pytest.raises(Violation):
        judge("options.tmpcopyup", Container(config))
    with pytest.raises(Inconclusive):
        judge("options.tmpcopyup", Container(config, (), {mounts.COPIED: errno.EACCES}))
