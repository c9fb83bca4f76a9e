"""config-linux.md, Cgroup ownership: to whom the container's cgroup belongs.

What a runtime may do is fixed by who the program runs as, by the mount of the cgroup filesystem and by the cgroup namespace.
Whether it does anything at all is its own choice, so rules for those that do are judged only where the directory changed.
"""

from collections.abc import Callable, Mapping

from conformance.expectations.contract import (
    Applicability,
    Evidence,
    Expectation,
    Inconclusive,
    NotTestable,
    Unexercised,
    running,
    violated,
)
from conformance.expectations.mounted import absolute
from conformance.expectations.namespaces import is_new
from conformance.expectations.tolerance import must_be_accepted
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

DIRECTORY = "."
"""The cgroup's directory itself among its files."""
_FALLBACK = frozenset({"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"})
_V2 = ""
Owners = Mapping[str, int]


def _mounts(config: Config) -> list[Mapping[str, object]]:
    """Return the entries that mount the cgroup filesystem where the rules want it."""
    found = config.get("mounts") or ()
    return [each for each in found if each.get("source") == "cgroup" and absolute(each["destination"]) == "/sys/fs/cgroup"]


def _writable(config: Config) -> bool:
    """Whether the mount is read/write as the text defines it."""
    return any("ro" not in (mount.get("options") or ()) for mount in _mounts(config))  # type: ignore[operator]  # a list


def _user(config: Config) -> int | None:
    """Return the host uid of the program as far as the config itself tells; None in a namespace that it joins."""
    uid = lookup(config, "/process/user/uid") or 0
    if not any(entry.get("type") == "user" for entry in lookup(config, "/linux/namespaces") or ()):
        return int(uid)
    if not is_new(config, "user"):
        return None
    for row in lookup(config, "/linux/uidMappings") or ():
        if row["containerID"] <= uid < row["containerID"] + row["size"]:
            return int(row["hostID"] + uid - row["containerID"])
    return None


def _another_user(config: Config, host: Host) -> bool:
    return _user(config) not in {None, host.euid}


def _owners(record: Record, hierarchy: str) -> Owners:
    owners = running(record).cgroups.owners
    if owners is None or DIRECTORY not in owners.get(hierarchy, {}):
        raise Inconclusive("nobody looked to whom the cgroup belongs")
    return owners[hierarchy]


def _on_v2(wants: Callable[[Config], bool]) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if not _another_user(config, host) or not wants(config):
            return False
        return host.cgroup_layout == "v2" or NotTestable("a lane with cgroup v2 alone")

    return applies


def _delegated(config: Config) -> bool:
    return _writable(config) and is_new(config, "cgroup")


def _left_alone(config: Config, host: Host, record: Record) -> Evidence:
    owners = _owners(record, _V2)
    changed = {file: uid for file, uid in owners.items() if uid == _user(config)}
    if changed:
        violated(expected={DIRECTORY: host.euid}, observed=changed)
    return Evidence({DIRECTORY: host.euid}, owners)


def _left_alone_on_v1(config: Config, host: Host, record: Record) -> Evidence:
    observed = {}
    for hierarchy in sorted(host.controllers & host.cgroup_mounts.keys()):
        # A cgroup that the process does not have to itself is not for it to be given.
        if running(record).cgroups.paths.get(hierarchy, "/") != "/":
            observed[hierarchy] = dict(_owners(record, hierarchy))
    changed = {name: owners for name, owners in observed.items() if _user(config) in owners.values()}
    if changed:
        violated(expected=f"all of user {host.euid}", observed=changed)
    if not observed:
        raise Inconclusive("the process has no cgroup of its own")
    return Evidence(f"all of user {host.euid}", sorted(observed))


# Rules for those that change it


def _changed(config: Config, record: Record) -> Owners:
    """Return the owners, if the directory has changed hands; raises Unexercised otherwise."""
    owners = _owners(record, _V2)
    if owners[DIRECTORY] != _user(config):
        raise Unexercised("the runtime leaves the owner of the cgroup alone, which is allowed")
    return owners


