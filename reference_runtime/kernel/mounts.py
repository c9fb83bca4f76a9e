"""Mounts by descriptor: what is attached where is decided once, when a descriptor is opened, and no path is walked again.

Numbers are those of linux/mount.h.
"""

import posix

from reference_runtime.kernel.files import AT_FDCWD, O_PATH, encode
from reference_runtime.kernel.syscall import syscall

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_SYNCHRONOUS = 16
MS_REMOUNT = 32
MS_MANDLOCK = 64
MS_DIRSYNC = 128
MS_NOSYMFOLLOW = 256
MS_NOATIME = 1024
MS_NODIRATIME = 2048
MS_BIND = 4096
MS_REC = 16384
MS_SILENT = 32768
MS_UNBINDABLE = 1 << 17
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MS_SHARED = 1 << 20
MS_RELATIME = 1 << 21
MS_I_VERSION = 1 << 23
MS_STRICTATIME = 1 << 24
MS_LAZYTIME = 1 << 25

MNT_DETACH = 2
UMOUNT_NOFOLLOW = 8

PROC_SUPER_MAGIC = 0x9FA0
DEVPTS_SUPER_MAGIC = 0x1CD1

MOUNT_ATTR_RDONLY = 1
MOUNT_ATTR_NOSUID = 2
MOUNT_ATTR_NODEV = 4
MOUNT_ATTR_NOEXEC = 8
MOUNT_ATTR__ATIME = 0x70
MOUNT_ATTR_RELATIME = 0
MOUNT_ATTR_NOATIME = 0x10
MOUNT_ATTR_STRICTATIME = 0x20
MOUNT_ATTR_NODIRATIME = 0x80
MOUNT_ATTR_IDMAP = 0x100000
MOUNT_ATTR_NOSYMFOLLOW = 0x200000

AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
OPEN_TREE_CLONE = 1
OPEN_TREE_CLOEXEC = 0o2000000
MOVE_MOUNT_F_EMPTY_PATH = 4
MOVE_MOUNT_T_EMPTY_PATH = 0x40

RESOLVE_NO_XDEV = 1
RESOLVE_NO_MAGICLINKS = 2
RESOLVE_NO_SYMLINKS = 4
RESOLVE_BENEATH = 8
RESOLVE_IN_ROOT = 16


def mount(source: "str | None", target: str, kind: "str | None", flags: int, data: "str | None" = None) -> None:
    """mount(2); a target of "." is the working directory, whatever leads there by name."""
    texts = [None if text is None else encode(text) for text in (source, target, kind, data)]
    syscall("mount", texts[0], texts[1], texts[2], flags, texts[3], path=target)


def umount(target: str, flags: int = MNT_DETACH) -> None:
    """umount2(2), by default out of sight at once."""
    syscall("umount2", encode(target), flags, path=target)


def pivot_root(new_root: str, put_old: str) -> None:
    """pivot_root(2)."""
    syscall("pivot_root", encode(new_root), encode(put_old), path=new_root)


def open_tree(directory: int, path: str, flags: int) -> int:
    """open_tree(2): a descriptor of a mount, or with OPEN_TREE_CLONE of a detached copy of it. Close on exec."""
    empty = 0 if path else AT_EMPTY_PATH
    return syscall("open_tree", directory, encode(path), flags | empty | OPEN_TREE_CLOEXEC, path=path)


def clone_tree(path: str, *, recursive: bool, directory: int = AT_FDCWD) -> int:
    """Return a descriptor of a detached bind mount of `path`, with all below it if `recursive`."""
    return open_tree(directory, path, OPEN_TREE_CLONE | (AT_RECURSIVE if recursive else 0))


def move_mount(tree: int, target: int) -> None:
    """Attach a mount, given by a descriptor of its root, over the directory or file of another descriptor (move_mount(2))."""
    syscall("move_mount", tree, b"", target, b"", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)


def mount_setattr(  # its flags are those of the kernel's structure
    tree: int, *, attach: int = 0, clear: int = 0, propagation: int = 0, user_namespace: int = 0, recursive: bool = False
) -> None:
    """mount_setattr(2) on the mount that a descriptor is the root of."""
    attributes = b"".join(value.to_bytes(8, "little") for value in (attach, clear, propagation, user_namespace))
    syscall("mount_setattr", tree, b"", AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0), attributes, len(attributes))


def openat2(directory: int, path: str, flags: int, *, resolve: int, mode: int = 0) -> int:
    """openat2(2): open with a say in how the path is walked. Close on exec. Raises OSError with the path."""
    how = b"".join(value.to_bytes(8, "little") for value in (flags | posix.O_CLOEXEC, mode, resolve))
    for _ in range(_RACES):
        try:
            return syscall("openat2", directory, encode(path), how, len(how), path=path)
        except BlockingIOError:  # something was renamed meanwhile; the kernel asks to try again
            continue
    return syscall("openat2", directory, encode(path), how, len(how), path=path)


_RACES = 128


def open_in_root(root: int, path: str, flags: int = O_PATH) -> int:
    """Open a path as if `root` were "/": links and ".." lead to nothing outside, magic links of /proc are refused."""
    return openat2(root, path, flags, resolve=RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)


def filesystem_magic(descriptor: int) -> int:
    """Return the magic number of the file system that an open file lies on (fstatfs(2)), by which /proc is told from a fake."""
    buffer = bytearray(120)
    syscall("fstatfs", descriptor, buffer)
    return int.from_bytes(buffer[:8], "little")


def open_proc() -> int:
    """Return a descriptor of /proc, which is the root of a proc file system and nothing that a container has put there.

    Raises OSError.
    """
    descriptor = posix.open("/proc", O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC)
    if filesystem_magic(descriptor) != PROC_SUPER_MAGIC or posix.fstat(descriptor).st_ino != _PROC_ROOT_INODE:
        posix.close(descriptor)
        raise OSError(_ENODEV, "is no proc file system", "/proc")
    return descriptor


_PROC_ROOT_INODE = 1
_ENODEV = 19
