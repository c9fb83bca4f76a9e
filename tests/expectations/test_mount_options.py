"""Options of mounts and their propagation, judged from hand-made mount tables."""

import errno
from dataclasses import replace
from typing import Any

import pytest

from conformance.expectations import custom_options, mount_options, propagation
from conformance.expectations.contract import Evidence, Inconclusive, NotTestable, Violation
from conformance.record.probe import CallResult
from tests.expectations.containers import Container, There, entry, mount, named, on, with_mounts
from tests.expectations.records import accepted, host, record, refused

ALL = (*mount_options.EXPECTATIONS, *propagation.EXPECTATIONS)


def judge(name: str, container: Container) -> Evidence:
    found = named(f"config.mounts.options.{name}", ALL)
    assert found.applies(container.config, host()) is True
    return found.judge(container.config, host(), container.record(found))


def applies(name: str, config: dict[str, Any]) -> object:
    return named(f"config.mounts.options.{name}", ALL).applies(config, host())


def one(*options: str, **changes: Any) -> Container:
    """Return a config with a tmpfs at /m that has these options, and the mount that it became."""
    return Container(with_mounts(entry("/m", "tmpfs", "", *options)), (mount(10, "/m", **changes),), {"/m": on(10)})


SHOWN: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("ro", {"options": ("ro",)}, {}),
    ("ro", {"super_options": ("ro",)}, {}),
    ("rw", {}, {"options": ("ro",)}),
    ("nosuid", {"options": ("rw", "nosuid")}, {}),
    ("suid", {}, {"options": ("rw", "nosuid")}),
    ("nodev", {"options": ("rw", "nodev")}, {}),
    ("dev", {}, {"options": ("rw", "nodev")}),
    ("noexec", {"options": ("rw", "noexec")}, {}),
    ("exec", {}, {"options": ("rw", "noexec")}),
    ("noatime", {"options": ("rw", "noatime")}, {}),
    ("relatime", {}, {"options": ("rw", "noatime")}),
    ("strictatime", {"options": ("rw",)}, {}),
    ("nodiratime", {"options": ("rw", "nodiratime")}, {}),
    ("sync", {"super_options": ("rw", "sync")}, {}),
    ("dirsync", {"super_options": ("rw", "dirsync")}, {}),
    ("nosymfollow", {"options": ("rw", "nosymfollow")}, {}),
    ("atime", {}, {"options": ("rw", "noatime")}),
    ("nostrictatime", {}, {"options": ("rw",)}),
    ("diratime", {}, {"options": ("rw", "nodiratime")}),
    ("async", {}, {"super_options": ("rw", "sync")}),
    ("lazytime", {"super_options": ("rw", "lazytime")}, {}),
    ("nolazytime", {}, {"super_options": ("rw", "lazytime")}),
    ("nomand", {}, {"super_options": ("rw", "mand")}),
    ("symfollow", {}, {"options": ("rw", "nosymfollow")}),
    ("defaults", {}, {"options": ("rw", "nosuid")}),
    ("shared", {"shared": 3}, {}),
    ("slave", {"master": 3}, {"shared": 3}),
    ("private", {}, {"master": 3}),
    ("unbindable", {"unbindable": True}, {}),
    ("rshared", {"shared": 3}, {}),
    ("rslave", {}, {"shared": 3}),
    ("rprivate", {}, {"shared": 3}),
    ("runbindable", {"unbindable": True}, {}),
)

INSIDE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("rro", ("ro",), ("rw",)),
    ("rrw", ("rw",), ("ro",)),
    ("rnosuid", ("rw", "nosuid"), ("rw",)),
    ("rsuid", ("rw",), ("rw", "nosuid")),
    ("rdev", ("rw",), ("rw", "nodev")),
    ("rnoexec", ("rw", "noexec"), ("rw",)),
    ("rexec", ("rw",), ("rw", "noexec")),
    ("rnoatime", ("rw", "noatime"), ("rw", "relatime")),
    ("ratime", ("rw", "relatime"), ("rw", "noatime")),
    ("rrelatime", ("rw", "relatime"), ("rw",)),
    ("rstrictatime", ("rw",), ("rw", "relatime")),
    ("rnostrictatime", ("rw", "relatime"), ("rw",)),
    ("rnodiratime", ("rw", "nodiratime"), ("rw",)),
    ("rdiratime", ("rw",), ("rw", "nodiratime")),
    ("rnosymfollow", ("rw", "nosymfollow"), ("rw",)),
    ("rsymfollow", ("rw",), ("rw", "nosymfollow")),
)
"""Option to the flags of a mount that it was applied to, and to those of one that it was not."""
UNSEEN = ("norelatime", "rnorelatime", "iversion", "noiversion", "mand", "silent", "loud")
"""Options that can be seen to be taken, and no more."""


