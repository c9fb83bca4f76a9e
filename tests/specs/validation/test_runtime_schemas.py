"""The schemas of the runtime spec's documents: each statement takes what is right and is seen to refuse what is wrong."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from specs.catalogue import load
from specs.schemas import __file__ as schemas_file
from specs.validate import KINDS, Kind, breaches
from specs.validation import bundles, schemas
from tests.specs.validation.documents import documents, edited

DOCUMENTS = documents()
FILES = sorted((Path(schemas_file).parent / "runtime").glob("*.json"))
MISSING = object()


def _ids(kind: str, document: Any) -> set[str]:
    return {each.requirement for each in breaches(document, kind=kind)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_whole_document_is_taken(name: str) -> None:
    kind, document = DOCUMENTS[name]
    assert breaches(document, kind=kind) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_files_are_json_schemas(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas._document(f"runtime/{path.stem}"))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.schema)
def test_patterns_are_anchored_and_words_are_there_to_explain_them(kind: Kind) -> None:
    for node in schemas._subschemas(schemas.resolved(kind.schema)):
        for keyword in node.keys() & {"pattern", "anyOf", "dependentRequired", "exclusiveMinimum"}:
            assert "expected" in node
            assert keyword != "pattern" or node["pattern"].startswith("^"), "without an anchor it finds its value anywhere"


def _properties(schema: Mapping[str, Any], value: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Yield (place, subschema, value) for all that a document has and its schema knows."""
    yield place, schema, value
    members: dict[Any, Any] = {}
    if isinstance(value, list) and "items" in schema:
        members = dict.fromkeys(range(len(value)), schema["items"])
    elif isinstance(value, dict):
        members = {name: schema.get("properties", {}).get(name, schema.get("additionalProperties")) for name in value}
    for key, below in members.items():
        if below:
            yield from _properties(below, value[key], f"{place}.{str(key).replace('.', '~')}".lstrip("."))


def _everywhere() -> Iterator[Any]:
    seen = set()
    for name, (kind, document) in DOCUMENTS.items():
        for place, schema, value in _properties(schemas.resolved(KINDS[kind].schema), document):
            statement = (kind, re.sub(r"\d+", "*", place))
            if statement not in seen:
                seen.add(statement)
                yield pytest.param(name, place, schema, value, id=f"{name}:{place}")


@pytest.mark.parametrize(("name", "place", "schema", "value"), list(_everywhere()))
def test_a_wrong_type_is_found_by_the_property_s_own_requirement(name: str, place: str, schema: Any, value: Any) -> None:
    kind, document = DOCUMENTS[name]
    wrong: Any = 0 if isinstance(value, str | list | dict) else "0"
    found = [each for each in schemas.check(KINDS[kind].schema, edited(document, place, wrong)) if each.invalid]
    expected = schema.get("requirements", {}).get("type") or schema["requirement"]
    assert [each.requirement for each in found] == [expected]
    assert found[0].path == tuple(int(step) if step.isdigit() else step.replace("~", ".") for step in place.split(".") if step)
    assert "expected" in found[0].message


@pytest.mark.parametrize(("name", "place", "schema", "value"), list(_everywhere()))
def test_a_missing_property_is_found_by_its_own_requirement(name: str, place: str, schema: Any, value: Any) -> None:
    kind, document = DOCUMENTS[name]
    for required in schema.get("required", ()):
        below = f"{place}.{required}".lstrip(".")
        found = schemas.check(KINDS[kind].schema, edited(document, below))
        assert schema["properties"][required]["requirement"] in {each.requirement for each in found}
        assert any(each.message == f"`{required}` is missing" for each in found)


def test_every_property_of_the_schemas_is_in_a_document() -> None:
    seen: dict[int, set[str]] = {}
    known: dict[int, Mapping[str, Any]] = {}
    for kind, document in DOCUMENTS.values():
        for _, schema, value in _properties(schemas.resolved(KINDS[kind].schema), document):
            if "properties" in schema and isinstance(value, dict):
                seen.setdefault(id(schema), set()).update(value)
                known[id(schema)] = schema["properties"]
    assert {key: set(properties) - seen[key] - {"prestart", "kernel", "kernelTCP"} for key, properties in known.items()} == {
        key: set() for key in known
    }


