"""features.md and features-linux.md: what the document declares has to be recognised in configs.

A refusal counts only where the same config without the declared names was accepted. The cases leave out what a kernel or a
library may refuse whatever the runtime knows.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from conformance.expectations.calls import results
from conformance.expectations.contract import (
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    Unexercised,
    created,
    equal,
    operations,
    running,
    violated,
)
from conformance.expectations.hooks import invoked
from conformance.expectations.tolerance import must_be_accepted
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Out
from conformance.record.record import Record
from specs.linux.capabilities import CAPABILITIES
from specs.linux.mount_options import MOUNT_OPTIONS
from specs.linux.namespaces import NAMESPACES

FEATURE = "org.example.oci-conformance.feature"
"""Annotation that names what a config tries out."""
_NO_ATTRIBUTES = frozenset({"bind", "shared", "slave", "private", "unbindable", "idmap"})
UNDER_LOAD = "after a container"
UNTRIED_OPTIONS = frozenset({"remount", "idmap", "ridmap"})
"""Options that mean nothing for a mount by itself."""
MEMORY_MODES = {"MPOL_PREFERRED": 1, "MPOL_BIND": 2, "MPOL_INTERLEAVE": 3}
"""Modes that work on a single memory node, with their numbers in linux/mempolicy.h."""
MEMORY_FLAGS = {"MPOL_F_STATIC_NODES": 1 << 15, "MPOL_F_RELATIVE_NODES": 1 << 14}

_GET_MEMPOLICY = Action("get the memory policy", (Call("get_mempolicy", (Out(8), 0, 0, 0, 0)),))
_SCMP_FILTERED = 2


def kernel_of_option(name: str) -> tuple[int, int, int]:
    """Return the kernel that a mount option needs: mount_setattr(2) for recursive ones, and for nosymfollow."""
    if is_recursive(name):
        return (5, 14, 0) if "symfollow" in name else (5, 12, 0)
    return (5, 10, 0) if "symfollow" in name else (0, 0, 0)


def is_recursive(name: str) -> bool:
    """Whether the option holds for all mounts below: an attribute's name with an r before it."""
    return name.startswith("r") and MOUNT_OPTIONS.get(name[1:]) is not None and name[1:] not in _NO_ATTRIBUTES


def _features(record: Record) -> Any:
    if record.runtime.features is None:
        raise Unexercised("the runtime offers no features document")
    return record.runtime.features


def _declared(record: Record, pointer: str, used: Iterable[str]) -> list[str]:
    """Return the used names that the document declares; raises Unexercised without any."""
    names = set(lookup(_features(record), pointer) or ())
    found = [name for name in dict.fromkeys(used) if name in names]
    if not found:
        raise Unexercised(f"nothing of {pointer} is used")
    return found


def _accepted(record: Record, pointer: str, used: Iterable[str], *, at: str) -> tuple[list[str], Evidence]:
    """Judge the use, `at` a place of the config, of what the document declares."""
    names = _declared(record, pointer, used)
    despite = f"what its features declare in {pointer}: {', '.join(names)}"
    return names, must_be_accepted(record, despite=despite, oddities=lambda config: lookup(config, at))


def _namespaces(config: Config, host: Host, record: Record) -> Evidence:
    kinds: list[str] = [str(entry.get("type")) for entry in lookup(config, "/linux/namespaces") or () if "path" not in entry]
    names, evidence = _accepted(record, "/linux/namespaces", kinds, at="/linux/namespaces")
    seen = created(record).namespaces
    # A time namespace is entered at execve only.
    ignored = [n for n in names if n in NAMESPACES and n != "time" and _same(seen, host.namespaces, NAMESPACES[n].proc)]
    if ignored:
        violated(expected={"new namespaces": names}, observed={"ignored": ignored})
    return evidence


def _same(here: Any, there: Any, name: str) -> bool:
    return name in here and here[name] == there.get(name)


