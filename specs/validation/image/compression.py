"""Decompress a layer piece by piece, within bounds: a bomb costs seconds and a few megabytes, and is reported.

gzip (RFC 1952) comes with Python; several members are legal, what follows the last one is not judged. zstd (RFC 8878) needs
Python 3.14's `compression.zstd` or `backports.zstd`; without either such a layer is not looked at, and that is said.
"""

import importlib
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType

from specs.validation.image.limits import Limits

CHUNK = 1 << 18
_LIBRARIES = ("compression.zstd", "backports.zstd")
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"


class CorruptError(ValueError):
    """The bytes are not of the compression that the media type names."""


class NotDecompressedError(ValueError):
    """The layer is left alone: no library, or more output than the bounds allow. Says nothing about the layer's truth."""


def plain(chunks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:  # noqa: ARG001  # one signature for all three
    """Pass an uncompressed layer through."""
    return chunks


def gunzip(chunks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Yield what is inside gzip; raises CorruptError and NotDecompressedError."""
    budget = _Budget(limits)
    member, members, fed = zlib.decompressobj(_GZIP), 0, 0
    for chunk in chunks:
        budget.read(chunk)
        data = chunk
        while data:
            if member.eof:
                if not data.startswith(_GZIP_MAGIC[: len(data)]):
                    return
                member, members, fed = zlib.decompressobj(_GZIP), members + 1, 0
            fed += len(data)
            piece = _inflated(member, data)
            data = member.unused_data if member.eof else member.unconsumed_tail
            yield budget.wrote(piece)
    if not member.eof and not (members and fed < len(_GZIP_MAGIC)):
        raise CorruptError("the gzip stream stops early")


def _inflated(member: "zlib._Decompress", data: bytes) -> bytes:
    try:
        return member.decompress(data, CHUNK)
    except zlib.error as error:
        raise CorruptError(f"no gzip: {error}") from None


def unzstd(chunks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Yield what is inside zstd frames, skippable ones left out; raises CorruptError and NotDecompressedError."""
    zstd = _library()
    budget = _Budget(limits)
    options = {zstd.DecompressionParameter.window_log_max: limits.window_log}
    frame, started = zstd.ZstdDecompressor(options=options), False
    for chunk in chunks:
        budget.read(chunk)
        data = chunk
        while data or not (frame.eof or frame.needs_input):
            if frame.eof:
                frame = zstd.ZstdDecompressor(options=options)
            started = True
            try:
                piece = frame.decompress(data, CHUNK)
            except zstd.ZstdError as error:
                raise CorruptError(f"no zstd: {error}") from None
            data = frame.unused_data if frame.eof else b""
            yield budget.wrote(piece)
    if not (started and frame.eof):
        raise CorruptError("the zstd stream stops early")


DECOMPRESSORS: dict[str, Callable[[Iterator[bytes], Limits], Iterator[bytes]]] = {"": plain, "+gzip": gunzip, "+zstd": unzstd}
"""By the suffix of the layer's media type."""


def _library() -> ModuleType:
    for name in _LIBRARIES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise NotDecompressedError("needs Python 3.14 or backports.zstd")


class _Budget:
    """Counts both sides of a decompression."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._read = 0
        self._wrote = 0

    def read(self, chunk: bytes) -> None:
        self._read += len(chunk)

    def wrote(self, piece: bytes) -> bytes:
        self._wrote += len(piece)
        if self._wrote > self._limits.layer_bytes:
            raise NotDecompressedError(f"more than {self._limits.layer_bytes} bytes come out of it")
        if self._wrote > self._limits.free_bytes and self._wrote > self._limits.ratio * self._read:
            raise NotDecompressedError(f"more than {self._limits.ratio} bytes come out of each of its first {self._read}")
        return piece
