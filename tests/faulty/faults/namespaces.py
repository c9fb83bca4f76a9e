"""Faults with namespaces, and with the names, parameters and ids that belong to them."""

from collections.abc import Callable
from typing import Any

from conformance.expectations.unappliable import NO_SUCH
from tests.faulty.fault import Fault

Config = dict[str, Any]
Entry = dict[str, str]


def _without_new(kind: str) -> Callable[[Config], None]:
    """Leave out a namespace that is to be made anew."""

    def change(config: Config) -> None:
        entries: list[Entry] = config["linux"]["namespaces"]
        config["linux"]["namespaces"] = [entry for entry in entries if entry != {"type": kind}]

    return change


def _without_user(config: Config) -> None:
    """Leave out a new user namespace with its mappings, without which a runtime would not take them."""
    _without_new("user")(config)
    for name in ("uidMappings", "gidMappings"):
        config["linux"].pop(name, None)


def _pid_unknown(config: Config) -> None:
    """Have the real runtime refuse what it takes for a type that there is not."""
    for entry in config["linux"]["namespaces"]:
        if entry == {"type": "pid"}:
            entry["type"] = "no-such-type"


def _ipc_always_new(config: Config) -> None:
    entries: list[Entry] = config["linux"]["namespaces"]
    if not any(entry["type"] == "ipc" for entry in entries):
        entries.append({"type": "ipc"})


def _forgets_path(when: Callable[[str], bool]) -> Callable[[Config], None]:
    """Make a new namespace in place of joining one, for paths of one sort."""

    def change(config: Config) -> None:
        for entry in config["linux"]["namespaces"]:
            if "path" in entry and when(entry["path"]):
                del entry["path"]

    return change


def _is_wrong(path: str) -> bool:
    return path.startswith("/proc/self/")


def _is_relative(path: str) -> bool:
    return not path.startswith("/")


def _repeated_dropped(config: Config) -> None:
    entries: list[Entry] = config["linux"]["namespaces"]
    config["linux"]["namespaces"] = list({entry["type"]: entry for entry in entries}.values())


def _last_mapping_shrunk(name: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        if config["linux"].get(name):
            config["linux"][name][-1]["size"] -= 1

    return change


def _replaced(name: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        if name in config:
            config[name] = "faulty"

    return change


FAULTS: tuple[Fault, ...] = (
    *(
        Fault(
            name=f"{kind}-namespace-shared",
            reddens=("linux.namespaces.no-path-new", f"linux.namespaces.type.{kind}"),
            config=_without_new(kind),
        )
        for kind in ("pid", "uts", "network", "cgroup")
    ),
    Fault(
        name="ipc-namespace-shared",
        reddens=("linux.namespaces.no-path-new", "linux.namespaces.type.ipc", "runtime.lifecycle.step02-resources-created"),
        config=_without_new("ipc"),
    ),
    Fault(
        name="user-namespace-shared",
        reddens=(
            "features-linux.namespaces.recognized",
            "linux.namespaces.no-path-new",
            "linux.namespaces.type.user",
            "linux.userns.uidmappings.effect",
            "linux.userns.gidmappings.effect",
        ),
        config=_without_user,
    ),
    Fault(name="unknown-namespace", reddens=("linux.namespaces.type.supported",), config=_pid_unknown),
    Fault(name="rootfs-given-away", reddens=("linux.userns.no-chown",), behaviour="create_gives_rootfs_away"),
    Fault(
        name="personality-flags-dropped",
        reddens=("linux.personality.flags.none",),
        config=lambda config: config["linux"].get("personality", {}).pop("flags", None),
        real="reference-runtime",
    ),
    Fault(
        name="namespace-path-ignored",
        reddens=("linux.namespaces.path.join",),
        config=_forgets_path(lambda path: not _is_wrong(path) and not _is_relative(path) and NO_SUCH not in path),
    ),
    Fault(name="ipc-namespace-always-new", reddens=("linux.namespaces.unlisted-inherited",), config=_ipc_always_new),
    Fault(
        name="wrong-namespace-path-ignored",
        reddens=("linux.namespaces.path.type-mismatch-error",),
        config=_forgets_path(_is_wrong),
    ),
    Fault(
        name="relative-namespace-path-ignored",
        reddens=("linux.namespaces.path.absolute",),
        config=_forgets_path(_is_relative),
    ),
    Fault(name="repeated-namespace-ignored", reddens=("linux.namespaces.duplicate-error",), config=_repeated_dropped),
    Fault(
        name="uid-map-cut",
        reddens=("linux.userns.uidmappings.effect",),
        config=_last_mapping_shrunk("uidMappings"),
    ),
    Fault(
        name="gid-map-cut",
        reddens=("linux.userns.gidmappings.effect",),
        config=_last_mapping_shrunk("gidMappings"),
    ),
    Fault(name="another-hostname", reddens=("config.hostname.effect",), config=_replaced("hostname")),
    Fault(name="another-domainname", reddens=("config.domainname.effect",), config=_replaced("domainname")),
    Fault(
        name="sysctl-ignored",
        reddens=("linux.sysctl.effect", "runtime.create.error-unappliable", "runtime.lifecycle.step02-error-if-unable"),
        config=lambda config: config["linux"].pop("sysctl", None),
    ),
    Fault(
        name="personality-ignored",
        reddens=("linux.personality.domain.values",),
        config=lambda config: config["linux"].pop("personality", None),
    ),
)
