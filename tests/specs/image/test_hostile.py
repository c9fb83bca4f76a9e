"""Layouts made to hurt: each gets its findings in a child with 1 GiB of memory, and a good twin of the same make is accepted."""

import gzip
import json
import os
import resource
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from specs.validate import validate
from specs.validation.image.blobs import Blob, Store
from specs.validation.image.digests import Digest
from tests.specs.image.layouts import (
    BASE,
    CONFIG,
    INDEX,
    MANIFEST,
    Layout,
    archive,
    canonical,
    image,
    index,
    layout,
    member,
    sha256,
)

ROOT = Path(__file__).parents[3]
PATIENCE = 240
"""Seconds before a child is ended: a guard against endless work, not a measure of it."""
MEMORY = 1 << 30


def _validate(path: Path) -> tuple[int, list[dict[str, object]]]:
    """Run the command in a child that has `MEMORY` bytes of address space; return its status and findings."""
    run = subprocess.run(
        [sys.executable, "-m", "specs", "validate", "--json", "--kind=layout", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),  # no threads here
    )
    assert run.stderr == ""
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()]


def _messages(findings: list[dict[str, object]]) -> str:
    return "\n".join(str(each["message"]) for each in findings)


def _top(text: bytes) -> Layout:
    made = layout()
    made.files["index.json"] = text
    return made


ENTRY = canonical({"mediaType": MANIFEST, "digest": sha256(b"nowhere"), "size": 1})
HEADER = member("a")[0].tobuf(tarfile.USTAR_FORMAT)


def _headers(count: int) -> bytes:
    return b"".join(member(f"{number:06}")[0].tobuf(tarfile.USTAR_FORMAT) for number in range(count))


def _document(count: int, entry: bytes) -> Layout:
    return _top(b'{"schemaVersion":2,"mediaType":"%s","manifests":[' % INDEX.encode() + b",".join([entry] * count) + b"]}")


def _packed(data: bytes) -> Callable[[bytes], bytes]:
    return lambda _archive: gzip.compress(data, mtime=0)


def _nested(text: bytes) -> Layout:
    made = Layout()
    made.files["index.json"] = canonical(index(made.blob(text, INDEX)))
    return made


def _chain(length: int, *, width: int) -> Layout:
    """Indexes that name the next one, `width` times each, down to one image."""
    made = Layout()
    below = image(made)
    for number in range(length):
        below = made.document(index(*[{**below, "annotations": {"com.example.n": str(n)}} for n in range(width)]), INDEX)
        assert number < length
    made.files["index.json"] = canonical(index(below))
    return made


