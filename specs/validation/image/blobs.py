"""The blobs of a layout: each file is hashed once, whoever asks first, and compared with its name (image-layout.md#blobs)."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from specs.validation.finding import Breach, shown
from specs.validation.image import digests, files
from specs.validation.image.digests import Digest
from specs.validation.image.limits import Limits

REQUIREMENTS = (
    "layout.blobs.structure",
    "layout.blobs.content-match",
    "layout.blobs.name-charset",
    "descriptor.digest.sha256-hex-lower",
    "descriptor.digest.sha512-hex-lower",
)
"""What `sweep` can find broken."""

_ALGORITHM = re.compile(r"[a-z0-9+._-]+", re.ASCII)
_ENCODED = re.compile(r"[a-zA-Z0-9=_-]+", re.ASCII)


class State(Enum):
    """What is known of a blob's content."""

    SOUND = "it hashes to its name"
    ALTERED = "it does not hash to its name"
    UNVERIFIED = "nobody here can compute its algorithm"
    MISSING = "it is not here"
    UNREAD = "it was not read"


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob as far as it was looked at."""

    state: State
    size: int | None = None
    """Bytes of the file, where there is a regular one."""
    found: Digest | None = None
    """What an altered one hashes to."""
    why: str = ""
    """Why it was not read."""


class Store:
    """The directory blobs/ of a layout, by its open descriptor; None where it is missing."""

    def __init__(self, directory: int | None, limits: Limits) -> None:
        self._directory = directory
        self._limits = limits
        self._known: dict[Digest, Blob] = {}
        self._entries = 0
        self.swept = 0
        """Files that `sweep` has seen."""
        self.unreferenced = 0
        """Those of them that nobody had asked for before."""

    def blob(self, digest: Digest) -> Blob:
        """Look at a blob, once."""
        if digest not in self._known:
            self._known[digest] = self._look(digest)
        return self._known[digest]

    def open(self, digest: Digest) -> int:
        """Open a blob's file; raises FileNotFoundError and files.NotOpenedError."""
        if self._directory is None:
            raise FileNotFoundError("no blobs directory")
        with _directory_of(digest.algorithm, self._directory) as parent:
            return files.open_file(digest.encoded, parent=parent)

    @contextmanager
    def opened(self, digest: Digest) -> Iterator[int]:
        """Open a blob's file for a while; raises as `open`."""
        descriptor = self.open(digest)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def sweep(self) -> Iterator[tuple[str, Breach]]:
        """Yield what is wrong with the files in blobs/, referenced or not, each with its place below the layout."""
        if self._directory is None:
            return
        for name, mode in self._listed(self._directory):
            place = f"blobs/{_plain(name)}"
            if not stat.S_ISDIR(mode):
                yield (
                    place,
                    Breach((), "layout.blobs.structure", f"expected a directory for an algorithm, found {files.kind(mode)}"),
                )
                continue
            if not _ALGORITHM.fullmatch(name):
                yield place, _charset("algorithm", "a-z, 0-9, + . _ -", name)
            try:
                with _directory_of(name, self._directory) as directory:
                    yield from self._sweep(name, place, directory)
            except files.NotOpenedError as error:
                yield place, _unjudged(str(error))
        if self._entries > self._limits.blobs:
            yield "blobs", _unjudged(f"more than {self._limits.blobs} entries")

    def _sweep(self, algorithm: str, place: str, directory: int) -> Iterator[tuple[str, Breach]]:
        for name, _ in self._listed(directory):
            self.swept += 1
            for breach in self._file(algorithm, name):
                yield f"{place}/{_plain(name)}", breach

    def _listed(self, directory: int) -> Iterator[tuple[str, int]]:
        """Yield names and modes, as many as the limit leaves."""
        with os.scandir(directory) as entries:
            for entry in entries:
                self._entries += 1
                if self._entries > self._limits.blobs:
                    return
                yield entry.name, entry.stat(follow_symlinks=False).st_mode

    def _file(self, algorithm: str, name: str) -> Iterator[Breach]:
        """Judge one file by its name and content."""
        if not _ENCODED.fullmatch(name):
            yield _charset("encoded", "a-z, A-Z, 0-9, = _ -", name)
            return
        digest = Digest(algorithm, name)
        self.unreferenced += digest not in self._known
        blob = self.blob(digest)
        if blob.state is State.UNREAD:
            yield _unjudged(blob.why)
        elif blob.state is State.ALTERED and blob.found == Digest(algorithm, name.lower()):
            yield Breach((), f"descriptor.digest.{algorithm}-hex-lower", "expected a name in lower case", invalid=True)
        elif blob.state is State.ALTERED:
            yield Breach(
                (), "layout.blobs.content-match", f"expected content that hashes to the name, found {blob.found}", invalid=True
            )

    def _look(self, digest: Digest) -> Blob:
        try:
            descriptor = self.open(digest)
        except FileNotFoundError:
            return Blob(State.MISSING)
        except files.NotOpenedError as error:
            return Blob(State.UNREAD, why=str(error))
        try:
            return self._read(digest, descriptor)
        except OSError as error:
            return Blob(State.UNREAD, why=error.strerror or "it cannot be read")
        finally:
            os.close(descriptor)

    def _read(self, digest: Digest, descriptor: int) -> Blob:
        status = os.fstat(descriptor)
        if digest.algorithm not in digests.HASHES:
            return Blob(State.UNVERIFIED, status.st_size)
        if why := self._too_much(status):
            return Blob(State.UNREAD, status.st_size, why=why)
        found = digests.of(digest.algorithm, files.chunks(descriptor))
        return Blob(State.SOUND, status.st_size) if found == digest else Blob(State.ALTERED, status.st_size, found)

    def _too_much(self, status: os.stat_result) -> str:
        """Say why a file is not worth its reading: apparent size costs nothing to whoever makes a sparse file."""
        allocated = status.st_blocks * 512
        if status.st_size > self._limits.free_bytes and status.st_size > allocated * self._limits.ratio:
            return f"{status.st_size} bytes, but only {allocated} on the disk"
        return ""


@contextmanager
def _directory_of(name: str, parent: int) -> Iterator[int]:
    """Open a directory for a while."""
    directory = files.open_directory(name, parent=parent)
    try:
        yield directory
    finally:
        os.close(directory)


def _plain(name: str) -> str:
    """Return a file's name as plain ASCII: whoever made it may have put anything into it."""
    return ascii(name)[1:-1]


def _charset(what: str, characters: str, name: str) -> Breach:
    message = f"expected a name of {characters} for {what}, found {shown(name)}"
    return Breach((), "layout.blobs.name-charset", message, invalid=True)


def _unjudged(why: str) -> Breach:
    return Breach((), "", f"not judged: {why}", unjudged=True)
