"""The container's cgroup: planned from the config for this host's hierarchies, made at create, found again by later calls."""

import posix

from reference_runtime.cgroups import layout
from reference_runtime.cgroups.manager import Manager
from reference_runtime.cgroups.paths import beside_own, chosen
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.files import exists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.cgroups.device_rules import Rule
    from reference_runtime.cgroups.layout import Hierarchy
    from reference_runtime.cgroups.setting import Setting


_FREEZERS = (("", "cgroup.freeze"), ("freezer", "freezer.state"))
"""Of v2, which is taken where a host has both, and of v1."""


class Cgroup:
    """What is made of the cgroup chapters of a config on this host."""

    __slots__ = ("_owner", "_rules", "_rules_demanded", "_settings", "made", "manager")

    def __init__(self, config: "dict[str, Any]", container_id: str) -> None:
        """Look at the host's hierarchies, and plan; nothing is changed. Raises RuntimeFault."""
        linux = config.get("linux") or {}
        hierarchies = layout.read()
        beside = "/" if posix.geteuid() == 0 else beside_own(_own_path(hierarchies))
        self.manager = Manager(hierarchies, chosen(linux.get("cgroupsPath"), container_id, beside=beside))
        self.made: list[str] = []
        """The directories that will be ours to remove, as `survey` has found."""
        self._settings = _settings(linux.get("resources"), hierarchies)
        self._rules = _rules(linux)
        self._rules_demanded = bool((linux.get("resources") or {}).get("devices"))
        self._owner = _owner(config, hierarchies)

    def survey(self) -> None:
        """See which directories are to be made. Not before the id is ours: another container of that id may be going away."""
        self.made = self.manager.missing()

    def describe(self) -> "list[str]":
        """Return a line for each change."""
        lines = [f"make {directory}" for directory in self.manager.missing()]
        lines += [setting.describe() for setting in self._settings]
        lines.append(f"restrict devices by {len(self._rules)} rules")
        return lines + ([] if self._owner is None else [f"give the cgroup to user {self._owner}"])

    def freezer(self) -> str:
        """Return the file that tells whether the container is paused, when its cgroup has been made; "" if there is none."""
        directories = self.manager.directories()
        files = [f"{directories[name]}/{file}" for name, file in _FREEZERS if name in directories]
        return next((file for file in files if exists(file)), "")

    def open_unified(self) -> int:
        """Return a descriptor of the cgroup of v2, -1 if there is none."""
        directory = self.manager.directories().get("")
        return posix.open(directory, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC) if directory else -1

    def create(self) -> None:
        """Make it. Raises RuntimeFault; nothing is left then."""
        self.manager.check_fitness(self.made)
        self.manager.create(self._settings, missing=self.made, optional=posix.geteuid() != 0)
        if self._owner is not None:
            from reference_runtime.cgroups.delegation import hand_over

            try:
                hand_over(self.manager.directories()[""], self._owner)
            except BaseException:
                self.manager.delete(self.made)
                raise

    def restrict_devices(self) -> None:
        """Put the device rules into force, before anything of the image runs. Raises RuntimeFault.

        Without a list in the config they are a precaution that not everybody may take.
        """
        try:
            self.manager.restrict_devices(self._rules)
        except RuntimeFault:
            if self._rules_demanded or posix.geteuid() == 0:
                raise


def _own_path(hierarchies: "list[Hierarchy]") -> str:
    return next((each.own for each in hierarchies if each.v2), "/")


def _settings(resources: "dict[str, Any] | None", hierarchies: "list[Hierarchy]") -> "list[Setting]":
    if not resources:
        return []
    from reference_runtime.cgroups.plan import plan

    return plan(resources, hierarchies)


def _rules(linux: "dict[str, Any]") -> "list[Rule]":
    from reference_runtime.cgroups.device_rules import rules

    return rules((linux.get("resources") or {}).get("devices") or (), linux.get("devices") or ())


def _owner(config: "dict[str, Any]", hierarchies: "list[Hierarchy]") -> "int | None":
    """Return the host's id of the user that gets the cgroup: only on v2, and only if the config shows it writable."""
    if [each.v2 for each in hierarchies] != [True]:
        return None
    from reference_runtime.cgroups.delegation import wanted

    if not wanted(config):
        return None
    uid: int = (config.get("process") or {}).get("user", {}).get("uid", 0)
    mappings = (config.get("linux") or {}).get("uidMappings") or ()
    for each in mappings:
        if each["containerID"] <= uid < each["containerID"] + each["size"]:
            return int(each["hostID"] + uid - each["containerID"])
    return None if mappings else uid