WRONG = [
    # What is edited, where, to what, and which requirement that breaks.
    ("linux", "ociVersion", "1.0", "config.ociversion.semver"),
    ("linux", "ociVersion", "01.0.0", "config.ociversion.semver"),
    ("linux", "ociVersion", "1.0.0\n", "config.ociversion.semver"),
    ("linux", "mounts.0.gidMappings", MISSING, "config.mounts.uidmappings.with-gid"),
    ("linux", "mounts.0.uidMappings", MISSING, "config.mounts.gidmappings.with-uid"),
    ("linux", "hooks.prestart", [{}], "config.hooks.prestart.path.required"),
    ("linux", "hooks.prestart", [{"path": "a"}], "config.hooks.prestart.path.absolute"),
    ("linux", "hooks.prestart", [{"path": "/a", "timeout": 0}], "config.hooks.prestart.timeout.positive"),
    ("linux", "hooks.prestart", [{"path": "/a", "timeout": "0"}], "config.hooks.prestart.timeout.optional"),
    ("linux", "hooks.prestart", [{"path": "/a", "args": "0"}], "config.hooks.prestart.args.optional"),
    ("linux", "hooks.prestart", [{"path": "/a", "env": [0]}], "config.hooks.prestart.env.optional"),
    ("linux", "hooks.prestart", 0, "config.hooks.prestart"),
    ("linux", "hooks.poststop.0.path", "a", "config.hooks.createruntime.path.absolute"),
    ("linux", "hooks.createRuntime.0.timeout", 0, "config.hooks.createruntime.timeout.positive"),
    ("linux", "annotations.", "", "config.annotations.key-not-empty"),
    ("linux", "annotations.org~opencontainers~image~stopSignal", "stop it", "config.annotations.image.stopsignal.value"),
    ("linux", "process.capabilities.bounding.0", "kill", "config.process.capabilities.values"),
    ("linux", "process.scheduler.policy", "SCHED_X", "config.process.scheduler.policy.values"),
    ("linux", "process.scheduler.flags.0", "X", "config.process.scheduler.flags.values"),
    ("linux", "process.ioPriority.class", "X", "config.process.iopriority.class.values"),
    ("linux", "process.ioPriority.priority", 8, "config.process.iopriority.priority.range"),
    ("linux", "process.ioPriority.priority", -1, "config.process.iopriority.priority.range"),
    ("linux", "process.execCPUAffinity.final", "all", "config.process.execcpuaffinity.final.optional"),
    ("linux", "linux.namespaces.0.type", "X", "linux.namespaces.type.supported"),
    ("linux", "linux.namespaces.0.path", "proc", "linux.namespaces.path.absolute"),
    ("linux", "linux.uidMappings.0.size", 1 << 32, "linux.userns.mapping.size"),
    ("linux", "linux.timeOffsets.realtime", {}, "linux.timeoffsets.keys"),
    ("linux", "linux.devices.0.type", "x", "linux.devices.type.required"),
    ("linux", "linux.devices.0.major", MISSING, "linux.devices.major-minor.required"),
    ("linux", "linux.devices.0.minor", MISSING, "linux.devices.major-minor.required"),
    ("linux", "linux.resources.devices.1.type", "p", "linux.device-list.type.optional"),
    ("linux", "linux.resources.devices.1.access", "rx", "linux.device-list.access.letters"),
    ("linux", "linux.resources.devices.1.access", "rw\n", "linux.device-list.access.letters"),
    ("linux", "linux.resources.memory.swappiness", 101, "linux.memory.swappiness.range"),
    ("linux", "linux.resources.memory.kernel", "1", "linux.memory.kernel.optional"),
    ("linux", "linux.resources.memory.kernelTCP", "1", "linux.memory.kerneltcp.optional"),
    ("linux", "linux.resources.cpu.cpus", "a", "linux.cpu.cpus.optional"),
    ("linux", "linux.resources.blockIO.weightDevice.1.leafWeight", MISSING, "linux.blockio.weightdevice.one-of"),
    ("linux", "linux.resources.hugepageLimits.0.pageSize", "64kB", "linux.hugepage.pagesize.format"),
    ("linux", "linux.resources.rdma.mlx5_2", {}, "linux.rdma.one-of"),
    ("linux", "linux.intelRdt.l3CacheSchema", "0=f", "linux.intelrdt.l3cacheschema.prefix"),
    ("linux", "linux.intelRdt.l3CacheSchema", "L3:\n", "linux.intelrdt.l3cacheschema.no-newline"),
    ("linux", "linux.intelRdt.memBwSchema", "0=f", "linux.intelrdt.membwschema.prefix"),
    ("linux", "linux.intelRdt.memBwSchema", "MB:\n", "linux.intelrdt.membwschema.no-newline"),
    ("linux", "linux.intelRdt.schemata.0", "L2:0=f\n", "linux.intelrdt.schemata.no-newline"),
    ("linux", "linux.memoryPolicy.mode", "X", "linux.memorypolicy.mode.values"),
    ("linux", "linux.memoryPolicy.flags.0", "X", "linux.memorypolicy.flags.values"),
    ("linux", "linux.seccomp.defaultAction", "X", "linux.seccomp.syscalls.action.values"),
    ("linux", "linux.seccomp.architectures.0", "X", "linux.seccomp.architectures.values"),
    ("linux", "linux.seccomp.flags.0", "X", "linux.seccomp.flags.values"),
    ("linux", "linux.seccomp.listenerPath", MISSING, "linux.seccomp.listenermetadata.needs-path"),
    ("linux", "linux.seccomp.syscalls.0.names", [], "linux.seccomp.syscalls.names.nonempty"),
    ("linux", "linux.seccomp.syscalls.0.args.0.index", 6, "linux.seccomp.syscalls.args.index"),
    ("linux", "linux.seccomp.syscalls.0.args.0.op", "X", "linux.seccomp.syscalls.args.op.values"),
    ("linux", "linux.rootfsPropagation", "rprivate", "linux.rootfspropagation.values"),
    ("linux", "linux.maskedPaths.0", "proc", "linux.maskedpaths.absolute"),
    ("linux", "linux.readonlyPaths.0", "proc", "linux.readonlypaths.absolute"),
    ("linux", "linux.personality.domain", "X", "linux.personality.domain.values"),
    ("linux", "linux.personality.flags", ["X"], "linux.personality.flags.none"),
    ("windows", "windows.layerFolders", [], "windows.layerfolders.nonempty"),
    ("windows", "windows.devices.0.idType", "x", "windows.devices.idtype.class"),
    ("windows", "windows.resources.cpu.shares", 10001, "windows.cpu.shares"),
    ("windows-maximum", "windows.resources.cpu.maximum", 10001, "windows.cpu.maximum"),
    ("freebsd", "freebsd.jail.host", "disable", "freebsd.jail.host.values"),
    ("freebsd", "freebsd.jail.ip4", "x", "freebsd.jail.ip4.values"),
    ("freebsd", "freebsd.jail.ip6", "x", "freebsd.jail.ip6.values"),
    ("freebsd", "freebsd.jail.vnet", "disable", "freebsd.jail.vnet.values"),
    ("freebsd", "freebsd.jail.sysvmsg", "x", "freebsd.jail.sysvmsg"),
    ("freebsd", "freebsd.jail.enforceStatfs", 3, "freebsd.jail.enforcestatfs"),
    ("freebsd", "freebsd.jail.ip4Addr.0", "localhost", "freebsd.jail.ip4addr"),
    ("freebsd", "freebsd.jail.ip6Addr.0", "localhost", "freebsd.jail.ip6addr"),
    ("solaris", "solaris.limitpriv", "a,,b", "solaris.limitpriv.format"),
    ("solaris", "solaris.maxShmMemory", "512x", "solaris.maxshmmemory.scale"),
    ("vm", "vm.hypervisor.path", "vmm", "vm.hypervisor.path.absolute"),
    ("vm", "vm.kernel.path", "vmlinuz", "vm.kernel.path.absolute"),
    ("vm", "vm.kernel.initrd", "initrd", "vm.kernel.initrd.absolute"),
    ("vm", "vm.image.path", "image", "vm.image.path.absolute"),
    ("zos", "zos.namespaces.0.type", "net", "zos.namespaces.type.supported"),
    ("zos", "zos.namespaces.0.path", "proc", "zos.namespaces.path.absolute"),
    ("state", "status", "paused", "runtime.state.status-values"),
    ("state", "pid", -1, "runtime.state.pid-optional-elsewhere"),
    ("features", "annotations.", "", "features.annotations.map"),
]


