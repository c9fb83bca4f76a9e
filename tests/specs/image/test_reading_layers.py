"""What is read of layers: every dialect of tar, compressions, and the remarks that are no reproach."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from specs.validate import validate
from specs.validation.image import compression, layers
from specs.validation.image.compression import CorruptError, NotDecompressedError
from specs.validation.image.limits import Limits
from specs.validation.image.tar_stream import Entry, TarError, TarStream, pax_records
from specs.validation.image.unpacked import Layer
from tests.specs.image.layouts import BASE, LAYER, archive, layout, member

LONG = "d/" + "n" * 300
DIALECTS = {"pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT, "ustar": tarfile.USTAR_FORMAT}


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _written(dialect: int, *members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=dialect) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def _entries(data: bytes, size: int = 700) -> list[Entry]:
    return list(TarStream(_pieces(data, size)))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_read_as_tarfile_reads_it(dialect: str) -> None:
    name = LONG if dialect != "ustar" else "d" * 120 + "/" + "n" * 90
    data = _written(
        DIALECTS[dialect],
        member(name, b"x" * 1000),
        member("dir", kind=tarfile.DIRTYPE),
        member("hard", kind=tarfile.LNKTYPE, linkname=name[:90]),
        member("soft", kind=tarfile.SYMTYPE, linkname="a" * 90),
        member("fifo", kind=tarfile.FIFOTYPE),
        member("end", b"y"),
    )
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        expected = [(info.name.encode(), info.type.decode(), info.size, info.linkname.encode()) for info in tar]
    found = [(each.name.rstrip(b"/"), each.kind, each.size, each.linkname) for each in _entries(data)]
    assert found == expected


@pytest.mark.parametrize("size", [1, 511, 512, 513, 1 << 20])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    assert _entries(BASE, size) == _entries(BASE)


@pytest.mark.parametrize("cut", [1, 511, 513, 1023])
def test_an_archive_that_stops_early_is_none(cut: int) -> None:
    with pytest.raises(TarError):
        _entries(archive(member("a", b"x" * 600))[:-10240] + archive(member("a", b"x" * 600))[:cut])


def test_an_old_checksum_of_signed_bytes_is_right() -> None:
    info = tarfile.TarInfo("\xe9\xe9")
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT, "latin-1"))
    total = 256 + sum(byte - 256 if byte > 127 else byte for byte in block[:148] + block[156:])
    block[148:156] = b"%06o\0 " % total
    assert [each.name for each in _entries(bytes(block))] == [b"\xe9\xe9"]
    block[0] ^= 1
    with pytest.raises(TarError, match="checksum"):
        _entries(bytes(block))


def test_big_numbers_are_read_in_base_256() -> None:
    info = tarfile.TarInfo("a")
    info.size = 1 << 40
    stream = iter(TarStream(iter([info.tobuf(tarfile.GNU_FORMAT)])))
    assert next(stream).size == 1 << 40
    with pytest.raises(TarError, match="stops within the data"):
        next(stream)


@pytest.mark.parametrize("data", [b"abc", b"5 a=b\n", b"7 a=b\n", b"6 =bc\n", b"6 abc\n", b"99 a=b\n", b"6 a=bc"])
def test_malformed_pax_records(data: bytes) -> None:
    with pytest.raises(TarError):
        pax_records(data)


def test_pax_records() -> None:
    assert pax_records(b"6 a=b\n9 path=\xff\n\0\0") == {b"a": b"b", b"path": b"\xff"}


REMARKS: dict[str, tuple[bytes, str]] = {
    "a step up": (archive(member("a/../../b")), "`..` step"),
    "a hard link up": (archive(member("a", kind=tarfile.LNKTYPE, linkname="../b")), "a hard link whose target has a `..` step"),
    "the root no directory": (
        archive(member(".", kind=tarfile.SYMTYPE, linkname="/")),
        "an entry for the root that is no directory",
    ),
    "two spellings": (archive(member("a"), member("./a")), "in another spelling"),
    "a type of its own": (archive(member("a", kind=b"Z")), "a type of file that POSIX does not have"),
    "a link out of the layer": (archive(member("a", kind=tarfile.LNKTYPE, linkname="b")), "what this layer does not hold"),
    "a link before its target": (
        archive(member("a", kind=tarfile.LNKTYPE, linkname="b"), member("b")),
        "comes before its target",
    ),
    "a link to a directory": (
        archive(member("b", kind=tarfile.DIRTYPE), member("a", kind=tarfile.LNKTYPE, linkname="b")),
        "a hard link to a directory",
    ),
    "a bare whiteout": (archive(member("a/.wh.")), "a whiteout without the name"),
    "a whiteout of .": (archive(member("a/.wh..")), "a whiteout without the name"),
    "a whiteout of ..": (archive(member("a/.wh...")), "a whiteout without the name"),
    "a whiteout of a whiteout": (archive(member("a/.wh..wh.b")), "hides a name that begins with .wh."),
    "a file below a whiteout": (archive(member(".wh.a/b")), "lies below a name that begins with .wh."),
    "data after the end": (BASE + b"more".ljust(512), "data after the end"),
    "a global header": (
        _written(tarfile.PAX_FORMAT, (tarfile.TarInfo("a"), b""))[:0]
        + tarfile.TarInfo.create_pax_global_header({"comment": "x"})
        + BASE,
        "global PAX header",
    ),
}


@pytest.mark.parametrize("name", REMARKS)
def test_what_attacks_look_like_is_said_without_reproach(tmp_path: Path, name: str) -> None:
    data, message = REMARKS[name]
    findings = validate(str(layout(archives=[data]).write(tmp_path)))
    assert [each.message for each in findings if message in each.message]
    assert {each.level.value for each in findings} == {"none"}


def test_names_that_are_no_text_are_shown_in_plain_ascii(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[0:2] = b"\xff\x1b"
    block[148:156] = b"%06o\0 " % (256 + sum(block[:148]) + sum(block[156:]))
    findings = validate(str(layout(archives=[bytes(block) * 2]).write(tmp_path)))
    assert [(each.path, each.requirement) for each in findings] == [('$["\\udcff\\u001b"]', "layer.no-duplicates")]


def test_entries_beyond_the_limit_are_not_judged_but_the_diff_id_is() -> None:
    layer = Layer(iter([BASE]), media_type=LAYER, algorithms=["sha256"], limits=Limits(entries=2))
    assert [(each.unjudged, each.message.split(" with")[0]) for each in layer.breaches()] == [
        (True, "not judged beyond 2 entries")
    ]
    assert layer.diff_ids is not None
    assert layer.diff_ids["sha256"].encoded == hashlib.sha256(BASE).hexdigest()


def _zstd() -> Callable[[bytes], bytes]:
    try:
        compress: Callable[[bytes], bytes] = compression._library().compress
    except NotDecompressedError:
        pytest.skip("no zstd library")
    return compress


@pytest.mark.parametrize("level", [1, 9])
def test_gzip_of_several_members_is_one_layer(level: int) -> None:
    packed = gzip.compress(BASE[:700], level) + gzip.compress(b"") + gzip.compress(BASE[700:], level)
    for size in (1, 100, 1 << 20):
        assert b"".join(compression.gunzip(_pieces(packed, size), Limits())) == BASE


@pytest.mark.parametrize("after", [b"\0" * 100, b"rubbish", b"\x1f"])
def test_what_follows_gzip_is_not_judged(after: bytes) -> None:
    assert b"".join(compression.gunzip(_pieces(gzip.compress(BASE) + after, 4096), Limits())) == BASE


@pytest.mark.parametrize("packed", [b"", b"\x1f\x8b", gzip.compress(BASE)[:-1], b"x" + gzip.compress(BASE)])
def test_what_is_no_gzip_is_corrupt(packed: bytes) -> None:
    with pytest.raises(CorruptError):
        list(compression.gunzip(_pieces(packed, 100), Limits()))


@pytest.mark.parametrize("limits", [Limits(free_bytes=1 << 16, ratio=10), Limits(layer_bytes=1 << 20)])
def test_too_much_output_ends_the_decompression(limits: Limits) -> None:
    packed = gzip.compress(bytes(4 << 20))
    with pytest.raises(NotDecompressedError):
        list(compression.gunzip(_pieces(packed, 512), limits))
    assert sum(map(len, compression.gunzip(_pieces(packed, 512), Limits()))) == 4 << 20


def test_zstd_is_read_with_a_library(tmp_path: Path) -> None:
    compress = _zstd()
    assert validate(str(layout(suffix="+zstd", pack=compress).write(tmp_path / "a"))) != []  # not among the portable types
    findings = validate(str(layout(suffix="+zstd", pack=lambda data: compress(data)[:-1]).write(tmp_path / "b")))
    assert "layer.plus-zstd" in {each.requirement for each in findings}


def test_zstd_frames_and_skippable_ones_are_one_layer() -> None:
    compress = _zstd()
    packed = b"\x50\x2a\x4d\x18\x04\0\0\0skip" + compress(BASE[:700]) + compress(BASE[700:])
    for size in (1, 100, 1 << 20):
        assert b"".join(compression.unzstd(_pieces(packed, size), Limits())) == BASE
    with pytest.raises(NotDecompressedError):
        list(compression.unzstd(_pieces(compress(bytes(4 << 20)), 64), Limits(free_bytes=1 << 16, ratio=10)))


def test_zstd_without_a_library_is_said_to_be_unjudged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_LIBRARIES", ())
    findings = validate(str(layout(suffix="+zstd", pack=bytes).write(tmp_path)))
    told = [each for each in findings if each.unjudged]
    assert [each.message for each in told] == ["layer not judged: needs Python 3.14 or backports.zstd"] * 2


def test_a_rule_never_sees_what_a_layer_does_not_hold() -> None:
    found = list(layers.breaches(TarStream(iter([BASE])), Limits()))
    assert found == []
