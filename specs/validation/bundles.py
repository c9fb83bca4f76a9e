"""What a bundle's directory has to hold, beside a valid configuration. Looks at names in the file system, opens nothing."""

import os
from collections.abc import Iterator
from typing import Any

from specs.validation.finding import Breach, shown
from specs.validation.rules import find

REQUIREMENTS = (
    "bundle.config.required",
    "bundle.config.name",
    "bundle.config.at-root",
    "bundle.single-local-directory",
    "config.root.path.must-exist",
)
"""The ids that can be found broken here."""

_NAME = "config.json"


def without_config(bundle: str) -> list[Breach]:
    """Return what is wrong with a directory that has no config.json at its top; nothing if it has one."""
    names = sorted(os.listdir(bundle))
    if _NAME in names:
        return []
    found = [Breach((), "bundle.config.required", f"there is no {_NAME} in the directory")]
    for name in names:
        if name.casefold() == _NAME:
            found.append(Breach((), "bundle.config.name", f"expected the name {_NAME}, found {shown(name)}"))
        if os.path.isfile(os.path.join(bundle, name, _NAME)):
            found.append(Breach((), "bundle.config.at-root", f"{_NAME} is in {shown(name)}, not in the directory itself"))
    return found


def rootfs(bundle: str, config: Any) -> Iterator[Breach]:
    """Yield what is wrong with the directory at root.path, which is relative to the bundle. Windows has volumes there."""
    if isinstance(config, dict) and "windows" in config:
        return
    for path, value in find(config, "root", "path"):
        if not isinstance(value, str):
            continue
        place = os.path.join(bundle, value)
        if not _is_directory(place):
            yield Breach(path, "config.root.path.must-exist", f"expected a directory, found none at {shown(value)}")
        elif os.path.commonpath([os.path.realpath(bundle), os.path.realpath(place)]) != os.path.realpath(bundle):
            message = f"expected the root filesystem in the bundle's directory, found it at {shown(value)}"
            yield Breach(path, "bundle.single-local-directory", message)


def _is_directory(path: str) -> bool:
    try:
        return os.path.isdir(path)
    except ValueError:  # a NUL, or half of a surrogate pair, which no file name can have
        return False
