"""The rules on the runtime spec's documents: each is seen to find what it is for, and to let what is beside it pass."""

from typing import Any

import pytest

from specs.validate import KINDS, breaches
from specs.validation.finding import judged
from specs.validation.rules import apply
from specs.verdicts import Level
from specs.version import SpecVersion
from tests.specs.validation.documents import VOLUME, documents, edited

DOCUMENTS = documents()
MISSING = object()
LATER = "features.ociversionmax.no-later-properties"
WRONG = [
    # What is edited, where, to what, and which requirement that breaks.
    ("linux", "root", MISSING, "config.root.required-elsewhere"),
    ("windows", "root", MISSING, "config.root.windows-server-required"),
    ("hyperv", "root", {"path": VOLUME}, "config.root.hyperv-forbidden"),
    ("windows", "root.path", "C:\\rootfs", "config.root.path.windows-volume-guid"),
    ("windows", "root.readonly", True, "config.root.readonly.windows"),
    ("linux", "root.path", VOLUME, "config.platform.windows.when"),
    ("linux", "root.path", "/var/rootfs", "config.root.path.conventional-name"),
    ("windows", "mounts.0.destination", "a", "config.mounts.destination.windows-absolute"),
    ("windows", "mounts.0.destination", "c:/B/c", "config.mounts.destination.windows-not-nested"),
    ("linux", "mounts.0.destination", "a", "config.mounts.destination.linux-absolute"),
    ("linux", "mounts.0.destination", "a", "config.mounts.destination.linux-relative-deprecated"),
    ("none", "mounts", [{"destination": "a"}], "config.mounts.destination.linux-absolute"),
    ("solaris", "mounts", [{"destination": "a"}], "config.mounts.destination.solaris-absolute"),
    ("freebsd", "mounts", [{"destination": "a"}], "config.mounts.destination.other-absolute"),
    ("vm", "mounts", [{"destination": "a"}], "config.mounts.destination.other-absolute"),
    ("linux", "mounts.0.options", ["rbind"], "config.mounts.uidmappings.needs-option"),
    ("linux", "mounts.0.options", MISSING, "config.mounts.gidmappings.needs-option"),
    ("linux", "hooks.prestart", [], "config.hooks.prestart.deprecated"),
    ("linux", "annotations.note", "", "config.annotations.key-reverse-domain"),
    ("linux", "annotations.org~opencontainers~runc~version", "1", "config.annotations.reserved-as-described"),
    ("linux", "annotations.org~opencontainers~image~created", "2023-02-29T12:00:00Z", "config.annotations.image.created.value"),
    ("linux", "annotations.org~opencontainers~image~created", "2023-02-28", "config.annotations.image.created.value"),
    ("linux", "ociVersion", "1.4.0", "config.ociversion.newer-minor"),
    ("linux", "process.cwd", "tmp", "config.process.cwd.absolute"),
    ("windows", "process.cwd", "tmp", "config.process.cwd.absolute"),
    ("linux", "process.cwd", "C:\\", "config.process.cwd.absolute"),
    ("linux", "process.args", [], "config.process.args.one-entry"),
    ("linux", "process.args", MISSING, "config.process.args.one-entry"),
    ("windows", "process.commandLine", MISSING, "config.process.commandline.required-without-args"),
    ("linux", "process.user.uid", MISSING, "config.process.user.uid.required"),
    ("linux", "process.user.gid", MISSING, "config.process.user.gid.required"),
    ("linux", "process.rlimits.0.type", "RLIMIT_X", "config.process.rlimits.type.linux-values"),
    ("solaris", "process.rlimits.0.type", "RLIMIT_RSS", "config.process.rlimits.type.solaris-values"),
    ("linux", "process.rlimits", [{"type": "RLIMIT_AS"}, {"type": "RLIMIT_AS"}], "config.process.rlimits.duplicate-error"),
    ("linux", "linux.namespaces.1.type", "pid", "linux.namespaces.duplicate-error"),
    ("linux", "linux.devices.1", {"type": "u", "major": 1, "minor": 3}, "linux.devices.no-duplicate-numbers"),
    ("linux", "linux.resources.memory.kernel", -1, "linux.memory.kernel.discouraged"),
    ("linux", "linux.resources.memory.kernelTCP", -1, "linux.memory.kerneltcp.discouraged"),
    ("linux", "linux.resources.cpu.burst", 1001, "linux.cpu.burst.not-above-quota"),
    ("linux", "linux.resources.cpu.quota", 999, "linux.cpu.quota.not-below-burst"),
    ("linux", "linux.memoryPolicy.mode", "MPOL_LOCAL", "linux.memorypolicy.nodes.mode-dependent"),
    ("linux", "linux.memoryPolicy.nodes", MISSING, "linux.memorypolicy.nodes.mode-dependent"),
    ("linux", "linux.seccomp.defaultAction", "SCMP_ACT_ALLOW", "linux.seccomp.defaulterrnoret.unsupported-error"),
    ("linux", "linux.seccomp.syscalls.0.action", "SCMP_ACT_KILL", "linux.seccomp.syscalls.errnoret.unsupported-error"),
    ("freebsd", "freebsd.jail.vnet", "new", "freebsd.jail.own-vnet-config"),
    ("freebsd-vnet", "freebsd.jail.vnet", "inherit", "freebsd.jail.shared-vnet-config"),
    ("windows", "windows.resources.cpu.count", 1, "windows.cpu.exclusive"),
    ("windows", "windows.network.networkNamespace", "n", "windows.network.namespace-alone"),
    ("zos", "zos.namespaces.1.type", "pid", "zos.namespaces.duplicate-error"),
    ("state", "pid", MISSING, "runtime.state.pid-optional-elsewhere"),
    ("state", "bundle", "bundle", "runtime.state.bundle"),
    ("features", "ociVersionMin", "1.3.1", "features.ociversionmax.not-below-min"),
    ("features", "ociVersionMax", "1.3.0-rc.1", None),
    ("features", "ociVersionMin", "1.3.0-rc.1", None),
    ("features", "ociVersionMax", "1.2.1", LATER),
    ("features", "ociVersionMax", "1.2.1-dev", None),
    ("features", "linux.seccomp.supportedFlags.0", "X", "features-linux.seccomp.supportedflags.subset"),
    ("features", "linux.seccomp.knownFlags", None, None),
    ("features", "mountOptions.0", "mode=755", "features.mountoptions.no-fs-specific"),
    # beside what is wrong
    ("linux", "root.path", 5, None),
    ("none", "root", {"path": "rootfs"}, None),
    ("windows", "root.readonly", False, None),
    ("windows", "mounts.0.destination", "C:\\bb", None),
    ("windows", "process.cwd", "/rooted", None),
    ("windows", "process.args", ["cmd"], None),
    ("linux", "annotations.org~opencontainers~image~ref~name", "1", None),
    ("linux", "annotations.org~opencontainers~image~created", "2016-12-31T23:59:60Z", None),
    ("linux", "ociVersion", "1.3.0+dev", None),
    ("linux", "linux.resources.cpu.quota", -1, None),
    ("linux", "linux.devices.1", {"type": "b", "major": 1, "minor": 3}, None),
    ("vm", "process.user", {}, None),
    ("linux", "linux.seccomp.defaultAction", "SCMP_ACT_TRAP", None),
    ("linux", "linux.memoryPolicy.mode", "MPOL_PREFERRED", None),
    ("freebsd-vnet", "freebsd.jail.vnet", "x", None),
    ("state", "status", "creating", None),
    ("state", "bundle", "C:\\bundle", None),
    ("features", "ociVersionMin", "one", None),
]


