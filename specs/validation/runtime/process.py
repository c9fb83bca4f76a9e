"""Rules on `process` of config.json."""

from collections.abc import Iterator
from typing import Any

from specs.linux.rlimits import RLIMITS
from specs.validation.finding import Breach, shown
from specs.validation.rules import EACH, Rule, find, repeated
from specs.validation.runtime.platform import for_posix, for_windows, is_absolute, only_for

_SOLARIS_RLIMITS = frozenset(f"RLIMIT_{name}" for name in ("CORE", "CPU", "DATA", "FSIZE", "NOFILE", "STACK", "VMEM", "AS"))
"""getrlimit(3C) of Solaris 11.4."""


def _cwd(config: Any) -> Iterator[Breach]:
    for path, value in find(config, "process", "cwd"):
        if isinstance(value, str) and not is_absolute(value, config):
            yield Breach(path, "config.process.cwd.absolute", f"expected an absolute path, found {shown(value)}")


def _arguments(config: Any) -> Iterator[Breach]:
    for path, process in find(config, "process"):
        if not isinstance(process, dict):
            continue
        if for_windows(config):
            if "args" not in process and "commandLine" not in process:
                message = "`commandLine` is missing, and there is no `args` in its place"
                yield Breach(path, "config.process.commandline.required-without-args", message)
        elif process.get("args", []) == []:
            yield Breach(path, "config.process.args.one-entry", "expected at least one entry in `args`, found none")


def _user(config: Any) -> Iterator[Breach]:
    for path, user in find(config, "process", "user"):
        for name in ("uid", "gid"):
            if isinstance(user, dict) and name not in user and for_posix(config):
                yield Breach(path, f"config.process.user.{name}.required", f"`{name}` is missing")


def _rlimits(config: Any) -> Iterator[Breach]:
    types = list(find(config, "process", "rlimits", EACH, "type"))
    for path, value in repeated(types):
        yield Breach(path, "config.process.rlimits.duplicate-error", f"{shown(value)} is limited more than once")
    for path, value in types:
        if not isinstance(value, str):
            continue
        if only_for(config, "linux") and value not in RLIMITS:
            message = f"expected a limit of getrlimit(2), found {shown(value)}"
            yield Breach(path, "config.process.rlimits.type.linux-values", message, invalid=True)
        if only_for(config, "solaris") and value not in _SOLARIS_RLIMITS:
            message = f"expected a limit of getrlimit(3), found {shown(value)}"
            yield Breach(path, "config.process.rlimits.type.solaris-values", message)


RULES = (
    Rule(("config.process.cwd.absolute",), _cwd),
    Rule(("config.process.commandline.required-without-args", "config.process.args.one-entry"), _arguments),
    Rule(("config.process.user.uid.required", "config.process.user.gid.required"), _user),
    Rule(
        (
            "config.process.rlimits.duplicate-error",
            "config.process.rlimits.type.linux-values",
            "config.process.rlimits.type.solaris-values",
        ),
        _rlimits,
    ),
)
