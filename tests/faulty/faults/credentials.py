"""Faults in who the program runs as and what it may do."""

from typing import Any

from specs.linux.capabilities import CAPABILITIES
from tests.faulty.fault import Fault

Config = dict[str, Any]


def refuse(config: Config) -> None:
    """Make the real runtime refuse the config."""
    config["linux"]["namespaces"].append({"type": "mount"})


def _sets(config: Config) -> dict[str, list[str]]:
    sets: dict[str, list[str]] = config["process"].get("capabilities", {})
    return sets


def _another_uid(config: Config) -> None:
    user = config["process"]["user"]
    user["uid"] += 1 if user["uid"] else 0


def _another_gid(config: Config) -> None:
    user = config["process"]["user"]
    user["gid"] += 1 if user["gid"] else 0


def _last_group_dropped(config: Config) -> None:
    del config["process"]["user"].get("additionalGids", [])[-1:]


def _bounding_cut(config: Config) -> None:
    """Only for users other than root: of root's bounding set execve makes its permitted set."""
    sets = _sets(config)
    if config["process"]["user"]["uid"] and sets.get("bounding"):
        spare = [name for name in sets["bounding"] if name not in sets.get("inheritable", ())]
        sets["bounding"] = [name for name in sets["bounding"] if name not in spare[-1:]]


def _inheritable_cut(config: Config) -> None:
    sets = _sets(config)
    if sets.get("inheritable"):
        sets["inheritable"] = list(sets.get("ambient", ()))


def _permitted_cut(config: Config) -> None:
    """Only for root that cannot gain privileges: in all other cases execve makes the permitted set of other sets."""
    sets = _sets(config)
    if config["process"]["user"]["uid"] == 0 and config["process"].get("noNewPrivileges") and sets.get("permitted"):
        for name in ("permitted", "effective"):
            sets[name] = [capability for capability in sets[name] if capability != "CAP_CHOWN"]


def _refuse_unknown(config: Config) -> None:
    if any(name not in CAPABILITIES for names in _sets(config).values() for name in names):
        refuse(config)


def _refuse_ungrantable(config: Config) -> None:
    if "CAP_SYS_RESOURCE" in _sets(config).get("bounding", ()):
        refuse(config)


FAULTS: tuple[Fault, ...] = (
    Fault(name="another-uid", reddens=("config.process.user.uid.effect",), config=_another_uid),
    Fault(name="another-gid", reddens=("config.process.user.gid.effect",), config=_another_gid),
    Fault(
        name="umask-ignored",
        reddens=("config.process.user.umask.effect",),
        config=lambda config: config["process"]["user"].pop("umask", None),
    ),
    Fault(
        name="additional-group-dropped",
        reddens=("config.process.user.additionalgids.effect",),
        config=_last_group_dropped,
    ),
    Fault(
        name="no-new-privileges-ignored",
        reddens=("config.process.nonewprivileges.effect",),
        config=lambda config: config["process"].pop("noNewPrivileges", None),
    ),
    Fault(name="bounding-set-cut", reddens=("config.process.capabilities.bounding.effect",), config=_bounding_cut),
    Fault(name="inheritable-set-cut", reddens=("config.process.capabilities.inheritable.effect",), config=_inheritable_cut),
    Fault(
        name="permitted-set-cut",
        reddens=("config.process.capabilities.permitted.effect", "config.process.capabilities.effective.effect"),
        config=_permitted_cut,
    ),
    Fault(
        name="ambient-set-ignored",
        reddens=(
            "config.process.capabilities.ambient.effect",
            "config.process.capabilities.permitted.effect",
            "config.process.capabilities.effective.effect",
        ),
        config=lambda config: _sets(config).pop("ambient", None),
    ),
    Fault(
        name="unknown-capability-refused",
        reddens=("config.process.capabilities.unmappable-warn", "config.process.capabilities.no-fail"),
        config=_refuse_unknown,
    ),
    Fault(
        name="ungrantable-capability-refused",
        reddens=("config.process.capabilities.no-fail",),
        config=_refuse_ungrantable,
    ),
)
