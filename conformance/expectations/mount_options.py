"""Options of `mounts` that show as flags: what mountinfo says of each mount, and what happens to who ignores them.

One table says how each option shows. Entries whose options contradict each other are not judged: the text does not say
which one wins. Nor are flags of a bind mount that its source may have brought along, nor flags that a user namespace locks.
"""

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from conformance.expectations.calls import AT_FDCWD, c_string
from conformance.expectations.contract import Applicability, Evidence, Expectation, Inconclusive, Judge, NotTestable, violated
from conformance.expectations.mounted import (
    Entry,
    brought_along,
    judge_each,
    look_at_mounts,
    mount_of,
    options_given,
    read_only,
    user_namespace,
    visible,
)
from conformance.expectations.tolerance import must_be_accepted
from conformance.expectations.writing import O_RDWR, open_unnamed, opened, write_attempt
from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Result
from conformance.record.record import Record
from conformance.record.snapshot import Mount

PROT_READ_EXEC, MAP_PRIVATE = 0x5, 0x2
S_IFCHR_0666, DEV_NULL = 0o020666, 1 << 8 | 3

Check = Callable[[Mount], bool]
Probe = Callable[[Host, Entry], Action]


@dataclass(frozen=True, slots=True)
class Option:
    """How one option shows, and which options say something about the same flag."""

    name: str
    group: str
    check: Check
    """Whether mountinfo shows it."""
    clears: bool = False
    """It asks for the absence of a flag, which a bind mount's source or a user namespace can force."""
    recursive: bool = False
    """It says the same of the mounts inside."""
    filesystem: bool = False
    """It is a flag of the filesystem, not of the mount: a bind mount has no say in it."""
    kernel: tuple[int, int, int] = (0, 0, 0)
    """The first Linux that has it."""


def shows(flag: str) -> Check:
    """Return a check that the mount has this per-mount flag."""
    return lambda mount: flag in mount.options


def lacks(*flags: str) -> Check:
    """Return a check that the mount has none of these per-mount flags."""
    return lambda mount: not set(flags) & set(mount.options)


def filesystem_shows(flag: str) -> Check:
    """Return a check that the filesystem has this flag."""
    return lambda mount: flag in mount.super_options


def filesystem_lacks(flag: str) -> Check:
    """Return a check that the filesystem does not have this flag."""
    return lambda mount: flag not in mount.super_options


def shows_any(*flags: str) -> Check:
    """Return a check that the mount has one of these per-mount flags."""
    return lambda mount: bool(set(flags) & set(mount.options))


def is_there(_mount: Mount) -> bool:
    """Check nothing but that the mount is made: mountinfo does not show the flag, or the text allows both outcomes."""
    return True


def _recursive(name: str, group: str, check: Check, *, clears: bool = False) -> Option:
    """Return an r-form, which mount_setattr(2) with AT_RECURSIVE carries out; nosymfollow came later than the others."""
    kernel = (5, 14, 0) if group == "symfollow" else (5, 12, 0)
    return Option(name, group, check, clears=clears, recursive=True, kernel=kernel)


OPTIONS = (
    Option("ro", "ro", read_only),
    Option("rw", "ro", lacks("ro"), clears=True),
    Option("nosuid", "suid", shows("nosuid")),
    Option("suid", "suid", lacks("nosuid"), clears=True),
    Option("nodev", "dev", shows("nodev")),
    Option("dev", "dev", lacks("nodev"), clears=True),
    Option("noexec", "exec", shows("noexec")),
    Option("exec", "exec", lacks("noexec"), clears=True),
    Option("noatime", "atime", shows("noatime")),
    Option("atime", "atime", lacks("noatime"), clears=True),
    Option("relatime", "atime", shows("relatime")),
    Option("norelatime", "atime", is_there, clears=True),
    Option("strictatime", "atime", lacks("relatime", "noatime")),
    Option("nostrictatime", "atime", shows_any("relatime", "noatime"), clears=True),
    Option("nodiratime", "diratime", shows("nodiratime")),
    Option("diratime", "diratime", lacks("nodiratime"), clears=True),
    Option("async", "sync", filesystem_lacks("sync"), clears=True, filesystem=True),
    Option("lazytime", "lazytime", filesystem_shows("lazytime"), filesystem=True),
    Option("nolazytime", "lazytime", filesystem_lacks("lazytime"), clears=True, filesystem=True),
    Option("iversion", "iversion", is_there, filesystem=True),
    Option("noiversion", "iversion", is_there, clears=True, filesystem=True),
    Option("mand", "mand", is_there, filesystem=True),
    Option("nomand", "mand", filesystem_lacks("mand"), clears=True, filesystem=True),
    Option("silent", "silent", is_there, filesystem=True),
    Option("loud", "silent", is_there, clears=True, filesystem=True),
    Option("sync", "sync", filesystem_shows("sync"), filesystem=True),
    Option("dirsync", "dirsync", filesystem_shows("dirsync"), filesystem=True),
    Option("nosymfollow", "symfollow", shows("nosymfollow"), kernel=(5, 10, 0)),
    Option("symfollow", "symfollow", lacks("nosymfollow"), clears=True),
    _recursive("rro", "ro", shows("ro")),
    _recursive("rrw", "ro", lacks("ro"), clears=True),
    _recursive("rnosuid", "suid", shows("nosuid")),
    _recursive("rsuid", "suid", lacks("nosuid"), clears=True),
    _recursive("rdev", "dev", lacks("nodev"), clears=True),
    _recursive("rnoexec", "exec", shows("noexec")),
    _recursive("rexec", "exec", lacks("noexec"), clears=True),
    _recursive("rnoatime", "atime", shows("noatime")),
    _recursive("ratime", "atime", lacks("noatime"), clears=True),
    _recursive("rrelatime", "atime", shows("relatime")),
    _recursive("rnorelatime", "atime", is_there, clears=True),
    _recursive("rstrictatime", "atime", lacks("relatime", "noatime")),
    _recursive("rnostrictatime", "atime", shows_any("relatime", "noatime"), clears=True),
    _recursive("rnodiratime", "diratime", shows("nodiratime")),
    _recursive("rdiratime", "diratime", lacks("nodiratime"), clears=True),
    _recursive("rnosymfollow", "symfollow", shows("nosymfollow")),
    _recursive("rsymfollow", "symfollow", lacks("nosymfollow"), clears=True),
)
"""mount(8), filesystem-independent options; how they show: proc_pid_mountinfo(5)."""

