"""Checks config.md, "Mounts"."""

from reference_runtime.config.shape import array, name, record, text, uint32
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ID_MAPPINGS = array(
    record({"containerID": uint32, "hostID": uint32, "size": uint32}, required=("containerID", "hostID", "size")),
)
"""config-linux.md, "User namespace mappings"."""

MOUNTS = array(
    record(
        {
            "destination": name,
            "source": text,
            "type": text,
            "options": array(text),
            "uidMappings": ID_MAPPINGS,
            "gidMappings": ID_MAPPINGS,
        },
        required=("destination",),
    )
)


def check_mounts(config: "dict[str, Any]") -> None:
    """Raise RuntimeFault for mounts whose members do not go together."""
    has_user_namespace = any(each["type"] == "user" for each in (config.get("linux") or {}).get("namespaces") or ())
    for index, mount in enumerate(config.get("mounts") or ()):
        where = f"$.mounts[{index}]"
        options = mount.get("options") or ()
        is_bind = "bind" in options or "rbind" in options
        mapped = [key for key in ("uidMappings", "gidMappings") if mount.get(key)]
        if len(mapped) == 1:
            raise RuntimeFault("uidMappings and gidMappings must be given together", where=f"{where}.{mapped[0]}")
        wanted = "idmap" in options or "ridmap" in options
        if wanted and not mapped and not has_user_namespace:
            raise RuntimeFault("idmap needs mappings, or a user namespace to take them from", where=f"{where}.options")
        if (mapped or wanted) and not is_bind:
            raise RuntimeFault("only bind mounts can be mapped", where=where)
        if is_bind and not mount.get("source"):
            raise RuntimeFault("a bind mount needs a source", where=f"{where}.source")
        if not is_bind and not mount.get("type") and "remount" not in options:
            raise RuntimeFault("a mount that is no bind mount needs a type", where=f"{where}.type")
