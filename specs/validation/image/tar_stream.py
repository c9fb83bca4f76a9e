"""Read the headers of a tar archive from a stream: never extracts, never seeks, keeps one entry at a time.

Knows v7, ustar, PAX (POSIX.1-2001) and the GNU dialect (tar(5), GNU tar manual, "Basic Tar Format"), since the image spec names
none. A header is trusted only with its checksum. Nothing here is Python's `tarfile`: its helpers extract, and its reader keeps
every entry.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = 512
_ZEROS = bytes(BLOCK)
_EXTENDED_LIMIT = 1 << 20  # what Go's archive/tar takes for one name or PAX header
_HEADER_ONLY = frozenset(b"123456")  # links, devices, directories and FIFOs carry no data whatever `size` says
_PAX_RECORD = re.compile(rb"([0-9]{1,9}) ")


class TarError(ValueError):
    """The stream is not a tar archive, or stops within one; the message says where."""


class TarTooBigError(ValueError):
    """One header asks for more memory than any real archive needs."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One member: `kind` is its type flag ('0' for an old regular file), `pax` its own extended records."""

    name: bytes
    kind: str
    size: int
    """Bytes of data that follow in the archive."""
    linkname: bytes
    pax: dict[bytes, bytes]
    sparse: bool


@dataclass(slots=True)
class _Extended:
    """What the headers before a member say about it."""

    pax: dict[bytes, bytes]
    name: bytes | None = None
    linkname: bytes | None = None


class TarStream:
    """Iterate over the entries of an archive given as chunks of bytes; `trailing` tells of bytes after its end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""
        self._at = 0
        self._offset = 0
        self.global_headers = 0
        self.trailing = False

    def __iter__(self) -> Iterator[Entry]:
        """Yield each entry, then read to the end of the stream; raises TarError, TarTooBigError and what the chunks raise."""
        extended = _Extended({})
        while (block := self._take(BLOCK)) and block != _ZEROS:
            kind, size = self._header(block)
            if kind in "xgLK":
                self._extend(extended, kind, self._data(size))
                continue
            entry = _entry(block, kind, size, extended)
            if kind == "S":
                self._skip_sparse_map(block)
            extended = _Extended({})
            yield entry
            self._skip(entry.size)
        self._drain()

    def _header(self, block: bytes) -> tuple[str, int]:
        if len(block) < BLOCK:
            raise TarError(f"the archive stops within a header, at byte {self._offset}")
        if not _checksum_holds(block):
            raise TarError(f"no tar header at byte {self._offset - BLOCK}: its checksum is wrong")
        kind = chr(block[156]) if block[156] else "0"
        size = _number(block[124:136])
        if size is None or size < 0:
            raise TarError(f"the header at byte {self._offset - BLOCK} has no usable size")
        return kind, 0 if block[156] in _HEADER_ONLY else size

    def _extend(self, extended: _Extended, kind: str, data: bytes) -> None:
        if kind == "g":
            pax_records(data)
            self.global_headers += 1
        elif kind == "x":
            extended.pax.update(pax_records(data))
        elif kind == "L":
            extended.name = data.split(b"\0", 1)[0]
        else:
            extended.linkname = data.split(b"\0", 1)[0]

    def _data(self, size: int) -> bytes:
        if size > _EXTENDED_LIMIT:
            raise TarTooBigError(f"an extended header of {size} bytes at byte {self._offset}")
        data = self._take(size)
        self._skip_exactly(-size % BLOCK)
        if len(data) < size:
            raise TarError(f"the archive stops within an extended header, at byte {self._offset}")
        return data

    def _skip_sparse_map(self, block: bytes) -> None:
        more = block[482] != 0
        while more:
            extension = self._take(BLOCK)
            if len(extension) < BLOCK:
                raise TarError(f"the archive stops within a sparse map, at byte {self._offset}")
            more = extension[504] != 0

    def _skip(self, size: int) -> None:
        """Skip an entry's data and padding. Only the padding of the very last one may be missing."""
        if self._skip_exactly(size) < size:
            raise TarError(f"the archive stops within the data of an entry, at byte {self._offset}")
        self._skip_exactly(-size % BLOCK)

    def _take(self, size: int) -> bytes:
        parts = []
        missing = size
        while missing and self._fill():
            part = self._buffer[self._at : self._at + missing]
            parts.append(part)
            self._at += len(part)
            missing -= len(part)
        self._offset += size - missing
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _skip_exactly(self, size: int) -> int:
        missing = size
        while missing and self._fill():
            step = min(missing, len(self._buffer) - self._at)
            self._at += step
            missing -= step
        self._offset += size - missing
        return size - missing

    def _fill(self) -> bool:
        while self._at == len(self._buffer):
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._buffer, self._at = chunk, 0
        return True

    def _drain(self) -> None:
        while self._fill():
            self.trailing = self.trailing or self._buffer.count(0, self._at) != len(self._buffer) - self._at
            self._at = len(self._buffer)


def pax_records(data: bytes) -> dict[bytes, bytes]:
    """Parse records of length, key and value (POSIX pax, "pax Extended Header"); raises TarError. NULs at the end are padding."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data) and data[at]:
        match = _PAX_RECORD.match(data, at)
        end = at + int(match[1]) if match else at
        key, equals, value = data[match.end() : end].partition(b"=") if match else (b"", b"", b"")
        if not key or not equals or end > len(data) or not value.endswith(b"\n"):
            raise TarError("a PAX header holds a malformed record")
        found[key] = value[:-1]
        at = end
    return found


def _entry(block: bytes, kind: str, size: int, extended: _Extended) -> Entry:
    pax = extended.pax
    name = pax.get(b"path") or extended.name or _name(block)
    linkname = pax.get(b"linkpath") or extended.linkname or block[157:257].split(b"\0", 1)[0]
    if b"size" in pax and kind not in "123456":
        if not pax[b"size"].isdigit() or len(pax[b"size"]) > 19:
            raise TarError(f"a PAX header gives no usable size: {pax[b'size'][:40]!r}")
        size = int(pax[b"size"])
    return Entry(name, kind, size, linkname, pax, kind == "S" or any(key.startswith(b"GNU.sparse.") for key in pax))


def _name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    if block[257:263] != b"ustar\0":
        return name  # v7 has no prefix; GNU ("ustar  ") keeps times where POSIX keeps it
    prefix = block[345:500].split(b"\0", 1)[0]
    return prefix + b"/" + name if prefix else name


def _checksum_holds(block: bytes) -> bool:
    stated = _number(block[148:156])
    spaces = 8 * 32
    total = sum(block) - sum(block[148:156]) + spaces
    if stated == total:
        return True
    signed = total - 256 * sum(byte > 127 for byte in block[:148] + block[156:])  # old tars added signed chars
    return stated == signed


def _number(field: bytes) -> int | None:
    """Octal digits between spaces and NULs, or GNU's base-256 where the first bit is set; None for anything else."""
    if field[0] & 0x80:
        return (
            int.from_bytes(field, "big", signed=True)
            if field[0] == 0xFF
            else int.from_bytes(field, "big") - (0x80 << 8 * (len(field) - 1))
        )
    digits = field.split(b"\0", 1)[0].strip(b" ")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return None