def _edited(name: str, place: str, value: Any) -> tuple[str, Any]:
    kind, document = DOCUMENTS[name]
    return kind, edited(document, place) if value is MISSING else edited(document, place, value)


@pytest.mark.parametrize(("name", "place", "value", "requirement"), [row for row in WRONG if row[3]])
def test_a_rule_finds_what_it_is_for(name: str, place: str, value: Any, requirement: str) -> None:
    kind, document = _edited(name, place, value)
    found = list(apply(KINDS[kind].rules, document))
    assert requirement in {each.requirement for each in found}
    assert all(each.message for each in found)


@pytest.mark.parametrize(("name", "place", "value"), [row[:3] for row in WRONG if row[3] is None])
def test_a_rule_lets_pass_what_is_beside_it(name: str, place: str, value: Any) -> None:
    kind, document = _edited(name, place, value)
    assert list(apply(KINDS[kind].rules, document)) == []


def test_every_rule_is_seen_to_find_something() -> None:
    announced = {each for kind in KINDS.values() for rule in kind.rules for each in rule.requirements}
    assert announced == {row[3] for row in WRONG if row[3]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("odd", [None, 1, "x", [], [[]], {}, True], ids=repr)
def test_rules_bear_any_value_at_any_place(kind: str, odd: Any) -> None:
    """Put an odd value in the place of every value of every document in turn."""
    list(apply(KINDS[kind].rules, odd))
    for of_kind, document in DOCUMENTS.values():
        for place in _places(document):
            if of_kind == kind:
                list(apply(KINDS[kind].rules, edited(document, place, odd)))


def _places(value: Any, place: str = "") -> list[str]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [(f"{place}.{str(key).replace('.', '~')}".lstrip("."), member) for key, member in members]
    return [path for path, _ in below] + [each for path, member in below for each in _places(member, path)]


def test_what_comes_later_than_the_declared_version_does_not_bind() -> None:
    _, document = DOCUMENTS["linux"]
    wrong = edited(document, "linux.memoryPolicy.mode")
    found = breaches(wrong, kind="config")
    assert [each.level for each in judged("c", found, declared=SpecVersion.parse("1.3.0"))] == [Level.MUST]
    later = judged("c", found, declared=SpecVersion.parse("1.2.1"))
    assert [each.level for each in later] == [Level.NONE]
    assert "since 1.3.0; the document declares 1.2.1" in later[0].message
