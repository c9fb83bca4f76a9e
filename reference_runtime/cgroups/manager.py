"""The one interface to a container's cgroups, whatever the host's layout: v1, v2 or both.

    manager = Manager(layout.read(), paths.chosen(cgroups_path, container_id))
    made = manager.missing()                      # to be remembered before anything is made
    manager.check_fitness(made)
    manager.create(settings, missing=made)        # from plan.plan(); takes everything back if it fails
    manager.restrict_devices(rules)
    manager.add(pid)                              # or manager.entrances(), for a process to move itself
    manager.freeze(); manager.thaw(); manager.kill(); manager.delete(made)

A manager of systemd's units would have the same methods.
"""

import posix

from reference_runtime.cgroups.descent import descend
from reference_runtime.cgroups.layout import Hierarchy
from reference_runtime.cgroups.tree import ancestors, processes, remove, remove_if_unused, value
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.files import exists, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from reference_runtime.cgroups.device_rules import Rule
    from reference_runtime.cgroups.setting import Setting

_WHERE = "$.linux.cgroupsPath"
_EINVAL, _EBUSY = 22, 16


class Manager:
    """A container's cgroup: the same `path` below the mount point of every hierarchy."""

    __slots__ = ("hierarchies", "path")

    def __init__(self, hierarchies: "Sequence[Hierarchy]", path: str) -> None:
        """Touch nothing. A host without cgroups gives a manager that has nothing to do."""
        self.hierarchies = tuple(hierarchies)
        self.path = path

    def record(self) -> "dict[str, Any]":
        """Return what a later command needs to find the cgroup again, as JSON values."""
        hierarchies = [{"point": each.point, "controllers": list(each.controllers), "v2": each.v2} for each in self.hierarchies]
        return {"path": self.path, "hierarchies": hierarchies}

    @classmethod
    def recorded(cls, record: "dict[str, Any]") -> "Manager":
        """Return the manager of a record."""
        return cls([Hierarchy(**each, own="") for each in record["hierarchies"]], record["path"])

    # Where

    def directory(self, hierarchy: "Hierarchy") -> str:
        """Return the container's directory in a hierarchy."""
        return hierarchy.point + self.path

    def directories(self) -> "dict[str, str]":
        """Return the directory by controller; that of v2 has the name "", too."""
        pairs = [(name, each) for each in self.hierarchies for name in (*each.controllers, *([""] if each.v2 else []))]
        return {name: self.directory(each) for name, each in pairs}

    def current(self, file: str) -> str:
        """Return what a control file says, whichever hierarchy has it; "" if none does."""
        for hierarchy in self.hierarchies:
            found = value(self.directory(hierarchy), file)
            if found:
                return found
        return ""

    # Making and removing

    def missing(self) -> "list[str]":
        """Return the directories that `create` will make, parents first."""
        return [
            directory
            for hierarchy in self.hierarchies
            for directory in ancestors(hierarchy.point, self.path)
            if not exists(directory)
        ]

    def check_fitness(self, missing: "Sequence[str]" = ()) -> None:
        """Refuse a cgroup that another container lives in, or that is frozen; `missing` is known not to be there.

        Raises RuntimeFault.
        """
        leaves = [self.directory(hierarchy) for hierarchy in self.hierarchies]
        if not any(exists(leaf) for leaf in leaves if leaf not in missing):
            return
        if self.processes():
            raise RuntimeFault(f"the cgroup {self.path} has processes already", where=_WHERE)
        if self.frozen():
            raise RuntimeFault(f"the cgroup {self.path} is frozen", where=_WHERE)

    def create(self, settings: "Sequence[Setting]", *, missing: "Sequence[str] | None" = None, optional: bool = False) -> None:
        """Make the cgroup in every hierarchy and write its settings; if something fails, what was `missing` is removed again.

        With `optional`, for a caller without privileges, hierarchies that may not be written and need not be are left out.
        Raises RuntimeFault.
        """
        missing = self.missing() if missing is None else missing
        try:
            needed = {setting.controller: setting.where for setting in settings}
            self.hierarchies = tuple(each for each in self.hierarchies if self._make(each, needed, optional=optional))
            self.apply(settings)
        except BaseException:
            for directory in reversed(missing):
                remove_if_unused(directory)
            raise

    def _make(self, hierarchy: "Hierarchy", needed: "dict[str, str]", *, optional: bool) -> bool:
        """Make the cgroup in one hierarchy; returns whether it is there."""
        where = [needed[controller] for controller in hierarchy.controllers if controller in needed]
        if hierarchy.v2 and "" in needed:
            where.append(needed[""])
        try:
            descend(hierarchy, self.path)
        except OSError as error:
            # Without a controller (a named hierarchy of v1) it is only there for others to find the container.
            if not where and (optional or not (hierarchy.controllers or hierarchy.v2)):
                return False
            raise RuntimeFault.of(f"cannot make the cgroup {self.path}", error, where=where[0] if where else _WHERE) from None
        self._demand(hierarchy, needed)
        return True

    def _demand(self, hierarchy: "Hierarchy", needed: "dict[str, str]") -> None:
        """Refuse settings for a v2 controller that an ancestor does not hand down."""
        if not hierarchy.v2:
            return
        enabled = value(self.directory(hierarchy), "cgroup.controllers").split()
        for controller in hierarchy.controllers:
            if controller in needed and controller not in enabled:
                why = "a cgroup above has processes of its own, or may not be written"
                raise RuntimeFault(f"the {controller} controller cannot be enabled", where=needed[controller], why=why)

    def delete(self, made: "Sequence[str]") -> None:
        """Remove what `create` made, with all that the container made below, and empty parents. Raises RuntimeFault."""
        leaves = [self.directory(hierarchy) for hierarchy in self.hierarchies]
        try:
            for directory in made:
                if directory in leaves:
                    remove(directory)
        except OSError as error:
            raise RuntimeFault.of("cannot remove the cgroup", error) from None
        for directory in reversed(made):
            if directory not in leaves:
                remove_if_unused(directory)

    # Limits

    def apply(self, settings: "Sequence[Setting]") -> None:
        """Write settings. Raises RuntimeFault with the path of the one that the kernel refuses.

        Some values hang together (memory alone is limited no less than memory and swap together, burst is within the
        quota), so the kernel may refuse one until the other is written: those are tried once more.
        """
        directories = self.directories()
        refused = [setting for setting in settings if not _write(setting, directories, last=False)]
        for setting in refused:
            _write(setting, directories, last=True)

    def restrict_devices(self, rules: "Sequence[Rule]") -> None:
        """Put device rules into force, instead of those that were. Raises RuntimeFault."""
        from reference_runtime.cgroups.device_control import restrict

        restrict(self.directories(), rules)

    # Processes

    def add(self, pid: int) -> None:
        """Move a process into the cgroup; 0 is the caller. Raises RuntimeFault."""
        for hierarchy in self.hierarchies:
            try:
                write_file(f"{self.directory(hierarchy)}/cgroup.procs", str(pid))
            except OSError as error:
                raise RuntimeFault.of("cannot move the process into its cgroup", error, where=_WHERE) from None

    def entrances(self, *, unified: bool = True) -> "list[int]":
        """Return descriptors, without `unified` of v1 alone, for a process of one thread to move itself by writing "0".

        To move another the kernel waits until all CPUs know, up to 10 ms; v1 lets a thread move itself without. Whoever opens
        must have the right, not whoever writes. Raises RuntimeFault.
        """
        opened: list[int] = []
        try:
            for each in self.hierarchies:
                if each.v2 and not unified:
                    continue
                file = "cgroup.procs" if each.v2 else "tasks"
                opened.append(posix.open(f"{self.directory(each)}/{file}", posix.O_WRONLY | posix.O_CLOEXEC))
        except OSError as error:
            for descriptor in opened:
                posix.close(descriptor)
            raise RuntimeFault.of("cannot move the process into its cgroup", error, where=_WHERE) from None
        return opened

    def processes(self) -> "list[int]":
        """Return the pids in the cgroup and in those below it."""
        return sorted({pid for hierarchy in self.hierarchies for pid in processes(self.directory(hierarchy))})

    def freeze(self) -> None:
        """Stop all processes; returns when they stand. Raises RuntimeFault."""
        from reference_runtime.cgroups.freezing import freeze

        freeze(self.directories())

    def thaw(self) -> None:
        """Let all processes go on. Raises RuntimeFault."""
        from reference_runtime.cgroups.freezing import thaw

        thaw(self.directories())

    def frozen(self) -> bool:
        """Whether the cgroup is frozen, or about to be."""
        from reference_runtime.cgroups.freezing import is_frozen

        return is_frozen(self.directories())

    def kill(self) -> None:
        """End all processes, frozen ones too, and wait until they are gone. Raises RuntimeFault if some stay."""
        from reference_runtime.cgroups.freezing import kill

        kill(self.directories(), self.processes)

    def stats(self) -> "dict[str, Any]":
        """Return what the controllers have counted, in the form of `events --stats`."""
        from reference_runtime.cgroups.stats import collect

        return collect(self.current)


def _write(setting: "Setting", directories: "dict[str, str]", *, last: bool) -> bool:
    """Write one setting, line by line as the kernel wants it; returns False where another attempt may do better."""
    directory = directories[setting.controller]
    found = [(file, value) for file, value in setting.alternatives if exists(f"{directory}/{file}")]
    if not found:
        files = " nor ".join(file for file, _ in setting.alternatives)
        raise RuntimeFault(f"this kernel has no {files}", where=setting.where)
    file, text = found[0]
    try:
        for line in text.splitlines() or [""]:
            write_file(f"{directory}/{file}", line + "\n")
    except OSError as error:
        if not last and error.errno in (_EINVAL, _EBUSY):
            return False
        raise RuntimeFault.of(f"cannot write {text!r} to {file}", error, where=setting.where) from None
    return True