GROUPS: Mapping[str, frozenset[str]] = {
    "ro": frozenset({"ro", "rw", "rro", "rrw"}),
    "suid": frozenset({"suid", "nosuid", "rsuid", "rnosuid"}),
    "dev": frozenset({"dev", "nodev", "rdev", "rnodev"}),
    "exec": frozenset({"exec", "noexec", "rexec", "rnoexec"}),
    "atime": frozenset(
        prefix + name
        for prefix in ("", "r")
        for name in ("atime", "noatime", "relatime", "norelatime", "strictatime", "nostrictatime")
    ),
    "diratime": frozenset({"diratime", "nodiratime", "rdiratime", "rnodiratime"}),
    "sync": frozenset({"sync", "async"}),
    "lazytime": frozenset({"lazytime", "nolazytime"}),
    "iversion": frozenset({"iversion", "noiversion"}),
    "mand": frozenset({"mand", "nomand"}),
    "silent": frozenset({"silent", "loud"}),
    "dirsync": frozenset({"dirsync"}),
    "symfollow": frozenset({"symfollow", "nosymfollow", "rsymfollow", "rnosymfollow"}),
}
"""Options that say something about one flag; the r-forms say it of the mount's sub-mounts as well."""

DEFAULTS = (
    ("ro", lacks("ro")),
    ("suid", lacks("nosuid")),
    ("dev", lacks("nodev")),
    ("exec", lacks("noexec")),
    ("sync", filesystem_lacks("sync")),
)
"""What mount(8) says that `defaults` stands for, by group."""


def says_only(entry: Entry, group: str, *names: str) -> bool:
    """Whether, of the options of this group, the entry has these and no others, and `defaults` does not follow them."""
    given = [option for option in entry.options if option in GROUPS[group]]
    if not given or not set(given) <= set(names):
        return False
    return "defaults" not in entry.options or entry.options.index("defaults") < entry.options.index(given[0])


def has_option(option: Option, config: Config) -> tuple[Entry, ...]:
    """Return the entries that this option has to take effect on."""
    if option.name not in options_given(config) or (option.clears and user_namespace(config)):
        return ()
    return tuple(
        entry
        for entry in visible(config)
        if option.name in entry.options
        and says_only(entry, option.group, option.name)
        and not (entry.bind and ((option.clears and not option.recursive) or option.filesystem))
        and (not option.filesystem or entry.type == "tmpfs")
    )


def _write(host: Host, entry: Entry) -> Action:
    return write_attempt(host, entry.destination)


def _execute(host: Host, entry: Entry) -> Action:
    """Map a file of the mount executable: mmap(2) gives EPERM where the filesystem is mounted noexec."""
    return Action(
        f"map executable from {entry.destination}",
        (
            open_unnamed(host, entry.destination, O_RDWR, 0o700),
            Call("mmap", (0, 4096, PROT_READ_EXEC, MAP_PRIVATE, Result(0), 0)),
            Call("munmap", (Result(1), 4096)),
            Call("close", (Result(0),)),
        ),
    )


