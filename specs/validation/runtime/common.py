"""Rules on config.json for every platform: version, root, mounts, hooks, annotations."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from specs.catalogue import SPECS
from specs.validation.finding import Breach, shown
from specs.validation.rules import EACH, Rule, find
from specs.validation.runtime.platform import for_posix, for_windows, is_absolute, only_for, sections

_VOLUME = re.compile(r"\\\\\?\\Volume\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}\\?", re.ASCII)
_RESERVED = "org.opencontainers."
_IMAGE = "org.opencontainers.image."
"""The image spec has more keys here than the table of the runtime spec; its conversion writes them into a config."""
_DOTTED = re.compile(r"[^.]+(?:\.[^.]+)+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _root(config: Any) -> Iterator[Breach]:
    present = isinstance(config, dict) and "root" in config
    hyperv = any(True for _ in find(config, "windows", "hyperv"))
    if hyperv and present:
        yield Breach(("root",), "config.root.hyperv-forbidden", "`root` is given for a Hyper-V container")
    if isinstance(config, dict) and not hyperv and not present:
        windows = for_windows(config)
        requirement = "config.root.windows-server-required" if windows else "config.root.required-elsewhere"
        yield Breach((), requirement, "`root` is missing")


def _root_path(config: Any) -> Iterator[Breach]:
    for path, value in find(config, "root", "path"):
        if not isinstance(value, str):
            continue
        if only_for(config, "windows") and not _VOLUME.fullmatch(value):
            message = f"expected a volume GUID path, found {shown(value)}"
            yield Breach(path, "config.root.path.windows-volume-guid", message)
        if not for_windows(config) and _VOLUME.fullmatch(value):
            message = "`windows` is missing, though root.path is a volume of Windows"
            yield Breach((), "config.platform.windows.when", message)
        elif for_posix(config) and value != "rootfs":
            yield Breach(path, "config.root.path.conventional-name", f"expected the conventional 'rootfs', found {shown(value)}")


def _root_readonly(config: Any) -> Iterator[Breach]:
    for path, value in find(config, "root", "readonly"):
        if value is True and only_for(config, "windows"):
            yield Breach(path, "config.root.readonly.windows", "expected false or nothing on Windows, found true")


def _destination(config: Any) -> Iterator[Breach]:
    """Take a config that shows no platform for one of Linux, whose demand is the mildest."""
    for path, value in find(config, "mounts", EACH, "destination"):
        if not isinstance(value, str) or is_absolute(value, config):
            continue
        message = f"expected an absolute path, found {shown(value)}"
        platforms = sections(config)
        if "windows" in platforms:
            yield Breach(path, "config.mounts.destination.windows-absolute", message)
        elif only_for(config, "solaris"):
            yield Breach(path, "config.mounts.destination.solaris-absolute", message)
        elif platforms and "linux" not in platforms:
            yield Breach(path, "config.mounts.destination.other-absolute", message)
        else:
            yield Breach(path, "config.mounts.destination.linux-absolute", message)
            yield Breach(path, "config.mounts.destination.linux-relative-deprecated", "a relative destination is deprecated")


def _nested(config: Any) -> Iterator[Breach]:
    if not only_for(config, "windows"):
        return
    places = [(path, _parts(value)) for path, value in find(config, "mounts", EACH, "destination") if isinstance(value, str)]
    known = {parts for _, parts in places if parts}
    for path, parts in places:
        if any(parts[:length] in known for length in range(1, len(parts))):
            message = "the destination lies inside that of another mount"
            yield Breach(path, "config.mounts.destination.windows-not-nested", message)


def _parts(path: str) -> tuple[str, ...]:
    # Windows compares names without regard to case and takes both slashes.
    return tuple(part for part in re.split(r"[\\/]+", path.casefold()) if part not in ("", "."))


def _mappings(config: Any) -> Iterator[Breach]:
    for path, mount in find(config, "mounts", EACH):
        options = mount.get("options", []) if isinstance(mount, dict) else None
        if not isinstance(options, list) or "idmap" in options or "ridmap" in options:
            continue
        for name in ("uidMappings", "gidMappings"):
            if name in mount:
                message = f"expected idmap or ridmap beside {name}, found {shown(options)}"
                yield Breach((*path, "options"), f"config.mounts.{name.lower()}.needs-option", message)


def _prestart(config: Any) -> Iterator[Breach]:
    for path, _ in find(config, "hooks", "prestart"):
        yield Breach(path, "config.hooks.prestart.deprecated", "prestart is deprecated for the three newer kinds of hooks")


def _annotations(config: Any) -> Iterator[Breach]:
    for path, _ in find(config, "annotations", EACH):
        name = str(path[-1])
        if name and not _DOTTED.fullmatch(name):
            message = f"expected a name in reverse domain notation, found {shown(name)}"
            yield Breach(path, "config.annotations.key-reverse-domain", message)
        if name.startswith(_RESERVED) and not name.startswith(_IMAGE):
            message = f"{shown(name)} is in the namespace that the spec keeps for itself"
            yield Breach(path, "config.annotations.reserved-as-described", message)


def _created(config: Any) -> Iterator[Breach]:
    for path, value in find(config, "annotations", f"{_IMAGE}created"):
        if isinstance(value, str) and not _is_date(value):
            message = f"expected a date and time of RFC 3339, found {shown(value)}"
            yield Breach(path, "config.annotations.image.created.value", message)


def _is_date(value: str) -> bool:
    """RFC 3339, section 5.6; a leap second is one of its times."""
    if not _DATE.fullmatch(value):
        return False
    try:
        dt.datetime.fromisoformat(f"{value[:17].upper()}{value[17:19].replace('60', '59')}+00:00")
    except ValueError:
        return False
    return True


def _newer(config: Any) -> Iterator[Breach]:
    """Say that a document of a later version is judged by the one we know."""
    known = SPECS["runtime"][1]
    for path, value in find(config, "ociVersion"):
        found = re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", value, re.ASCII) if isinstance(value, str) else None
        if found and tuple(map(int, found.groups())) > tuple(map(int, known.split("."))):
            yield Breach(path, "config.ociversion.newer-minor", f"{shown(value)} is later than {known}, by which it is judged")


RULES = (
    Rule(("config.root.hyperv-forbidden", "config.root.windows-server-required", "config.root.required-elsewhere"), _root),
    Rule(
        ("config.root.path.windows-volume-guid", "config.platform.windows.when", "config.root.path.conventional-name"),
        _root_path,
    ),
    Rule(("config.root.readonly.windows",), _root_readonly),
    Rule(
        (
            "config.mounts.destination.windows-absolute",
            "config.mounts.destination.solaris-absolute",
            "config.mounts.destination.other-absolute",
            "config.mounts.destination.linux-absolute",
            "config.mounts.destination.linux-relative-deprecated",
        ),
        _destination,
    ),
    Rule(("config.mounts.destination.windows-not-nested",), _nested),
    Rule(("config.mounts.uidmappings.needs-option", "config.mounts.gidmappings.needs-option"), _mappings),
    Rule(("config.hooks.prestart.deprecated",), _prestart),
    Rule(("config.annotations.key-reverse-domain", "config.annotations.reserved-as-described"), _annotations),
    Rule(("config.annotations.image.created.value",), _created),
    Rule(("config.ociversion.newer-minor",), _newer),
)