def _capabilities(config: Config, host: Host, record: Record) -> Evidence:
    used = lookup(config, "/process/capabilities/bounding") or ()
    names, evidence = _accepted(record, "/linux/capabilities", used, at="/process/capabilities")
    bounding = running(record).process.cap_bounding
    grantable = [name for name in names if name in CAPABILITIES and host.can(CAPABILITIES[name])]
    missing = [name for name in grantable if not bounding >> CAPABILITIES[name] & 1]
    if missing:
        violated(expected={"in the bounding set": grantable}, observed={"missing": missing}, evidence=evidence.observed)
    return Evidence({"in the bounding set": grantable}, f"{bounding:x}")


def _options(config: Config, _host: Host, record: Record) -> Evidence:
    used = [option for mount in lookup(config, "/mounts") or () for option in mount.get("options") or ()]
    return _accepted(record, "/mountOptions", used, at="/mounts")[1]


def _hooks(config: Config, host: Host, record: Record) -> Evidence:
    names, _ = _accepted(record, "/hooks", lookup(config, "/hooks") or {}, at="/hooks")
    return Evidence({"supported": names}, [invoked(name)(config, host, record).observed for name in names])


def _version(name: str) -> Judge:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        version = _features(record).get(name)
        if config.get("ociVersion") != version:
            raise Unexercised(f"the config is of another version than {version}")
        return must_be_accepted(record, despite=f"{name} {version} as ociVersion", oddities=lambda of: lookup(of, "/ociVersion"))

    return judge


def _seccomp(name: str) -> Judge:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        return _accepted(record, f"/linux/seccomp/{name}", _seccomp_names(config, name), at="/linux/seccomp")[1]

    return judge


def _seccomp_names(config: Config, name: str) -> list[str]:
    seccomp = lookup(config, "/linux/seccomp") or {}
    rules = seccomp.get("syscalls") or ()
    if name == "actions":
        return [rule.get("action") for rule in rules]
    if name == "operators":
        return [argument.get("op") for rule in rules for argument in rule.get("args") or ()]
    return list(seccomp.get("architectures" if name == "archs" else "flags") or ())


def _memory(name: str) -> Judge:
    """Judge by the policy that is in force: a runtime that does not know the property has to ignore it."""

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        policy = lookup(config, "/linux/memoryPolicy") or {}
        used: list[str] = [str(policy.get("mode"))] if name == "modes" else list(policy.get("flags") or ())
        _accepted(record, f"/linux/memoryPolicy/{name}", used, at="/linux/memoryPolicy")
        result = results(config, record, _GET_MEMPOLICY)[0]
        if result.value != 0:
            raise Inconclusive(f"get_mempolicy failed with error {result.errno}")
        flags = sum(MEMORY_FLAGS.get(flag, 0) for flag in policy.get("flags") or ())
        return equal(expected=MEMORY_MODES[policy["mode"]] | flags, observed=int.from_bytes(result.data[:4], "little"))

    return judge


def _asks_policy(config: Config, _host: Host) -> Sequence[Action]:
    return (_GET_MEMPOLICY,) if lookup(config, "/linux/memoryPolicy") else ()


def _provided(_config: Config, _host: Host, record: Record) -> Evidence:
    if record.runtime.features is None:
        violated(expected="a features document", observed="none")
    return Evidence("a features document", sorted(_features(record)))


def _fixed(_config: Config, _host: Host, record: Record) -> Evidence:
    """Compare with what was said before any container, under another umask; supportedFlags may follow the kernel."""
    again = [op for op in operations(record, "features") if op.note == UNDER_LOAD]
    if not again or not again[0].succeeded:
        raise Inconclusive(again[0].describe() if again else "the document was not asked for again")
    try:
        document = json.loads(again[0].stdout)
    except ValueError as error:
        raise Inconclusive(f"the second time it was no JSON: {error}") from error
    return equal(expected=_without_kernel(_features(record)), observed=_without_kernel(document))