def _device(_host: Host, entry: Entry) -> Action:
    """Make a null device on the mount and open it: open(2) gives EACCES where the filesystem is mounted nodev."""
    node = c_string(entry.destination.rstrip("/") + "/oci-conformance-null")
    return Action(
        f"open a device on {entry.destination}",
        (
            Call("mknodat", (AT_FDCWD, node, S_IFCHR_0666, DEV_NULL)),
            Call("openat", (AT_FDCWD, node, O_RDWR, 0)),
            Call("close", (Result(1),)),
            Call("unlinkat", (AT_FDCWD, node, 0)),
        ),
    )


EXERCISES: Mapping[str, tuple[Probe, int, int]] = {
    "ro": (_write, 0, errno.EROFS),
    "noexec": (_execute, 1, errno.EPERM),
    "nodev": (_device, 1, errno.EACCES),
}
"""What is tried for an option: the action, which call of it must fail, and how."""


def _exercised(entry: Entry) -> bool:
    """Whether files may be made on the mount to try something: on tmpfs nothing of it outlives the container."""
    return not entry.bind and entry.type == "tmpfs"


def _probes(option: Option) -> Callable[[Config, Host], Sequence[Action]]:
    def probes(config: Config, host: Host) -> Sequence[Action]:
        tried = EXERCISES.get(option.name)
        attempts = [tried[0](host, entry) for entry in has_option(option, config) if _exercised(entry)] if tried else []
        return (*look_at_mounts(config), *attempts)

    return probes


def _not_refused(record: Record, name: str, entries: Callable[[Config], Sequence[Entry]]) -> None:
    """Judge a refused config: these options have to be implemented, so an error in place of one is no way out.

    Raises Violation only where the same config without the option was accepted, Inconclusive otherwise.
    """
    if record.refusal is None:
        return
    must_be_accepted(record, despite=f"the option {name}", oddities=entries)


def _judge(option: Option) -> Judge:
    def judge(config: Config, host: Host, record: Record) -> Evidence:
        _not_refused(record, option.name, partial(has_option, option))

        def one(entry: Entry) -> Evidence:
            mounts = [mount_of(record, entry)]
            if option.recursive:
                mounts += brought_along(record, entry, mounts[0])
            for mount in mounts:
                if not option.check(mount):
                    violated(expected=f"{option.name} on {mount.point}", observed=_flags(mount), evidence=mount)
            shown = [f"{mount.point}: {_flags(mount)}" for mount in mounts]
            return Evidence(option.name, [*shown, *_tried(option, host, record, entry)])

        return judge_each(has_option(option, config), one)

    return judge


def _tried(option: Option, host: Host, record: Record, entry: Entry) -> list[str]:
    """Return what the attempt against the option came to; raises Violation if it succeeded."""
    if option.name not in EXERCISES or not _exercised(entry):
        return []
    probe, position, expected = EXERCISES[option.name]
    action = probe(host, entry)
    answer = record.answers.get(action)
    if answer is None or not answer.complete or len(answer.results) <= position:
        return []
    result = answer.results[position]
    if opened(result.value):
        violated(expected=f"{option.name}: {errno.errorcode[expected]}", observed=f"{action.name} succeeded", evidence=answer)
    return [f"{action.name}: {errno.errorcode.get(result.errno, str(result.value))}"]


def _defaults(config: Config) -> tuple[Entry, ...]:
    if user_namespace(config):
        return ()
    return tuple(entry for entry in visible(config) if "defaults" in entry.options and not entry.bind and entry.type == "tmpfs")


def _judge_defaults(config: Config, _host: Host, record: Record) -> Evidence:
    _not_refused(record, "defaults", _defaults)

    def one(entry: Entry) -> Evidence:
        mount = mount_of(record, entry)
        silent = [(group, check) for group, check in DEFAULTS if not GROUPS[group] & set(entry.options)]
        if not silent:
            raise Inconclusive("other options say everything that defaults could")
        for group, check in silent:
            if not check(mount):
                violated(expected=f"{group} as by default on {entry.destination}", observed=_flags(mount), evidence=mount)
        return Evidence("defaults", [entry.destination, _flags(mount)])

    return judge_each(_defaults(config), one)


def _flags(mount: Mount) -> str:
    return ",".join(mount.options) + " - " + ",".join(mount.super_options)


def _applies(option: Option) -> Callable[[Config, Host], Applicability]:
    def applies(config: Config, host: Host) -> Applicability:
        if not has_option(option, config):
            return False
        if host.kernel < option.kernel:
            return NotTestable(f"Linux {option.kernel[0]}.{option.kernel[1]}, which has {option.name}")
        return True

    return applies


EXPECTATIONS: tuple[Expectation, ...] = (
    *(
        Expectation(
            requirement=f"config.mounts.options.{option.name}",
            applies=_applies(option),
            probes=_probes(option),
            judge=_judge(option),
            judges_refusal=True,
        )
        for option in OPTIONS
    ),
    Expectation(
        requirement="config.mounts.options.defaults",
        applies=lambda config, _host: bool(_defaults(config)),
        probes=lambda config, _host: look_at_mounts(config),
        judge=_judge_defaults,
        judges_refusal=True,
    ),
)
