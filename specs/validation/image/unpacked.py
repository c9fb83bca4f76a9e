"""Reads one layer once: decompresses it, hashes the tar archive for its DiffID, and judges the archive's entries."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from specs.validation.finding import Breach
from specs.validation.image import digests, layers
from specs.validation.image.compression import DECOMPRESSORS, CorruptError, NotDecompressedError
from specs.validation.image.digests import Digest
from specs.validation.image.limits import Limits
from specs.validation.image.tar_stream import TarStream

REQUIREMENTS = (*layers.REQUIREMENTS, "layer.plus-gzip", "layer.plus-zstd")
"""What `Layer.breaches` can find broken."""

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar"
SUFFIXES: Mapping[str, str] = MappingProxyType(
    {base + suffix: suffix for base in (_LAYER, _NONDISTRIBUTABLE) for suffix in DECOMPRESSORS}
)
"""The compression of each layer type of the spec."""

_CORRUPT = {"+gzip": "layer.plus-gzip", "+zstd": "layer.plus-zstd"}


class Layer:
    """One layer's bytes, to be read once. `diff_ids` has its DiffID by algorithm when all was read, else it is None."""

    def __init__(self, chunks: Iterator[bytes], *, media_type: str, algorithms: Iterable[str], limits: Limits) -> None:
        self._suffix = SUFFIXES[media_type]
        self._chunks = chunks
        self._hashes = {algorithm: digests.HASHES[algorithm]() for algorithm in algorithms}
        self._limits = limits
        self.diff_ids: dict[str, Digest] | None = None

    def breaches(self) -> Iterator[Breach]:
        """Yield what is wrong with it."""
        archive = self._archive()
        try:
            yield from layers.breaches(TarStream(archive), self._limits)
            for _ in archive:
                pass  # no archive, or too many entries: the DiffID is that of all bytes
        except CorruptError as error:
            yield Breach((), _CORRUPT[self._suffix], f"expected what the media type says: {error}", invalid=True)
        except NotDecompressedError as error:
            yield Breach((), "", f"layer not judged: {error}", unjudged=True)
        else:
            self.diff_ids = {name: Digest(name, state.hexdigest()) for name, state in self._hashes.items()}

    def _archive(self) -> Iterator[bytes]:
        for chunk in DECOMPRESSORS[self._suffix](self._chunks, self._limits):
            for state in self._hashes.values():
                state.update(chunk)
            yield chunk
