"""Plans config-linux.md, "Devices" and "Default Devices", and runtime-linux.md, "Dev symbolic links"."""

from reference_runtime.effects.devices import Device, DevLinks, Ptmx
from reference_runtime.effects.targets import normal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.effects.stage import Effect

_DEFAULTS = (
    ("/dev/null", 1, 3),
    ("/dev/zero", 1, 5),
    ("/dev/full", 1, 7),
    ("/dev/random", 1, 8),
    ("/dev/urandom", 1, 9),
    ("/dev/tty", 5, 0),
)


def plan_devices(config: "dict[str, Any]") -> "list[Effect]":
    """Return the effects that make /dev usable. A /dev that is bound from elsewhere gets nothing but what is listed."""
    listed = (config.get("linux") or {}).get("devices") or ()
    effects: list[Effect] = [_listed(index, device) for index, device in enumerate(listed)]
    if _is_bound("/dev", config):
        return effects
    given = {normal(device["path"]) for device in listed}
    effects += [
        Device(where="", path=path, kind="c", major=major, minor=minor, mode=0o666, owner=(0, 0))
        for path, major, minor in _DEFAULTS
        if normal(path) not in given
    ]
    return [*effects, DevLinks(), Ptmx()]


def _listed(index: int, device: "dict[str, Any]") -> Device:
    mode = device.get("fileMode")
    return Device(
        where=f"$.linux.devices[{index}]",
        path=device["path"],
        kind=device["type"],
        major=device.get("major") or 0,
        minor=device.get("minor") or 0,
        mode=0o666 if mode is None else mode & 0o7777,
        owner=(device.get("uid") or 0, device.get("gid") or 0),
    )


def _is_bound(path: str, config: "dict[str, Any]") -> bool:
    """Whether the last mount on a path is a bind mount."""
    bound = False
    for entry in config.get("mounts") or ():
        if normal(entry["destination"]) == normal(path):
            options = entry.get("options") or ()
            bound = "bind" in options or "rbind" in options
    return bound
