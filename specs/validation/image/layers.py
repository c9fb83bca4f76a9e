"""Layers: what the entries of one tar archive say, read as a stream and never extracted (layer.md)."""

import posixpath
from collections.abc import Iterator

from specs.validation.finding import Breach
from specs.validation.image.limits import Limits
from specs.validation.image.tar_stream import Entry, TarError, TarStream, TarTooBigError

REQUIREMENTS = (
    "layer.tar-archive",
    "layer.no-duplicates",
    "layer.sparse",
    "layer.whiteout.empty-file",
    "layer.whiteout.regular-type",
    "layer.whiteout.order-first",
    "layer.whiteout.explicit-generate",
)
"""What `breaches` can find broken."""

_PREFIX = b".wh."
_OPAQUE = b".wh..wh..opq"
_KINDS = frozenset("01234567S")
"""Types of POSIX, and GNU's sparse file. '7' is a contiguous file, which is a regular one."""


def breaches(stream: TarStream, limits: Limits) -> Iterator[Breach]:
    """Yield what is wrong with a layer; reads the stream to its end, or until it is no archive or beyond the limits."""
    layer = _Layer()
    try:
        for number, entry in enumerate(stream, 1):
            yield from layer.entry(entry)
            if number >= limits.entries or layer.name_bytes > limits.name_bytes:
                yield _said("", f"not judged beyond {number} entries with {layer.name_bytes} bytes of names", unjudged=True)
                return
    except TarError as error:
        yield Breach((), "layer.tar-archive", f"expected a tar archive: {error}", invalid=True)
        return
    except TarTooBigError as error:
        yield _said("", f"not judged: {error}", unjudged=True)
        return
    yield from layer.links()
    if stream.global_headers:
        yield _said("", "has a global PAX header, which some tools refuse and others skip")
    if stream.trailing:
        yield _said("", "has data after the end of the archive, which no reader is bound to see")


class _Layer:
    """What has to be remembered of a layer's entries."""

    def __init__(self) -> None:
        self._kinds: dict[bytes, str] = {}
        """By name without leading `./` or `/`, the type of the last entry that has it."""
        self._raw: set[bytes] = set()
        self._parents_with_directories: set[bytes] = set()
        self._links: list[tuple[bytes, bytes, bool]] = []
        """Names of hard links, their targets, and whether the target had come before."""
        self.name_bytes = 0

    def entry(self, entry: Entry) -> Iterator[Breach]:
        """Judge one entry by those before it, and remember it."""
        name = _normal(entry.name)
        yield from _unusual_path(entry, name)
        yield from self._duplicate(entry, name)
        if entry.kind not in _KINDS:
            yield _at(entry.name, "", f"a type of file that POSIX does not have: {entry.kind!a}")
        if entry.sparse:
            yield _at(entry.name, "layer.sparse", "a sparse file, which not every tar understands")
        if entry.kind == "1":
            target = _normal(entry.linkname)
            self._links.append((entry.name, target, target in self._kinds))
            self.name_bytes += len(entry.linkname)
        yield from self._whiteout(entry, name)
        self._remember(entry, name)

    def links(self) -> Iterator[Breach]:
        """Judge hard links when all entries are known. A target outside the layer is legal, so is one that comes later."""
        for name, target, _ in self._links:
            if self._kinds.get(target) == "5":
                yield _at(name, "", "a hard link to a directory, which the layer format does not have")
        for name, target, before in self._links:
            if target not in self._kinds:
                yield _at(name, "", "a hard link to what this layer does not hold: extracting it may fail")
            elif not before:
                yield _at(name, "", "a hard link that comes before its target: tools that extract in order fail")

    def _remember(self, entry: Entry, name: bytes) -> None:
        self.name_bytes += 2 * len(entry.name)
        self._raw.add(entry.name)
        self._kinds[name] = entry.kind
        if entry.kind == "5":
            self._parents_with_directories.add(posixpath.dirname(name))

    def _duplicate(self, entry: Entry, name: bytes) -> Iterator[Breach]:
        if entry.name in self._raw:
            yield _at(entry.name, "layer.no-duplicates", "an earlier entry has the same path")
        elif name in self._kinds:
            yield _at(
                entry.name, "", "an earlier entry has this path in another spelling: whether that is a duplicate is not said"
            )

    def _whiteout(self, entry: Entry, name: bytes) -> Iterator[Breach]:
        if _PREFIX not in name:
            return
        directory, base = posixpath.split(name)
        if any(part.startswith(_PREFIX) for part in directory.split(b"/")):
            yield _at(entry.name, "", "lies below a name that begins with .wh., which only whiteouts have")
        if not base.startswith(_PREFIX):
            return
        if entry.kind not in "07":
            yield _at(
                entry.name, "layer.whiteout.regular-type", f"expected a regular file for a whiteout, found type {entry.kind!a}"
            )
        elif entry.size:
            yield _at(entry.name, "layer.whiteout.empty-file", f"expected an empty file for a whiteout, found {entry.size} bytes")
        yield from self._whiteout_name(entry, directory, base)

    def _whiteout_name(self, entry: Entry, directory: bytes, base: bytes) -> Iterator[Breach]:
        if base == _OPAQUE:
            yield _at(
                entry.name, "layer.whiteout.explicit-generate", "an opaque whiteout, where generators should name each path"
            )
            return
        hidden = base.removeprefix(_PREFIX)
        if hidden in (b"", b".", b".."):
            yield _at(
                entry.name, "", "a whiteout without the name of what is to be deleted: some tools delete the whole directory"
            )
        elif hidden.startswith(_PREFIX):
            yield _at(entry.name, "", "hides a name that begins with .wh., which nothing can have")
        if directory in self._parents_with_directories:
            yield _at(
                entry.name, "layer.whiteout.order-first", "comes after a directory beside it, where whiteouts should come first"
            )


def _normal(name: bytes) -> bytes:
    """Return a path without leading slash, `.` steps and repeated slashes; `..` stays, as readers differ on it."""
    return b"/".join(part for part in name.split(b"/") if part not in (b"", b"."))


def _unusual_path(entry: Entry, name: bytes) -> Iterator[Breach]:
    """Say what attacks look like. The text fixes no form of paths: `a`, `./a` and `/a` all occur."""
    if b".." in name.split(b"/"):
        yield _at(entry.name, "", "the path has a `..` step, which can lead out of the root file system")
    if not entry.name or b"\0" in entry.name:
        yield _at(entry.name, "", "the path is empty or has a NUL")
    if not name and entry.kind != "5" and entry.name:
        yield _at(entry.name, "", "an entry for the root that is no directory")
    if entry.kind == "1" and b".." in entry.linkname.split(b"/"):
        yield _at(entry.name, "", "a hard link whose target has a `..` step, which can lead out of the root file system")


def _at(name: bytes, requirement: str, message: str) -> Breach:
    return Breach((name.decode("utf-8", "surrogateescape"),), requirement, message)


def _said(requirement: str, message: str, *, unjudged: bool = False) -> Breach:
    return Breach((), requirement, message, unjudged=unjudged)
