"""linux.cgroupsPath: where a container's cgroup lies in each hierarchy. Source: config-linux.md#cgroups-path.

An absolute path counts from the mount point, and so does a relative one: thus the same value always means the same place,
whoever calls. Only a caller without rights at the top gets relative and default paths beside its own cgroup.
"""

from reference_runtime.fault import RuntimeFault

_WHERE = "$.linux.cgroupsPath"
_LONGEST_NAME = 255
_LONGEST_PATH = 3072
"""The kernel's limit is 4096, mount point and control file included."""
_DEEPEST = 100
"""The kernel has no limit, but whoever walks such a tree has."""


def chosen(cgroups_path: "str | None", container_id: str, *, beside: str = "/") -> str:
    """Return the path below the mount points: absolute, without empty parts. Raises RuntimeFault.

    `beside` is the place for relative and default paths. An empty value is one that was not given.
    """
    path = cgroups_path or f"reference-runtime-{container_id}"
    parts = [part for part in path.split("/") if part]
    if not parts:
        raise RuntimeFault("the top of the hierarchy is not for a container", where=_WHERE)
    if len(path) > _LONGEST_PATH or len(parts) > _DEEPEST:
        raise RuntimeFault(f"the path has more than {_LONGEST_PATH} characters or {_DEEPEST} parts", where=_WHERE)
    for part in parts:
        if part in (".", ".."):
            raise RuntimeFault(f"{path!r} has a part {part!r}", where=_WHERE)
        if "\n" in part or len(part.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
            raise RuntimeFault("a part of the path is no name of a directory", where=_WHERE)
    above = "" if path.startswith("/") else beside.rstrip("/")
    return "/".join((above, *parts))


def beside_own(own: str) -> str:
    """Return the parent of the caller's own cgroup.

    The own one has processes in it, so it could hand no controllers on ("no internal processes", cgroups(7)).
    """
    return own.rpartition("/")[0] or "/"
