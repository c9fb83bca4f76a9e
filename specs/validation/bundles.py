"""What a bundle's directory has to hold, beside a valid configuration."""

import os
from collections.abc import Iterator
from typing import Any

from specs.validation.finding import Breach, shown
from specs.validation.rules import find


def without_config(bundle: str) -> list[Breach]:
    """Return the breach if `bundle` has no config.json at its top."""
    if os.path.lexists(os.path.join(bundle, "config.json")):
        return []
    return [Breach((), "bundle.config.required", "there is no config.json in the directory")]


def rootfs(bundle: str, config: Any) -> Iterator[Breach]:
    """Yield a breach if there is no directory at root.path, which is relative to the bundle. Windows has volumes there."""
    if isinstance(config, dict) and "windows" in config:
        return
    for path, value in find(config, "root", "path"):
        if isinstance(value, str) and "\0" not in value and not os.path.isdir(os.path.join(bundle, value)):
            yield Breach(path, "config.root.path.must-exist", f"expected a directory, found none at {shown(value)}")
