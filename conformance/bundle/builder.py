"""Build a bundle from a case: edit the base config, replace placeholders, write everything down.

For the directory /tmp/x/c12 there will be

    /tmp/x/c12/config.json      the final config
    /tmp/x/c12/rootfs/          /probe, empty mount points, the case's entries
    /tmp/x/c12-host/            {host}: the case's host entries, namespaces held by bind mounts; where the case has a use for it

and, if the config has hooks, their program: {host}/hook and, in the container, /hook.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance.bundle.placeholders import expand, expand_json
from conformance.bundle.removal import mount_points, remove_tree
from conformance.bundle.rootfs import hook_entry, standard_entries, write_tree
from conformance.cases.case import Case, Entry, HostMount, Symlink
from conformance.record.config import Config, edited


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle on disk, and what belongs to it on the host."""

    directory: str
    rootfs: str
    host_directory: str
    config: Config
    """config.json as written."""
    container_id: str
    namespaces: Mapping[str, str]
    """Name of each of the case's namespaces to the path that will hold it; made by `setup.HostSetup`."""
    mounts: tuple[HostMount, ...]
    """The case's mounts with placeholders replaced."""

    @property
    def hook_socket(self) -> str:
        """Where hooks connect, `{hooks}`; /hooks.sock in the container. unix(7) limits the path to 107 bytes."""
        return f"{self.rootfs}/hooks.sock"

    @property
    def agent_socket(self) -> str:
        """Where the seccomp agent listens, `{agent}`."""
        return f"{self.host_directory}/agent.sock"

    @property
    def process_document(self) -> str:
        """Where exec finds its process, if there is one."""
        return f"{self.directory}.process.json"

    def foreign(self) -> dict[str, bool]:
        """Say of each namespace ("namespace net") and mount ("mount /path") of the case whether it is still there."""
        points = set(mount_points()) if self.namespaces or self.mounts else set()
        held = {f"namespace {name}": os.path.realpath(path) in points for name, path in self.namespaces.items()}
        return held | {f"mount {mount.target}": os.path.realpath(mount.target) in points for mount in self.mounts}

    def remove(self) -> None:
        """Remove all of it, without reaching through mounts that a runtime left; raises OSError if one can't be undone."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.process_document)
        remove_tree(self.directory, self.host_directory)


def build(case: Case, *, directory: str, container_id: str, config: Config, machine: str, twin: bool = False) -> Bundle:
    """Write the case's bundle into `directory`, an absolute path that does not exist yet, and return it.

    `config` is what the case's edits start from; with `twin` its defect is left out. Raises ValueError for a placeholder
    that means nothing, KeyError or IndexError for an edit that cannot be applied, rootfs.OutsideError, UnknownMachineError,
    and OSError.
    """
    edits = case.edits if twin or case.defect is None else (*case.edits, case.defect)
    host_directory = f"{directory}-host"
    rootfs = f"{directory}/rootfs"
    namespaces = {wanted.name: f"{host_directory}/.namespaces/{wanted.name}" for wanted in case.namespaces}
    values = {
        "bundle": directory,
        "id": container_id,
        "host": host_directory,
        "hooks": f"{rootfs}/hooks.sock",
        "agent": f"{host_directory}/agent.sock",
        **{f"ns:{name}": path for name, path in namespaces.items()},
    }
    text = expand_json(json.dumps(edited(config, edits)), values)
    bundle = Bundle(
        directory=directory,
        rootfs=rootfs,
        host_directory=host_directory,
        config=json.loads(text),
        container_id=container_id,
        namespaces=namespaces,
        mounts=tuple(_expand_mount(mount, values) for mount in case.mounts),
    )
    hook = [hook_entry(machine)] if "hooks" in bundle.config else []
    write_tree(rootfs, (*standard_entries(machine), *hook, *(_expand_entry(entry, values) for entry in case.rootfs)))
    beside = (*hook, *(_expand_entry(entry, values) for entry in case.host))
    if beside or case.namespaces or case.mounts or host_directory in text:
        write_tree(host_directory, beside)
    with open(f"{directory}/config.json", "xb", buffering=0) as file:
        file.write(text.encode("ascii"))
    return bundle


def _expand_entry(entry: Entry, values: Mapping[str, str]) -> Entry:
    """Replace placeholders in the entry's path and target. A file's content is bytes and stays as it is."""
    path = expand(entry.path, values)
    if isinstance(entry, Symlink):
        return Symlink(path, expand(entry.target, values))
    return replace(entry, path=path)


def _expand_mount(mount: HostMount, values: Mapping[str, str]) -> HostMount:
    return replace(
        mount,
        source=expand(mount.source, values),
        target=expand(mount.target, values),
        data=expand(mount.data, values),
    )
