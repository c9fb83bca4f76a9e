"""Faults in id-mapped mounts, on crun, which has them where runc 1.1.5 has not."""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]
_MAPPINGS = ("uidMappings", "gidMappings")


def _mounts(config: Config, option: str, *, given: bool) -> list[dict[str, Any]]:
    """Return the mounts with the option that have mappings of their own, or have none."""
    found = [mount for mount in config["mounts"] if option in mount.get("options", ())]
    return [mount for mount in found if given == ("uidMappings" in mount)]


def _shifted(*names: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        for option in ("idmap", "ridmap"):
            for mount in _mounts(config, option, given=True):
                for name in names:
                    mount[name][0]["hostID"] += 1

    return change


def _ignored(option: str, *, given: bool) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        for mount in _mounts(config, option, given=given):
            mount["options"].remove(option)
            for name in _MAPPINGS:
                mount.pop(name, None)

    return change


def _applied(option: str) -> tuple[str, ...]:
    """Return what says that the kernel has mapped a mount."""
    return tuple(f"config.mounts.options.{option}{name}" for name in ("", ".mapping-applied", ".mount-setattr"))


_USED = ("config.mounts.options.idmap.use-given", "config.mounts.options.ridmap.use-given")
_MADE = ("config.mounts.uidmappings.mount-setattr", "config.mounts.gidmappings.mount-setattr")
_SEEN = ("config.mounts.uidmappings.effect", "config.mounts.gidmappings.effect")

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="idmap-uids-shifted",
        reddens=(*_USED, "config.mounts.uidmappings.effect"),
        config=_shifted("uidMappings"),
        real="crun",
    ),
    Fault(
        name="idmap-gids-shifted",
        reddens=(*_USED, "config.mounts.gidmappings.effect"),
        config=_shifted("gidMappings"),
        real="crun",
    ),
    Fault(
        name="idmap-ignored",
        reddens=(*_applied("idmap"), _USED[0], *_MADE, *_SEEN),
        config=_ignored("idmap", given=True),
        real="crun",
    ),
    Fault(
        name="idmap-without-mapping-ignored",
        reddens=(*_applied("idmap"), "config.mounts.options.idmap.no-userns-error"),
        config=_ignored("idmap", given=False),
        real="crun",
    ),
    Fault(
        name="ridmap-ignored",
        reddens=(*_applied("ridmap"), _USED[1], *_MADE, *_SEEN),
        config=_ignored("ridmap", given=True),
        real="crun",
    ),
    Fault(
        name="ridmap-without-mapping-ignored",
        reddens=("config.mounts.options.ridmap.no-userns-error",),
        config=_ignored("ridmap", given=False),
        real="crun",
    ),
)
