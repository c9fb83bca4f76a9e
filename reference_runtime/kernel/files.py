"""Read and write small files, and look at what a descriptor is."""

import posix

O_PATH = 0o10000000
AT_FDCWD = -100
_CHUNK = 1 << 16


def read_bytes(path: str, *, directory: "int | None" = None, limit: "int | None" = None) -> bytes:
    """Return a file's content, at most `limit` bytes of it. Raises OSError with the path."""
    descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC, dir_fd=directory)
    try:
        return read_descriptor(descriptor, limit=limit)
    finally:
        posix.close(descriptor)


def read_descriptor(descriptor: int, *, limit: "int | None" = None) -> bytes:
    """Return what is left to read, at most `limit` bytes."""
    chunks = []
    left = limit
    while left is None or left > 0:
        chunk = posix.read(descriptor, _CHUNK if left is None else min(left, _CHUNK))
        if not chunk:
            break
        chunks.append(chunk)
        if left is not None:
            left -= len(chunk)
    return b"".join(chunks)


def read_text(path: str, *, directory: "int | None" = None) -> str:
    """Return a file's content as text; bytes that are no UTF-8 survive as surrogates."""
    return read_bytes(path, directory=directory).decode("utf-8", "surrogateescape")


def write_file(path: str, *contents: "str | bytes", directory: "int | None" = None) -> None:
    """Write to a file that is there already, each content in one call, as the files of /proc and of cgroups want it.

    Raises OSError with the path.
    """
    descriptor = posix.open(path, posix.O_WRONLY | posix.O_CLOEXEC, dir_fd=directory)
    try:
        for content in contents:
            posix.write(descriptor, content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        posix.close(descriptor)


def create_file(path: str, content: "str | bytes", *, mode: int = 0o600) -> None:
    """Make or replace a file at once: nobody ever sees a part of it. The temporary name begins with a dot."""
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    parent, _, name = path.rpartition("/")
    temporary = f"{parent}/.{name}" if parent else f".{name}"
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC
    try:
        descriptor = posix.open(temporary, flags, mode)
    except FileExistsError:  # left by a call that was killed, or a link that somebody has laid: either is not written to
        posix.unlink(temporary)
        descriptor = posix.open(temporary, flags, mode)
    try:
        while data:
            data = data[posix.write(descriptor, data) :]
        posix.close(descriptor)
        posix.rename(temporary, path)
    except OSError:
        posix.unlink(temporary)
        raise


def exists(path: str) -> bool:
    """Whether something is there, links followed."""
    try:
        posix.stat(path)
    except OSError:
        return False
    return True


def encode(path: str) -> bytes:
    """Return the bytes that the kernel knows a path by."""
    return path.encode("utf-8", "surrogateescape")