def _wrong(name: str, place: str, value: Any) -> tuple[str, Any]:
    kind, document = DOCUMENTS[name]
    return kind, edited(document, place) if value is MISSING else edited(document, place, value)


@pytest.mark.parametrize(("name", "place", "value", "requirement"), WRONG)
def test_a_wrong_value_is_found_by_its_requirement(name: str, place: str, value: Any, requirement: str) -> None:
    kind, document = _wrong(name, place, value)
    assert requirement in {each.requirement for each in schemas.check(KINDS[kind].schema, document)}


def test_every_id_that_a_keyword_names_apart_is_seen_above() -> None:
    named = set()
    for kind in KINDS.values():
        for node in schemas._subschemas(schemas.resolved(kind.schema)):
            named |= set(node.get("requirements", {}).values())
    of_types = {"config.annotations.map"}  # in test_a_wrong_type_is_found_by_the_property_s_own_requirement
    assert named - of_types == {requirement for *_, requirement in WRONG} & named


def test_the_catalogue_and_what_judges_documents_name_the_same() -> None:
    by_schema = set().union(*(schemas.requirements(kind.schema) for kind in KINDS.values()))
    by_rule = {each for kind in KINDS.values() for rule in kind.rules for each in rule.requirements}
    by_rule |= {*bundles.REQUIREMENTS, "glossary.json.utf8", "glossary.json.no-duplicate-names"}
    catalogue = load("runtime")
    assert by_schema | by_rule <= set(catalogue)
    assert {each.id for each in catalogue.values() if each.decided == "schema"} <= by_schema
    assert {each.id for each in catalogue.values() if each.decided == "rule"} <= by_rule