@pytest.mark.parametrize(("name", "right", "wrong"), SHOWN)
def test_an_option_is_read_from_the_mount_that_became_of_its_entry(
    name: str, right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert judge(name, one(name, **right)).observed
    with pytest.raises(Violation):
        judge(name, one(name, **wrong))


def test_every_option_is_in_the_table_of_this_test() -> None:
    judged = {each.requirement.removeprefix("config.mounts.options.") for each in ALL if "mounts" in each.requirement}
    assert judged == {name for name, _, _ in SHOWN} | {name for name, _, _ in INSIDE} | set(UNSEEN)


@pytest.mark.parametrize(("name", "right", "wrong"), INSIDE)
def test_recursive_options_reach_what_the_source_brought_and_nothing_else(
    name: str, right: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    config = with_mounts(entry("/m", "none", "/volume", "rbind", name), entry("/m/own"))
    paths = {"/m": on(10), "/m/own": on(12)}
    top, own = mount(10, "/m", options=right), mount(12, "/m/own", parent=10, options=wrong)
    assert judge(name, Container(config, (top, own, mount(11, "/m/brought", parent=10, options=right)), paths))
    with pytest.raises(Violation):
        judge(name, Container(config, (top, own, mount(11, "/m/brought", parent=10, options=wrong)), paths))
    with pytest.raises(Violation):
        judge(name, Container(config, (mount(10, "/m", options=wrong), own), paths))


@pytest.mark.parametrize("name", UNSEEN)
def test_options_that_do_not_show_must_not_be_refused(name: str) -> None:
    found, config = named(f"config.mounts.options.{name}", ALL), with_mounts(entry("/m", "tmpfs", "", name))
    assert judge(name, one(name))
    refusal = refused(config)
    refusal.twin = accepted(with_mounts(entry("/m")))
    with pytest.raises(Violation):
        found.judge(config, host(), refusal)


def test_flags_that_a_user_namespace_locks_are_left_alone() -> None:
    bound = [entry("/m", "none", "/volume", "rbind", name) for name in ("rrw", "rro")]
    configs = [with_mounts(each, namespaces=[{"type": "mount"}, {"type": "user"}]) for each in bound]
    assert [applies("rrw", configs[0]), applies("rro", configs[1])] == [False, True]


def test_an_option_that_mount_knows_implies_others() -> None:
    config = with_mounts(entry("/m", "tmpfs", "", "user"))
    implied = named("config.mounts.options.custom-follow-mount8", custom_options.EXPECTATIONS)
    allowed = named("config.mounts.options.custom-allowed", custom_options.EXPECTATIONS)
    paths = {"/m": on(10)}
    right = Container(config, (mount(10, "/m", options=("rw", "nosuid", "nodev", "noexec")),), paths).record(implied)
    assert implied.judge(config, host(), right)
    assert implied.judge(config, host(), refused(config)).kind == "refused"
    with pytest.raises(Violation):
        implied.judge(config, host(), Container(config, (mount(10, "/m"),), paths).record(implied))
    made, refusal = accepted(config), refused(config)
    made.twin = refusal.twin = accepted(with_mounts(entry("/m")))
    assert allowed.judge(config, host(), made)
    with pytest.raises(Violation):
        allowed.judge(config, host(), refusal)
    with pytest.raises(Inconclusive):
        allowed.judge(config, host(), refused(config, twin_config=config))
    assert implied.applies(with_mounts(entry("/m", "tmpfs", "", "user", "exec")), host()) is False
    assert implied.applies(with_mounts(entry("/m", "none", "/volume", "bind", "user")), host()) is False


def test_without_a_snapshot_or_an_answer_nothing_is_judged() -> None:
    found = named("config.mounts.options.nosuid", ALL)
    container = one("nosuid")
    with pytest.raises(Inconclusive):
        found.judge(container.config, host(), record(container.config))
    container.paths = {"/m": errno.EACCES}
    with pytest.raises(Inconclusive):
        judge("nosuid", container)


def test_options_that_contradict_each_other_are_left_alone() -> None:
    for options in (("ro", "rw"), ("rw", "ro"), ("noatime", "strictatime"), ("ro", "defaults"), ("noexec", "rexec")):
        assert applies(options[0], with_mounts(entry("/m", "tmpfs", "", *options))) is False
    assert applies("ro", with_mounts(entry("/m", "tmpfs", "", "defaults", "ro"))) is True
    assert applies("private", with_mounts(entry("/m", "tmpfs", "", "private", "rslave"))) is False


def test_flags_that_are_not_the_mounts_own_are_left_alone() -> None:
    bind = entry("/m", "none", "/volume", "bind", "rw", "dev", "sync", "nosuid")
    config = with_mounts(bind)
    assert [applies(name, config) for name in ("rw", "dev", "sync", "nosuid")] == [False, False, False, True]
    userns = with_mounts(entry("/m", "tmpfs", "", "dev", "nosuid"), namespaces=[{"type": "mount"}, {"type": "user"}])
    assert [applies(name, userns) for name in ("dev", "nosuid")] == [False, True]


@pytest.mark.parametrize(
    "config",
    [
        with_mounts(entry("/m", "tmpfs", "", "nosuid"), entry("/m")),
        with_mounts(entry("/m/sub", "tmpfs", "", "nosuid"), entry("/m")),
        with_mounts(entry("/m", "tmpfs", "", "nosuid"), entry("m/../m")),
        with_mounts(entry("/", "tmpfs", "", "nosuid")),
        with_mounts(entry("/m", "cgroup", "", "nosuid")),
        with_mounts(entry("/m", "tmpfs", "", "nosuid"), maskedPaths=["/m"]),
        with_mounts(entry("/m", "tmpfs", "", "nosuid"), readonlyPaths=["/m"]),
        with_mounts(entry("/m", "tmpfs", "", "nosuid"), namespaces=[{"type": "mount", "path": "/ns"}]),
        with_mounts(entry("/m", "tmpfs", "", "nosuid"), namespaces=[]),
    ],
)
def test_what_the_config_covers_is_left_alone(config: dict[str, Any]) -> None:
    assert applies("nosuid", config) is False


def test_a_destination_through_a_symlink_is_found_where_it_leads() -> None:
    container = Container(with_mounts(entry("/link", "tmpfs", "", "nosuid")), (mount(10, "/m", options=("rw", "nosuid")),))
    container.paths = {"/link": on(10)}
    assert judge("nosuid", container).observed == [["/m: rw,nosuid - rw"]]


def test_two_names_of_one_destination_are_left_alone() -> None:
    config = with_mounts(entry("/link", "tmpfs", "", "nosuid"), entry("/m"))
    container = Container(config, (mount(10, "/m"), mount(11, "/m", parent=10)), {"/link": on(11), "/m": on(11)})
    with pytest.raises(Inconclusive):
        judge("nosuid", container)


def test_a_mount_that_is_not_there_is_a_violation_unless_another_may_cover_it() -> None:
    config = with_mounts(entry("/m/sub", "tmpfs", "", "nosuid"), entry("/link"))
    with pytest.raises(Violation):
        judge("nosuid", Container(config, (mount(10, "/x"),), {"/m/sub": There(), "/link": on(10)}))
    with pytest.raises(Violation):
        judge("nosuid", Container(config, (mount(10, "/x"),), {"/link": on(10)}))
    with pytest.raises(Inconclusive):
        judge("nosuid", Container(config, (mount(10, "/m"),), {"/m/sub": There(mount=10), "/link": on(10)}))


def test_a_seccomp_filter_on_statx_leaves_nothing_to_judge() -> None:
    container = one("nosuid")
    rule = {"names": ["statx"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2}
    container.config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    with pytest.raises(Inconclusive):
        judge("nosuid", container)


@pytest.mark.parametrize(
    ("name", "action", "blocked", "allowed"),
    [
        ("ro", "write into /m", [CallResult(-errno.EROFS)] * 2, [CallResult(5), CallResult(0)]),
        (
            "noexec",
            "map executable from /m",
            [CallResult(5), CallResult(-errno.EPERM), CallResult(-errno.EPERM), CallResult(0)],
            [CallResult(5), CallResult(0x7F0000000000), CallResult(0), CallResult(0)],
        ),
        (
            "nodev",
            "open a device on /m",
            [CallResult(0), CallResult(-errno.EACCES), CallResult(-errno.EACCES), CallResult(0)],
            [CallResult(0), CallResult(5), CallResult(0), CallResult(0)],
        ),
    ],
)
def test_what_an_option_forbids_is_tried(name: str, action: str, blocked: list[CallResult], allowed: list[CallResult]) -> None:
    container = one(name, options=("ro", "noexec", "nodev"))
    container.calls = {action: blocked}
    assert errno.errorcode[-min(result.value for result in blocked)] in str(judge(name, container).observed)
    container.calls = {action: allowed}
    with pytest.raises(Violation):
        judge(name, container)


def test_recursive_propagation_reaches_what_the_source_brought_and_no_other_mount() -> None:
    config = with_mounts(entry("/m", "none", "/volume", "rbind", "rprivate"), entry("/m/own"))
    brought = mount(11, "/m/brought", parent=10, shared=4)
    own = mount(12, "/m/own", parent=10, shared=5)
    paths = {"/m": on(10), "/m/own": on(12)}
    assert judge("rprivate", Container(config, (mount(10, "/m"), own), paths))
    with pytest.raises(Violation):
        judge("rprivate", Container(config, (mount(10, "/m"), own, brought), paths))


def test_what_rootfspropagation_beyond_the_spec_does_to_mounts_is_left_alone() -> None:
    assert applies("private", with_mounts(entry("/m", "tmpfs", "", "private"), rootfsPropagation="rshared")) is False
    assert applies("private", with_mounts(entry("/m", "tmpfs", "", "private"), rootfsPropagation="slave")) is True


def test_an_error_in_place_of_an_option_is_no_way_out() -> None:
    without = with_mounts(entry("/m"))
    for name in ("defaults", "nosymfollow"):
        found, config = named(f"config.mounts.options.{name}", ALL), with_mounts(entry("/m", "tmpfs", "", name))
        refusal = refused(config)
        refusal.twin = replace(accepted(without), twin=None)
        with pytest.raises(Violation):
            found.judge(config, host(), refusal)
        refusal.twin = refused(without)
        with pytest.raises(Inconclusive):
            found.judge(config, host(), refusal)
        with pytest.raises(Inconclusive):
            found.judge(config, host(), refused(config, twin_config=config))


def test_an_option_that_the_kernel_lacks_is_not_testable() -> None:
    config = with_mounts(entry("/m", "tmpfs", "", "nosymfollow"))
    found = named("config.mounts.options.nosymfollow", ALL)
    assert isinstance(found.applies(config, host(kernel=(5, 9, 16))), NotTestable)


def test_a_refusal_for_something_else_is_not_blamed_on_an_option_whose_source_lies_in_the_bundle() -> None:
    def config(bundle: str) -> dict[str, Any]:
        return with_mounts({"destination": "/m", "type": "none", "source": f"{bundle}-host/tree", "options": ["bind", "ro"]})

    found = named("config.mounts.options.ro", ALL)
    refusal = refused(config("/b/1"), twin_config=config("/b/2"))
    assert refusal.twin is not None
    refusal.bundle, refusal.twin.bundle = "/b/1", "/b/2"
    with pytest.raises(Inconclusive):
        found.judge(refusal.config, host(), refusal)
    refusal.twin.config = with_mounts({"destination": "/m", "type": "none", "source": "/b/2-host/tree", "options": ["bind"]})
    with pytest.raises(Violation):
        found.judge(refusal.config, host(), refusal)