def _delegates(host: Host) -> frozenset[str]:
    return _FALLBACK if host.cgroup_delegate is None else frozenset(host.cgroup_delegate)


def _judge_no_others(config: Config, host: Host, record: Record) -> Evidence:
    owners = _changed(config, record)
    others = sorted(file for file, uid in owners.items() if uid == _user(config) and file not in {DIRECTORY, *_delegates(host)})
    if others:
        violated(expected=sorted(_delegates(host) & owners.keys()), observed=others, evidence=dict(owners))
    return Evidence(sorted(_delegates(host)), sorted(file for file, uid in owners.items() if uid == _user(config)))


def _judge_existing(config: Config, host: Host, record: Record) -> Evidence:
    owners = _changed(config, record)
    there = _delegates(host) & owners.keys()
    kept = {file: owners[file] for file in there if owners[file] != _user(config)}
    if kept:
        violated(expected=dict.fromkeys(sorted(there), _user(config)), observed=kept)
    return Evidence(dict.fromkeys(sorted(there), _user(config)), {file: owners[file] for file in sorted(there)})


def _judge_fallback(config: Config, host: Host, record: Record) -> Evidence:
    _judge_no_others(config, host, record)
    return _judge_existing(config, host, record)


def _no_delegate_file(config: Config, host: Host) -> Applicability:
    applies = _on_v2(_delegated)(config, host)
    if applies is not True:
        return applies
    return host.cgroup_delegate is None or NotTestable("a kernel without /sys/kernel/cgroup/delegate")


def _judge_missing(_config: Config, host: Host, record: Record) -> Evidence:
    accepted = must_be_accepted(
        record, despite="a cgroup mounted read/write, of which some delegate files are missing", oddities=_mounts
    )
    missing = _delegates(host) - _owners(record, _V2).keys()
    if not missing:
        raise Inconclusive("every file in /sys/kernel/cgroup/delegate is there")
    return Evidence(accepted.expected, sorted(missing), kind=accepted.kind)


# Recorded either way


def _judge_change(config: Config, _host: Host, record: Record) -> Evidence:
    owner = _owners(record, _V2)[DIRECTORY]
    if owner != _user(config):
        violated(expected={DIRECTORY: _user(config)}, observed={DIRECTORY: owner})
    return Evidence({DIRECTORY: _user(config)}, {DIRECTORY: owner})


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        requirement="linux.cgroups.owner.not-v1",
        applies=lambda config, host: (
            _another_user(config, host)
            and _delegated(config)
            and (bool(host.controllers & host.cgroup_mounts.keys()) or NotTestable("a lane with cgroup v1"))
        ),
        judge=_left_alone_on_v1,
    ),
    Expectation(
        requirement="linux.cgroups.owner.only-new-cgroupns",
        applies=_on_v2(lambda config: _writable(config) and not is_new(config, "cgroup")),
        judge=_left_alone,
    ),
    Expectation(
        requirement="linux.cgroups.owner.rw-mount-definition",
        applies=_on_v2(lambda config: bool(_mounts(config)) and not _writable(config) and is_new(config, "cgroup")),
        judge=_left_alone,
    ),
    Expectation(
        requirement="linux.cgroups.owner.not-without-mount",
        applies=_on_v2(lambda config: not _mounts(config) and is_new(config, "cgroup")),
        judge=_left_alone,
    ),
    *(
        Expectation(requirement=f"linux.cgroups.owner.{name}", applies=_on_v2(_delegated), judge=judge)
        for name, judge in (
            ("only-delegate-files", _judge_no_others),
            ("no-other-files", _judge_no_others),
            ("existing-files", _judge_existing),
            ("allowed", _judge_change),
            ("iff-rw-mount", _judge_change),
        )
    ),
    Expectation(requirement="linux.cgroups.owner.fallback-list", applies=_no_delegate_file, judge=_judge_fallback),
    Expectation(
        requirement="linux.cgroups.owner.missing-files-no-fail",
        applies=_on_v2(_delegated),
        judge=_judge_missing,
        judges_refusal=True,
    ),
)
