"""Features as plain JSON and back, so that a found case needs no seed to be run again.

Contents of files are written as Latin-1 text, which holds any bytes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.cases.case import Directory, Entry, HostMount, HostNamespace, RegularFile, Symlink
from conformance.cases.features import DECLARED
from conformance.record.config import Edit
from fuzz.strategies.feature import Feature


def as_json(features: Sequence[Feature]) -> list[dict[str, Any]]:
    """Return the features as JSON values."""
    return [_feature(feature) for feature in features]


def from_json(document: Sequence[Mapping[str, Any]]) -> tuple[Feature, ...]:
    """Return the features that `as_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return tuple(_parsed(entry) for entry in document)


def _feature(feature: Feature) -> dict[str, Any]:
    whole = {
        "name": feature.name,
        "shows": list(feature.shows),
        "edits": [_edit(edit) for edit in feature.edits],
        "rootfs": [_entry(entry) for entry in feature.rootfs],
        "host": [_entry(entry) for entry in feature.host],
        "mounts": [_mount(mount) for mount in feature.mounts],
        "joins": [[namespace.name, namespace.kind] for namespace in feature.joins],
        "namespaces": dict(feature.namespaces),
        "needs": sorted(feature.needs),
        "without": sorted(feature.without),
        "aims": list(feature.aims),
        "umask": feature.umask,
        "sole": feature.sole or None,
        "asks_state": feature.asks_state or None,
        "stalls": [list(stall) for stall in feature.stalls],
        "defect": _edit(feature.defect) if feature.defect is not None else None,
        "declared": feature.declared or None,
    }
    return {key: value for key, value in whole.items() if value not in ([], {}, None)}


def _edit(edit: Edit) -> dict[str, Any]:
    return {"remove": edit.pointer} if edit.remove else {"put": edit.pointer, "value": edit.value}


def _entry(entry: Entry) -> dict[str, Any]:
    match entry:
        case Directory(path, mode):
            return {"directory": path, "mode": mode}
        case RegularFile(path, content, mode):
            return {"file": path, "content": content.decode("latin-1"), "mode": mode}
        case Symlink(path, target):
            return {"symlink": path, "target": target}


def _mount(mount: HostMount) -> dict[str, Any]:
    return {
        "source": mount.source,
        "target": mount.target,
        "fstype": mount.fstype,
        "flags": mount.flags,
        "data": mount.data,
        "shared": mount.shared,
    }


def _parsed(entry: Mapping[str, Any]) -> Feature:
    return Feature(
        name=entry["name"],
        shows=tuple(entry.get("shows", ())),
        edits=tuple(_parsed_edit(edit) for edit in entry.get("edits", ())),
        rootfs=tuple(_parsed_entry(each) for each in entry.get("rootfs", ())),
        host=tuple(_parsed_entry(each) for each in entry.get("host", ())),
        mounts=tuple(HostMount(**mount) for mount in entry.get("mounts", ())),
        joins=tuple(HostNamespace(*namespace) for namespace in entry.get("joins", ())),
        namespaces=dict(entry.get("namespaces", {})),
        needs=frozenset(entry.get("needs", ())),
        without=frozenset(entry.get("without", ())),
        aims=tuple(entry.get("aims", ())),
        umask=entry.get("umask"),
        sole=entry.get("sole", ""),
        asks_state=entry.get("asks_state", False),
        stalls=tuple((kind, index) for kind, index in entry.get("stalls", ())),
        defect=_parsed_edit(entry["defect"]) if "defect" in entry else None,
        declared=_known(entry.get("declared", "")),
    )


def _known(part: str) -> str:
    if part and part not in DECLARED:
        raise ValueError(f"there is no part {part!r} of a features document that is tried")
    return part


def _parsed_edit(edit: Mapping[str, Any]) -> Edit:
    return Edit(edit["remove"], remove=True) if "remove" in edit else Edit(edit["put"], edit["value"])


def _parsed_entry(entry: Mapping[str, Any]) -> Entry:
    if "directory" in entry:
        return Directory(entry["directory"], entry["mode"])
    if "file" in entry:
        return RegularFile(entry["file"], entry["content"].encode("latin-1"), entry["mode"])
    return Symlink(entry["symlink"], entry["target"])
