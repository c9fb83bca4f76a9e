"""Faults in the root filesystem: another one, a writable one, other propagation."""

from collections.abc import Callable
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]


def _another_root(config: Config) -> None:
    """Put a config that has a marker in its root into a directory without it; the probe comes along by a bind mount."""
    if config.get("annotations", {}).get("org.example.root") == "marked":
        config["root"]["path"] = "rootfs/decoy"
        config["mounts"].append({"destination": "/probe", "type": "none", "source": "rootfs/probe", "options": ["bind"]})


def _propagation(asked: str, given: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        if config["linux"].get("rootfsPropagation") == asked:
            config["linux"]["rootfsPropagation"] = given

    return change


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="another-root",
        reddens=("config.root.path.posix-relative", "bundle.rootfs.referenced"),
        config=_another_root,
    ),
    Fault(
        name="root-writable",
        reddens=("config.root.readonly.effect",),
        config=lambda config: config["root"].pop("readonly", None),
    ),
    Fault(name="root-not-shared", reddens=("linux.rootfspropagation.shared",), config=_propagation("shared", "private")),
    Fault(name="root-not-slave", reddens=("linux.rootfspropagation.slave",), config=_propagation("slave", "private")),
    Fault(name="root-not-private", reddens=("linux.rootfspropagation.private",), config=_propagation("private", "rslave")),
    Fault(name="root-bindable", reddens=("linux.rootfspropagation.unbindable",), config=_propagation("unbindable", "private")),
)