HOSTILE: dict[str, tuple[Callable[[], Layout], int, str]] = {
    "index.json of 100 MB": (lambda: _top(b'{"manifests":[],"x":"%s"}' % (b"x" * (100 << 20))), 3, "not judged: larger than"),
    "nested index of 100 MB": (lambda: _nested(b" " * (100 << 20)), 3, "not judged: larger than"),
    "a million empty entries": (lambda: _document(1_000_000, b"{}"), 3, "not judged: may hold more than"),
    "entries up to 4 MB": (lambda: _document((4 << 20) // (len(ENTRY) + 1) - 1, ENTRY), 3, "not judged: may hold more than"),
    "many entries of a wrong type": (lambda: _document(30_000, b"0"), 1, "more like these"),
    "nested arrays": (lambda: _top(b"[" * 1_000_000), 3, "not judged"),
    "nested objects": (lambda: _top(b'{"a":' * 200_000), 3, "not judged"),
    "a number of a million digits": (
        lambda: _document(1, b'{"mediaType":"a/b","digest":"sha256:%s","size":%s}' % (b"a" * 64, b"9" * 1_000_000)),
        1,
        "expected at most",
    ),
    "a digest of 4 MB": (
        lambda: _document(1, b'{"mediaType":"a/b","digest":"%s","size":1}' % (b"a." * 2_000_000)),
        1,
        "expected a digest",
    ),
    "a gzip bomb": (lambda: layout(archives=[BASE], pack=_packed(bytes(1 << 27))), 3, "layer not judged: more than 250 bytes"),
    "a bomb of entries": (
        lambda: layout(archives=[HEADER * 140_000]),
        1,
        "more like these",
    ),
    "a PAX header of 4 GB": (
        lambda: layout(archives=[_pax_header(1 << 32)]),
        3,
        "not judged: an extended header of",
    ),
    "two hundred indexes, one in the other": (lambda: _chain(200, width=1), 3, "documents lead here"),
}
GOOD: dict[str, Callable[[], Layout]] = {
    "an index of some size": lambda: _top(canonical({**index(), "x.y": "x" * (1 << 20)})),
    "many entries": lambda: _document(500, ENTRY),
    "a layer that packs well": lambda: layout(archives=[archive(member("zeros", bytes(8 << 20)))]),
    "many members": lambda: layout(archives=[_headers(20_000)]),
    "sixty levels of two paths each": lambda: _chain(60, width=2),
    "a PAX header of some size": lambda: layout(archives=[archive(member("a", pax={"comment": "x" * 100_000}))]),
}


def _pax_header(size: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, size
    return info.tobuf(tarfile.USTAR_FORMAT) + bytes(1 << 20)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_layouts_get_findings(tmp_path: Path, name: str) -> None:
    make, status, message = HOSTILE[name]
    returned, findings = _validate(make().write(tmp_path))
    assert (returned, message in _messages(findings)) == (status, True), _messages(findings)[:2000]
    assert len(findings) < 200


@pytest.mark.parametrize("name", GOOD)
def test_their_good_twins_are_accepted(tmp_path: Path, name: str) -> None:
    returned, findings = _validate(GOOD[name]().write(tmp_path))
    assert returned == 0, _messages(findings)[:2000]


def _first_layer(made: Layout, root: Path) -> Path:
    made.write(root)
    return root / "blobs" / sha256(gzip.compress(BASE, mtime=0)).replace(":", "/")


def _listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        where = os.open(path.parent, os.O_PATH)
        server.bind(f"/proc/self/fd/{where}/{path.name}")  # a socket's path has 107 bytes at most
        os.close(where)


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "a FIFO": (os.mkfifo, "it is a FIFO"),
    "a socket": (_listening, "it is a socket"),
    "a directory": (lambda path: path.mkdir(), "it is a directory"),
    "a link to a file": (lambda path: path.symlink_to("/etc/passwd"), "it is a symbolic link"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "it is a symbolic link"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "it is a symbolic link"),
    "a sparse file": (lambda path: _sparse(path), "but only"),  # noqa: PLW0108  # defined below
}


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize("name", SPECIAL)
def test_blobs_that_are_no_plain_files_are_not_read(tmp_path: Path, name: str) -> None:
    make, message = SPECIAL[name]
    blob = _first_layer(layout(), tmp_path)
    blob.unlink()
    make(blob)
    status, findings = _validate(tmp_path)
    assert status in (1, 3)  # 1: the sparse file's size is not that of the descriptor
    told = [each for each in findings if message in str(each["message"])]
    assert {each["document"] for each in told} == {str(blob), str(tmp_path / "blobs/sha256" / _manifest_name(tmp_path))}
    assert all(each["unjudged"] for each in told)


def _manifest_name(root: Path) -> str:
    document = json.loads((root / "index.json").read_bytes())
    return str(document["manifests"][0]["digest"]).removeprefix("sha256:")


def test_a_device_is_not_opened(tmp_path: Path) -> None:
    blob = _first_layer(layout(), tmp_path)
    blob.unlink()
    try:
        os.mknod(blob, 0o020600, os.makedev(5, 1))
    except PermissionError:
        pytest.skip("only root can make devices")
    status, findings = _validate(tmp_path)
    assert status == 3
    assert "it is a device" in _messages(findings)


@pytest.mark.parametrize("place", ["index.json", "oci-layout", "blobs", "blobs/sha256"])
def test_links_in_the_layout_itself_are_not_followed(tmp_path: Path, place: str) -> None:
    root = layout().write(tmp_path / "a")
    (root / place).rename(tmp_path / "moved")
    (root / place).symlink_to(tmp_path / "moved")
    status, findings = _validate(root)
    assert status == 3
    assert "it is a symbolic link" in _messages(findings)


@pytest.mark.parametrize(
    "digest", ["sha256:../../../outside", "sha256:", "..:..", "sha256/../..:a", "../outside:abc", "sha256:\0"]
)
def test_digests_lead_nowhere_outside(tmp_path: Path, digest: str) -> None:
    (tmp_path / "outside").write_bytes(b"{}")
    root = layout(top=lambda document: document["manifests"].append({"mediaType": CONFIG, "digest": digest, "size": 2})).write(
        tmp_path / "layout"
    )
    status, findings = _validate(root)
    assert status == 1
    assert {each["requirement"] for each in findings if each["path"] == "$.manifests[1].digest"} == {"descriptor.digest.grammar"}


def test_an_index_that_names_itself_is_not_entered_again(tmp_path: Path) -> None:
    """No digest can be right in a cycle: the blob is found altered, and its content is not believed."""
    made = Layout()
    name = "ab" * 32
    entry = {"mediaType": INDEX, "digest": f"sha256:{name}", "size": 0}
    made.files[f"blobs/sha256/{name}"] = canonical(index(entry))
    made.files["index.json"] = canonical(index(entry))
    status, findings = _validate(made.write(tmp_path))
    assert status == 1
    assert {"layout.blobs.content-match", "descriptor.digest.calculation"} <= {each["requirement"] for each in findings}


def test_an_algorithm_that_nobody_knows_is_said_to_be_unjudged(tmp_path: Path) -> None:
    made = Layout()
    digest = "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"
    made.files["blobs/" + digest.replace(":", "/")] = b"{}"
    made.files["index.json"] = canonical(index({"mediaType": INDEX, "digest": digest, "size": 2}))
    status, findings = _validate(made.write(tmp_path))
    assert (status, "nothing here can compute multihash+base58" in _messages(findings)) == (3, True)


def test_names_of_files_are_shown_in_plain_ascii(tmp_path: Path) -> None:
    root = layout().write(tmp_path)
    for name in (b"\x1b[31m", b"a\nb", b"\xff"):
        Path(os.fsdecode(os.fsencode(root / "blobs" / "sha256") + b"/" + name)).touch()
    status, findings = _validate(root)
    assert status == 1
    shown = {str(each["document"]).rpartition("/")[2] for each in findings if each["requirement"] == "layout.blobs.name-charset"}
    assert shown == {"\\x1b[31m", "a\\nb", "\\udcff"}


def test_a_layout_that_changes_under_the_walk_is_said_to_be_unjudged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = layout().write(tmp_path)
    look = Store.blob

    def look_and_remove(store: Store, digest: Digest) -> Blob:
        found = look(store, digest)
        (root / "blobs" / digest.algorithm / digest.encoded).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Store, "blob", look_and_remove)
    assert [each.message for each in validate(str(root)) if each.unjudged] == [
        "not judged any further: No such file or directory, perhaps because the layout changes"
    ]


VARIANTS = {
    "a member": b'"LAYERS":[],',
    "with a long s": '"layer\u017f":[],'.encode(),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_names_that_differ_in_case_are_told(tmp_path: Path, name: str) -> None:
    made = Layout()
    text = canonical(json.loads(b'{"schemaVersion":2,"mediaType":"%s","manifests":[]}' % INDEX.encode()))
    made.files["index.json"] = b"{" + VARIANTS[name] + text[1:]
    findings = validate(str(made.write(tmp_path)))
    assert "some readers take" in "\n".join(each.message for each in findings)


def test_a_manifest_that_is_an_index_too_is_told(tmp_path: Path) -> None:
    findings = validate(str(layout(manifest=lambda document: document.update(manifests=[])).write(tmp_path)))
    assert [each.message.split(":")[0] for each in findings] == ["has `layers` and `manifests`"]
