"""Id-mapped mounts: mappings given with the mount, taken from the user namespace, and missing."""

from typing import Any

from conformance.cases.case import Case, Directory, HostMount
from conformance.cases.defects import defective
from conformance.record.config import Edit, put


def _mapping(outside: int) -> list[dict[str, int]]:
    return [{"containerID": 0, "hostID": outside, "size": 65_536}]


def _mount(option: str, **members: Any) -> Edit:
    options = ["rbind" if option == "ridmap" else "bind", option]
    entry = {"destination": f"/m/{option}", "type": "none", "source": "{host}/volume", "options": options}
    return put("/mounts/-", entry | members)


def _cases(option: str) -> tuple[Case, ...]:
    rootfs, host = (Directory(f"m/{option}"),), (Directory("volume/inner"),)
    inner = (HostMount("tmpfs", "{host}/volume/inner", "tmpfs"),) if option == "ridmap" else ()
    users = (
        put("/linux/namespaces/-", {"type": "user"}),
        put("/linux/uidMappings", _mapping(100_000)),
        put("/linux/gidMappings", _mapping(200_000)),
    )
    return (
        Case(
            name=f"mounts/{option}",
            title=f"A mount with {option} and mappings of its own",
            rootfs=rootfs,
            host=host,
            mounts=inner,
            edits=(_mount(option, uidMappings=_mapping(300_000), gidMappings=_mapping(400_000)),),
        ),
        Case(
            name=f"mounts/{option}-userns",
            title=f"A mount with {option} in a user namespace",
            rootfs=rootfs,
            host=host,
            mounts=inner,
            edits=(*users, _mount(option)),
        ),
        defective(f"{option}-without-mapping", name=f"mounts/{option}-nothing"),
    )


CASES: tuple[Case, ...] = (*_cases("idmap"), *_cases("ridmap"))
