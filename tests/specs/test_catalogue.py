"""The catalogue: its own entries, how it is asked, and that each kind of bad entry is refused by loader and schema alike."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import specs.catalogue
from specs.catalogue import Catalogue, CatalogueError, load, read
from specs.schemas import validator
from specs.verdicts import Level
from specs.version import SpecVersion

RELEASES = {"1.0.0", "1.0.1", "1.0.2", "1.1.0", "1.2.0", "1.2.1", "1.3.0"}
FILES = sorted(Path(specs.catalogue.__file__).with_name("requirements").glob("*/*.toml"))
GOOD: dict[str, Any] = {
    "id": "linux.maskedpaths.effect",
    "level": "MUST",
    "basis": "keyword MUST",
    "platforms": ["linux"],
    "subject": "runtime",
    "since": "1.0.0",
    "anchor": "config-linux.md#masked-paths",
    "text": "The paths cannot be read inside",
    "decided": "host",
}
BAD = {
    "id without a dot": {"id": "maskedpaths"},
    "id with a blank": {"id": "linux.masked paths"},
    "id is a number": {"id": 1},
    "unknown level": {"level": "SHALL"},
    "level is a list": {"level": ["MUST"]},
    "basis of another kind": {"basis": "guess"},
    "unknown keyword": {"basis": "keyword OUGHT"},
    "umbrella without an id": {"basis": "umbrella"},
    "level of another keyword": {"basis": "keyword SHOULD NOT"},
    "MAY NOT as a MUST": {"basis": "keyword MAY NOT"},
    "a duty of the author that judges": {"basis": "author REQUIRED"},
    "a definition that judges": {"basis": "definition"},
    "no platform": {"platforms": []},
    "unknown platform": {"platforms": ["linux", "plan9"]},
    "platforms as text": {"platforms": "linux"},
    "unknown subject": {"subject": "reader"},
    "since a candidate": {"since": "1.1.0-rc.1"},
    "since is a number": {"since": 1.1},
    "until a candidate": {"until": "1.3.0-rc.1"},
    "until of what is unreleased": {"since": "unreleased", "until": "1.3.0"},
    "anchor without a heading": {"anchor": "config-linux.md"},
    "anchor as an address": {"anchor": "https://example.org/config.md#root"},
    "anchor in capitals": {"anchor": "config-linux.md#configLinuxMaskedPaths"},
    "blank text": {"text": "  "},
    "decided by nobody knows what": {"decided": "guess"},
    "undecidable without a reason": {"decided": "none"},
    "decidable with a reason": {"reason": "The kernel hides it"},
    "undecidable with a blank reason": {"decided": "none", "reason": " "},
    "umbrella = false": {"umbrella": False},
    "empty reading": {"ambiguous": ""},
    "disputed without an address": {"disputed": "runc#1774"},
    "empty note": {"note": ""},
    "unknown key": {"keyword": "MUST"},
}

INVENTORY = Path(__file__).parents[3] / "shared" / "inventory" / "runtime-spec.tsv"
READINGS: dict[int, tuple[str, ...]] = {
    4: ("runtime.state.status-creating", "config.hooks.state-fits-phase"),
    5: ("config.hooks.state-fits-phase",),
    11: ("config.ociversion.newer-minor",),
    12: ("bundle.single-local-directory",),
    14: ("config.mounts.options.rexec",),
    15: ("config.mounts.options.idmap.else-error", "config.mounts.options.ridmap.else-error"),
    16: ("linux.devices.only-listed-accessible",),
    17: (
        "linux.default-fs.available",
        "linux.default-fs.proc",
        "linux.default-fs.sys",
        "linux.default-fs.dev-pts",
        "linux.default-fs.dev-shm",
        "freebsd.devices.devfs",
        "zos.default-fs.proc",
    ),
    19: ("linux.memory.checkbeforeupdate.must-reject",),
    21: ("linux.cpu.quota.burst-error-allowed", "linux.cpu.burst.quota-error-allowed"),
    23: ("linux.intelrdt.closid-existing-compared",),
    25: ("linux.process-state.fds",),
    28: ("vm.image.format.required", "vm.image.format.default-raw", "windows.network.namespace-alone"),
    29: ("freebsd.jail.allow.defaults", "freebsd.jail.ip4.values", "freebsd.jail.ip6.values"),
}
"""By number of the ambiguity in the notes to the inventory: the statements that can be read in two ways."""
PLAIN: dict[int, tuple[str, ...]] = {
    1: ("runtime.delete.error-unless-stopped", "runtime.delete.noop-unless-stopped"),
    2: (
        "runtime.errors.leave-env-unchanged",
        "runtime.lifecycle.step03-prestart-fail",
        "runtime.lifecycle.step04-createruntime-fail",
        "runtime.lifecycle.step05-createcontainer-fail",
    ),
    3: ("runtime.lifecycle.step07-startcontainer-fail",),
    4: ("runtime.state.status-created",),
    5: ("config.hooks.poststop.when",),
    6: ("runtime.state.json-schema", "runtime.state.status-extra-allowed"),
    7: ("runtime.state.pid-required-linux",),
    8: ("config.process.optional", "config.process.required-for-start"),
    9: ("config.valid-values.error", "config.extensibility.ignore-unknown", "linux.network.classid.effect"),
    10: ("config.process.capabilities.unmappable-warn", "linux.seccomp.syscalls.names.required"),
    13: ("config.process.args.optional", "config.process.args.one-entry"),
    14: (
        "config.mounts.options.rdev",
        "config.mounts.options.rrelatime",
        "config.mounts.options.shared",
        "features.mountoptions.no-fs-specific",
    ),
    15: (
        "config.mounts.options.idmap.use-given",
        "config.mounts.options.ridmap.use-given",
        "config.mounts.uidmappings.with-gid",
        "config.mounts.gidmappings.with-uid",
    ),
    18: ("linux.pids.limit.optional",),
    19: ("linux.memory.checkbeforeupdate.may-check",),
    20: (
        "config.process.execcpuaffinity.optional",
        "config.process.execcpuaffinity.initial.effect",
        "config.process.execcpuaffinity.final.effect",
        "config.process.execcpuaffinity.final.unset",
    ),
    21: ("linux.cpu.quota.not-below-burst", "linux.cpu.burst.not-above-quota"),
    22: ("linux.unified.unknown-written", "linux.unified.controller-missing-error"),
    23: ("linux.intelrdt.both-written", "linux.intelrdt.either-written", "linux.intelrdt.closid-unset-uses-id"),
    24: ("linux.timeoffsets.keys", "linux.timeoffsets.secs.effect", "linux.timeoffsets.nanosecs.effect"),
    25: (
        "linux.seccomp.listenerpath.seccompfd",
        "linux.seccomp.defaulterrnoret.unsupported-error",
        "linux.seccomp.syscalls.errnoret.unsupported-error",
    ),
    26: ("features.absent-or-null", "features.compile-time"),
    27: (
        "features-linux.memorypolicy",
        "features-linux.intelrdt.schemata",
        "features-linux.intelrdt.monitoring",
        "features.ociversionmax.no-later-properties",
    ),
    28: ("windows.cpu.affinity",),
    29: (
        "freebsd.jail.allow.sethostname",
        "freebsd.jail.allow.reservedports",
        "freebsd.jail.allow.suser",
        "freebsd.jail.mapping-table",
    ),
    30: ("linux.devices.filemode.optional",),
}
"""And those that the same ambiguity touches, while what is judged of them is plain."""


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(_toml, value))}]" if isinstance(value, list) else repr(value)


def _write(
    directory: Path,
    *entries: dict[str, Any],
    name: str = "chapter.toml",
    head: str = "chapter = 'Chapter'\n",
    spec: str = "runtime",
) -> Path:
    folder = directory / spec
    folder.mkdir(exist_ok=True)
    tables = ["[[requirement]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in entry.items()) for entry in entries]
    (folder / name).write_text(head + "\n".join(tables), encoding="utf-8")
    return directory


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return ({**document.get("defaults", {}), **entry} for entry in document["requirement"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_entry_fits_the_schema(path: Path) -> None:
    for entry in _entries(path):
        assert not list(validator("requirement").iter_errors(entry)), entry["id"]


def test_anchors_are_headings_of_the_text() -> None:
    headings = set((Path(__file__).parent / "anchors-runtime-1.3.0.txt").read_text().split())
    assert len(headings) > 100
    assert {each.anchor for each in load().values() if each.spec == "runtime-spec"} <= headings


def test_since_names_releases() -> None:
    named = {each for one in load("runtime").values() for each in (one.since, one.until) if each}
    assert {str(each) for each in named} <= RELEASES


def test_paraphrases_are_ours_and_readable() -> None:
    for each in load().values():
        for text in (each.text, each.note, each.reason, each.ambiguous):
            assert not re.search(r"\[open|\bhint:|two readings|paraphrase:|accuses", text), each.id
            assert text == " ".join(text.split()), each.id
        assert len(each.text) <= 180, each.id


def test_every_statement_of_the_runtime_spec_has_its_entry() -> None:
    assert len(load("runtime")) == 1050


@pytest.mark.skipif(not INVENTORY.exists(), reason="the list of all statements is not kept beside this checkout")
def test_entries_are_those_of_the_inventory() -> None:
    rows = INVENTORY.read_text(encoding="utf-8").splitlines()[1:]
    assert {row.partition("\t")[0] for row in rows} == set(load("runtime"))


def test_what_takes_another_platform_is_not_decided_on_a_linux_host() -> None:
    foreign = [each for each in load("runtime").values() if not {"all", "linux"} & set(each.platforms)]
    assert len(foreign) > 150
    assert not [each.id for each in foreign if each.decided == "host"]


def test_undecidable_musts_on_linux_are_few() -> None:
    """Each was thought about; a new one has to be added here."""
    found = {
        each.id
        for each in load("runtime").values()
        if each.decided == "none" and each.level is Level.MUST and {"all", "linux"} & set(each.platforms)
    }
    assert found == {"config.annotations.reserved-others", "features.null-not-empty", "linux.seccomp.flags.tsync"}


@pytest.mark.parametrize(("number", "ids"), READINGS.items())
def test_known_ambiguities_are_marked(number: int, ids: tuple[str, ...]) -> None:
    assert [each for each in ids if not load("runtime")[each].ambiguous] == [], number


@pytest.mark.parametrize(("number", "ids"), PLAIN.items())
def test_where_the_text_is_unclear_but_what_is_judged_is_not_a_note_says_so(number: int, ids: tuple[str, ...]) -> None:
    for requirement in map(load("runtime").__getitem__, ids):
        assert requirement.note or requirement.reason, (number, requirement.id)
        assert not requirement.ambiguous, (number, requirement.id)


def test_all_thirty_are_in_one_of_the_tables() -> None:
    assert READINGS.keys() | PLAIN.keys() == set(range(1, 31))
    assert not {each for ids in READINGS.values() for each in ids} & {each for ids in PLAIN.values() for each in ids}


def test_what_the_lead_decided() -> None:
    catalogue = load()
    assert catalogue["runtime.delete.error-unless-stopped"].disputed.endswith("/runc/issues/1774")
    assert "mount namespace only" in catalogue["config.hooks.createcontainer.exec-ns"].note
    assert catalogue["config.process.capabilities.unmappable-warn"].since == SpecVersion.parse("1.1.0")
    assert catalogue["runtime.create.applies-config"].umbrella
    assert catalogue["linux.maskedpaths.effect"].level is Level.MUST
    assert catalogue["linux.devices.only-listed-accessible"].level is Level.MAY


def test_url_leads_to_the_text() -> None:
    base = "https://github.com/opencontainers/runtime-spec/blob/v1.3.0/"
    assert load()["linux.maskedpaths.effect"].url == base + "config-linux.md#masked-paths"


def test_matching_and_children(tmp_path: Path) -> None:
    parent = {**GOOD, "id": "runtime.create.applies-config", "umbrella": True}
    child = {**GOOD, "basis": "umbrella runtime.create.applies-config"}
    other = {**GOOD, "id": "linux.maskedpaths.absolute"}
    catalogue = read(_write(tmp_path, parent, child, other))
    assert [each.id for each in catalogue.matching(["linux.*"])] == ["linux.maskedpaths.effect", "linux.maskedpaths.absolute"]
    assert [each.id for each in catalogue.matching(["*.effect", "runtime.*"])] == [parent["id"], child["id"]]
    assert catalogue.matching(["windows.*"]) == ()
    assert [each.id for each in catalogue.children("runtime.create.applies-config")] == ["linux.maskedpaths.effect"]
    assert catalogue.children("linux.maskedpaths.absolute") == ()
    with pytest.raises(KeyError):
        catalogue.children("no.such")


def test_defaults_fill_what_an_entry_leaves_out(tmp_path: Path) -> None:
    entry = {key: value for key, value in GOOD.items() if key not in {"since", "subject"}}
    head = "chapter = 'Chapter'\n[defaults]\nsince = '1.1.0'\nsubject = 'runtime'\n"
    catalogue = read(_write(tmp_path, entry, {**GOOD, "id": "linux.maskedpaths.other"}, head=head))
    assert [str(each.since) for each in catalogue.values()] == ["1.1.0", "1.0.0"]


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_loader_and_schema_refuse_alike(tmp_path: Path, change: dict[str, Any]) -> None:
    assert not list(validator("requirement").iter_errors(GOOD))
    assert isinstance(read(_write(tmp_path, GOOD)), Catalogue)
    entry = {**GOOD, **change}
    assert list(validator("requirement").iter_errors(entry))
    with pytest.raises(CatalogueError) as caught:
        read(_write(tmp_path, entry))
    assert caught.value.file == "chapter.toml"
    assert caught.value.id == str(entry["id"])
    assert caught.value.problem


@pytest.mark.parametrize("key", GOOD)
def test_loader_and_schema_miss_alike(tmp_path: Path, key: str) -> None:
    entry = {name: value for name, value in GOOD.items() if name != key}
    assert list(validator("requirement").iter_errors(entry))
    with pytest.raises(CatalogueError, match=f"chapter.toml: .*`{key}` is missing"):
        read(_write(tmp_path, entry))


@pytest.mark.parametrize(
    ("entries", "id_", "complaint"),
    [
        ([GOOD, GOOD], "linux.maskedpaths.effect", "defined before, in chapter.toml"),
        ([{**GOOD, "basis": "umbrella no.such"}], "linux.maskedpaths.effect", "umbrella no.such does not exist"),
        ([{**GOOD, "basis": "umbrella linux.maskedpaths.effect"}], "linux.maskedpaths.effect", "does not exist"),
        ([{**GOOD, "umbrella": True}], "linux.maskedpaths.effect", "binds no other"),
    ],
)
def test_entries_have_to_fit_together(tmp_path: Path, entries: list[dict[str, Any]], id_: str, complaint: str) -> None:
    with pytest.raises(CatalogueError, match=complaint) as caught:
        read(_write(tmp_path, *entries))
    assert (caught.value.file, caught.value.id) == ("chapter.toml", id_)


def test_a_duplicate_in_another_file_is_found(tmp_path: Path) -> None:
    _write(tmp_path, GOOD, name="a.toml")
    with pytest.raises(CatalogueError, match=r"b\.toml: linux\.maskedpaths\.effect: defined before, in a\.toml"):
        read(_write(tmp_path, GOOD, name="b.toml"))


@pytest.mark.parametrize(
    "head",
    [
        "",
        "chapter = 1\n",
        "chapter = 'A'\nextra = 1\n",
        "chapter = 'A'\ndefaults = 1\n",
        "chapter = 'A'\n[defaults]\nlvel = 'MUST'\n",
        "=",
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(CatalogueError, match=r"chapter\.toml"):
        read(_write(tmp_path, GOOD, head=head))


def test_load_reads_once() -> None:
    assert load() is load()
    assert load("runtime") is load("runtime")


def test_one_spec_can_be_loaded_alone(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    _write(tmp_path, {**GOOD, "id": "descriptor.mediaType", "subject": "document"}, spec="image")
    assert list(read(tmp_path)) == ["linux.maskedpaths.effect", "descriptor.mediaType"]
    assert list(read(tmp_path, keys=["runtime"])) == ["linux.maskedpaths.effect"]
    assert list(read(tmp_path, keys=["image"])) == ["descriptor.mediaType"]
    assert {each.spec for each in load("runtime").values()} == {"runtime-spec"}
    with pytest.raises(KeyError):
        load("distribution")


@pytest.mark.parametrize(
    ("period", "words", "versions"),
    [
        ({"since": "1.1.0"}, "since 1.1.0", ["1.1.0", "1.2.1", "1.3.0-rc.1", "1.3.0", "9.0.0"]),
        ({"since": "1.1.0", "until": "1.3.0"}, "since 1.1.0, until 1.3.0", ["1.1.0", "1.2.1", "1.3.0-rc.1"]),
        ({"since": "unreleased"}, "in no release yet", []),
    ],
)
def test_in_force_from_since_and_before_until(tmp_path: Path, period: dict[str, str], words: str, versions: list[str]) -> None:
    (requirement,) = read(_write(tmp_path, {**GOOD, **period})).values()
    asked = ["1.0.0", "1.0.2-dev", "1.1.0-rc.1", "1.1.0", "1.2.1", "1.3.0-rc.1", "1.3.0", "9.0.0"]
    assert [each for each in asked if requirement.in_force(each)] == versions
    assert requirement.period == words


def test_what_is_unreleased_is_at_the_head(tmp_path: Path) -> None:
    (requirement,) = read(_write(tmp_path, {**GOOD, "since": "unreleased"})).values()
    assert requirement.url == "https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#masked-paths"


def test_subjects_are_those_of_the_spec(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="none of runtime, config, features, caller, bundle, hook: 'unpacker'"):
        read(_write(tmp_path, {**GOOD, "subject": "unpacker"}))


@pytest.mark.parametrize("until", ["1.0.0", "0.9.0"])
def test_until_comes_after_since(tmp_path: Path, until: str) -> None:
    with pytest.raises(CatalogueError, match=rf"until {until} is no release after since 1\.0\.0"):
        read(_write(tmp_path, {**GOOD, "until": until}))
