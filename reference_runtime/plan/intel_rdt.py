"""Plans linux.intelRdt (config-linux.md#intelrdt): pure. What has to be looked up in resctrl is left to the effect."""

from reference_runtime.config.shape import array, flag, record, text
from reference_runtime.effects.intel_rdt import IntelRdt
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WHERE = "$.linux.intelRdt"
_RDT = record({"closID": text, "l3CacheSchema": text, "memBwSchema": text, "schemata": array(text), "enableMonitoring": flag})
_RESERVED = (".", "..", "info", "mon_groups", "mon_data")
"""Directories of resctrl that are no classes."""


def plan_intel_rdt(given: "dict[str, Any]", container_id: str) -> IntelRdt:
    """Return the effect that assigns a process. Raises RuntimeFault."""
    _RDT(given, _WHERE)
    class_id = given.get("closID") or ""
    if class_id != "/" and ("/" in class_id or class_id in _RESERVED or "\n" in class_id):
        raise RuntimeFault(f"{class_id!r} is no name of a class", where=f"{_WHERE}.closID")
    compared = [_line(given[name], f"{_WHERE}.{name}", start) for name, start in _SCHEMAS if given.get(name)]
    schemata = [_line(line, f"{_WHERE}.schemata[{index}]") for index, line in enumerate(given.get("schemata") or ())]
    monitored = bool(given.get("enableMonitoring"))
    return IntelRdt(container_id, class_id=class_id, compared=compared, schemata=schemata, monitored=monitored)


_SCHEMAS = (("l3CacheSchema", "L3"), ("memBwSchema", "MB:"))
"""The text only says SHOULD of how the first begins; L3CODE and L3DATA are its other forms."""


def _line(line: str, where: str, start: str = "") -> str:
    if "\n" in line:
        raise RuntimeFault("must not contain a line's end", where=where)
    if not line.startswith(start):
        raise RuntimeFault(f"must start with {start}", where=where)
    return line
