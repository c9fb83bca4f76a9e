"""The option tmpcopyup: a tmpfs begins with what the directory below it holds."""

import posix

from reference_runtime.kernel.files import O_PATH
from reference_runtime.kernel.mounts import RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, openat2

_S_IFMT, _S_IFDIR, _S_IFREG, _S_IFLNK = 0o170000, 0o040000, 0o100000, 0o120000
_CHUNK = 1 << 20
_STRAIGHT = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS


def copy_up(source: int, target: int) -> None:
    """Copy all that a directory holds, with owners, modes, times and links; both are descriptors. Sockets are left out.

    Names are looked up without following links, so a directory that is changed meanwhile leads nowhere else.
    """
    with_listing = openat2(source, ".", posix.O_RDONLY, resolve=_STRAIGHT)
    try:
        for name in posix.listdir(with_listing):
            _copy(with_listing, target, name)
        _copy_metadata(source, target, ".")
    finally:
        posix.close(with_listing)


def _copy(source: int, target: int, name: str) -> None:
    status = posix.stat(name, dir_fd=source, follow_symlinks=False)
    kind = status.st_mode & _S_IFMT
    if kind == _S_IFDIR:
        posix.mkdir(name, dir_fd=target)
        inner = openat2(source, name, O_PATH, resolve=_STRAIGHT), openat2(target, name, O_PATH, resolve=_STRAIGHT)
        copy_up(*inner)
        for descriptor in inner:
            posix.close(descriptor)
        return
    if kind == _S_IFREG:
        _copy_file(source, target, name)
    elif kind == _S_IFLNK:
        posix.symlink(posix.readlink(name, dir_fd=source), name, dir_fd=target)
    else:
        posix.mknod(name, status.st_mode, status.st_rdev, dir_fd=target)
    _copy_metadata(source, target, name)


def _copy_file(source: int, target: int, name: str) -> None:
    reader = openat2(source, name, posix.O_RDONLY | posix.O_NONBLOCK, resolve=_STRAIGHT)  # a pipe by now would make us wait
    writer = posix.open(name, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o600, dir_fd=target)
    while posix.sendfile(writer, reader, None, _CHUNK):
        pass
    posix.close(reader)
    posix.close(writer)


def _copy_metadata(source: int, target: int, name: str) -> None:
    status = posix.stat(name, dir_fd=source, follow_symlinks=False)
    posix.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    if status.st_mode & _S_IFMT != _S_IFLNK:
        posix.chmod(name, status.st_mode & 0o7777, dir_fd=target)
    posix.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=target, follow_symlinks=False)