def _without_kernel(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    return {name: _without_kernel(value) for name, value in document.items() if name != "supportedFlags"}


def _says(pointer: str, works: "Judge") -> Judge:
    """Record whether the statement at `pointer` agrees with what is seen."""

    def judge(config: Config, host: Host, record: Record) -> Evidence:
        said = lookup(_features(record), pointer)
        if not isinstance(said, bool):
            raise Unexercised(f"nothing is said at {pointer}")
        return equal(expected={pointer: said}, observed={pointer: works(config, host, record).observed})

    return judge


def _in_cgroup(version: str) -> Judge:
    def judge(_config: Config, host: Host, record: Record) -> Evidence:
        if host.cgroup_layout != version:
            raise Inconclusive(f"this lane has no cgroup {version}")
        return Evidence(None, bool(created(record).cgroups.directories))

    return judge


def _filtered(_config: Config, _host: Host, record: Record) -> Evidence:
    return Evidence(None, running(record).process.seccomp_mode == _SCMP_FILTERED)


def _refused_device(_config: Config, _host: Host, record: Record) -> Evidence:
    return Evidence(None, record.refusal is not None)


def _id_mapped(record: Record) -> bool:
    """Whether the ids of a mount were mapped: what the host's root owns shows as the mapping's first id."""
    if record.running is None:
        return False
    return any("idmapped" in mount.options for mount in record.running.mounts)


def _reads_mappings(_config: Config, _host: Host, record: Record) -> Evidence:
    return Evidence(None, _id_mapped(record) or record.refusal is not None)


def _partial_is_true(_config: Config, _host: Host, record: Record) -> Evidence:
    said = lookup(_features(record), "/linux/mountExtensions/idmap/enabled")
    if not _id_mapped(record) or said is None:
        raise Unexercised("no mount was id-mapped, or nothing is said of it")
    return equal(expected=True, observed=said)


def _expectation(requirement: str, judge: Judge, **options: Any) -> Expectation:
    return Expectation(requirement=requirement, judge=judge, judges_refusal=True, **{"sees": "runtime", **options})


EXPECTATIONS = (
    _expectation("features.provided", _provided),
    _expectation("features.compile-time", _fixed),
    _expectation("features.ociversionmin.accepted", _version("ociVersionMin")),
    _expectation("features.ociversionmax.accepted", _version("ociVersionMax")),
    _expectation("features.hooks.supported", _hooks),
    _expectation("features.mountoptions.recognized", _options),
    _expectation("features-linux.namespaces.recognized", _namespaces, sees="snapshot"),
    _expectation("features-linux.capabilities.recognized", _capabilities, sees="snapshot"),
    *(
        _expectation(f"features-linux.seccomp.{name.lower()}.recognized", _seccomp(name))
        for name in ("actions", "operators", "archs", "knownFlags", "supportedFlags")
    ),
    *(
        _expectation(f"features-linux.memorypolicy.{name}.recognized", _memory(name), probes=_asks_policy, sees="probe")
        for name in ("modes", "flags")
    ),
    _expectation("features-linux.cgroup.v1.meaning", _says("/linux/cgroup/v1", _in_cgroup("v1")), sees="snapshot"),
    _expectation("features-linux.cgroup.v2.meaning", _says("/linux/cgroup/v2", _in_cgroup("v2")), sees="snapshot"),
    _expectation("features-linux.seccomp.enabled.meaning", _says("/linux/seccomp/enabled", _filtered), sees="snapshot"),
    _expectation("features-linux.netdevices.meaning", _says("/linux/netDevices/enabled", _refused_device)),
    _expectation(
        "features-linux.mountextensions.idmap.meaning",
        _says("/linux/mountExtensions/idmap/enabled", _reads_mappings),
        sees="snapshot",
    ),
    _expectation("features-linux.mountextensions.idmap.partial", _partial_is_true, sees="snapshot"),
)
