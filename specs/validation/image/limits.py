"""How far the walk through a layout goes. Beyond a bound it says so; it never accuses for size."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what one layout can cost. Time is bounded by the bytes that really lie on the disk, times `ratio`."""

    document_bytes: int = 4 << 20
    """A JSON document: what registries take at least (distribution-spec, "Pushing Manifests")."""
    document_values: int = 40_000
    """Values in a JSON document, which cost more than its bytes: by an upper bound, see `documents.weight`."""
    values: int = 800_000
    """Values in all JSON documents of a layout together."""
    index_depth: int = 64
    """Documents that lead from one to the next: indexes within indexes, subjects of subjects."""
    blobs: int = 200_000
    """Entries of blobs/ that are looked at."""
    ratio: int = 250
    """Output bytes for each input byte of a compressed layer, and apparent bytes for each allocated byte of a file."""
    free_bytes: int = 64 << 20
    """Output up to which the ratio is not asked."""
    layer_bytes: int = 1 << 40
    """Output of one layer."""
    window_log: int = 27
    """Memory of the zstd window, as a power of two: 128 MiB is what the zstd command takes by default."""
    entries: int = 1_000_000
    """Members of one layer."""
    name_bytes: int = 128 << 20
    """Bytes of all the names of one layer, which are kept to find duplicates."""
    repeats: int = 20
    """Findings about one requirement in one document."""
    findings: int = 5_000
    """Findings about the whole layout."""
