"""Where a process is in each cgroup hierarchy, and what the control files there hold; cgroups(7)."""

import os
from collections.abc import Mapping, Sequence

from conformance.observe.procfs import ProcessDirectory
from conformance.record.snapshot import Cgroups


def observe(
    process: ProcessDirectory,
    *,
    mounts: Mapping[str, str],
    control_files: Mapping[str, Sequence[str]],
    owners: bool = False,
) -> Cgroups:
    """Read the membership, of each hierarchy in `control_files` those files, and with `owners` whose the cgroups are.

    `mounts` says where hierarchies are mounted (v1 controller, or "" for v2, to a directory), as `Host.cgroup_mounts`.
    """
    paths = parse_membership(process.text("cgroup"))
    directories = {key: _directory(mounts[key], path) for key, path in paths.items() if key in mounts}
    return Cgroups(
        paths=paths,
        directories=directories,
        values=_values(directories, control_files),
        owners={key: _owners(directory) for key, directory in directories.items()} if owners else None,
    )


def parse_membership(content: str) -> dict[str, str]:
    """Read /proc/PID/cgroup: each controller of a v1 hierarchy, or "" for v2, to its path."""
    paths = {}
    for line in content.split("\n")[:-1]:
        _, controllers, path = line.split(":", 2)
        # A cgroup that was removed under the process carries a mark after its path.
        for controller in controllers.split(","):
            paths[controller] = path.removesuffix(" (deleted)")
    return paths


def _directory(mount: str, path: str) -> str:
    return mount.rstrip("/") + path.rstrip("/") or "/"


def _values(directories: Mapping[str, str], control_files: Mapping[str, Sequence[str]]) -> dict[str, str]:
    values = {}
    for key, names in control_files.items():
        if key not in directories:
            continue
        for name in names:
            content = _read(f"{directories[key]}/{name}")
            if content is not None:
                values[name] = content
    return values


def _owners(directory: str) -> Mapping[str, int]:
    """Return the uid of the directory and of the files in it; nothing if the cgroup has gone."""
    try:
        with os.scandir(directory) as listing:
            files = {entry.name: entry.stat().st_uid for entry in listing if entry.is_file()}
        return {".": os.stat(directory).st_uid, **files}
    except FileNotFoundError:
        return {}


def _read(path: str) -> str | None:
    """Return a control file's content, or None: it may not exist, be write-only, or answer EOPNOTSUPP."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        content = b""
        while chunk := os.read(descriptor, 1 << 16):
            content += chunk
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content.decode("utf-8", "replace").strip()
