"""Namespaces, mounts and network interfaces that a case wants on the host before create. To be used inside the session jail.

A namespace lives as long as something refers to it: here a bind mount of its file in /proc, see namespaces(7). A pid
namespace in addition needs its first process, since nothing can be started in it once that has ended.
"""

import contextlib
import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Self

from conformance.bundle.builder import Bundle
from conformance.bundle.residents import Resident
from conformance.cases.case import Case, HostMount
from conformance.host import kernel, links

_KINDS = {
    "network": ("net", kernel.CLONE_NEWNET),
    "uts": ("uts", kernel.CLONE_NEWUTS),
    "ipc": ("ipc", kernel.CLONE_NEWIPC),
    "pid": ("pid", kernel.CLONE_NEWPID),
    "mount": ("mnt", kernel.CLONE_NEWNS),
    "user": ("user", kernel.CLONE_NEWUSER),
    "cgroup": ("cgroup", kernel.CLONE_NEWCGROUP),
    "time": ("time", kernel.CLONE_NEWTIME),
}
"""The config's word to the name in /proc/PID/ns and the flag of clone(2)."""
_OF_A_PROCESS = frozenset({kernel.CLONE_NEWUSER, kernel.CLONE_NEWPID})
"""What a thread cannot have for itself, or not keep."""


class HostSetup:
    """Makes what the case wants and removes it again: a context manager, or `prepare` and `remove`."""

    def __init__(self, case: Case, bundle: Bundle) -> None:
        self._kinds = {wanted.name: wanted.kind for wanted in case.namespaces}
        self._links = case.links
        self._bundle = bundle
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        self.prepare()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def prepare(self) -> None:
        """Make the namespaces, then the mounts; targets below {host} or {bundle} are made where they are missing.

        With interfaces the calling thread is in a network namespace of their own from then on, and so is what it starts.
        Raises OSError, and has removed by then what it made.
        """
        with ExitStack() as undo:
            for name, path in self._bundle.namespaces.items():
                _hold_namespace(self._kinds[name], path, undo)
            for mount in self._bundle.mounts:
                if mount.target.startswith((f"{self._bundle.directory}/", f"{self._bundle.host_directory}/")):
                    os.makedirs(mount.target, exist_ok=True)
                _mount(mount, undo)
            if self._links:
                undo.enter_context(links.elsewhere())
            for link in self._links:
                with links.elsewhere(self._bundle.namespaces[link.namespace]) if link.namespace else contextlib.nullcontext():
                    links.make(link.name, mtu=link.mtu, addresses=link.addresses, up=link.up)
            self._undo = undo.pop_all()

    def remove(self) -> None:
        """Undo everything, latest first, whether or not the runtime left it alone; a second time it does nothing."""
        self._undo.close()


def _hold_namespace(kind: str, path: str, undo: ExitStack) -> None:
    """Make a namespace and bind it to the file `path`."""
    entry, flag = _KINDS[kind]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "x"):
        pass
    undo.callback(_unlink, path)
    if flag == kernel.CLONE_NEWNS:
        _on_some_processor(lambda: _bind_namespace(entry, flag, path, undo))
    else:
        _bind_namespace(entry, flag, path, undo)


def _on_some_processor(act: Callable[[], None]) -> None:
    """Do it on one processor after the other until the kernel does not answer EINVAL.

    A mount namespace can be bound only in one with a lower id, and each processor hands out ids from a share of its own
    (Linux 6.18): only on the processor that made our own namespace is a new one sure to get a higher id.
    """
    allowed = os.sched_getaffinity(0)
    try:
        for left in reversed(range(len(allowed) + 1)):
            try:
                return act()
            except OSError as error:
                if error.errno != errno.EINVAL or not left:
                    raise
            os.sched_setaffinity(0, {sorted(allowed)[left - 1]})
    finally:
        os.sched_setaffinity(0, allowed)


def _bind_namespace(entry: str, flag: int, path: str, undo: ExitStack) -> None:
    if flag not in _OF_A_PROCESS:
        descriptor = _namespace_of_a_thread(entry, flag)
        try:
            kernel.mount(f"/proc/self/fd/{descriptor}", path, None, kernel.MS_BIND)
        finally:
            os.close(descriptor)
        undo.callback(_unmount, path)
        return
    resident = Resident(flag, f"{path}.resident")
    with ExitStack() as end:
        end.callback(resident.end)
        if flag == kernel.CLONE_NEWUSER:
            _map_all_ids(resident.pid)
        kernel.mount(f"/proc/{resident.pid}/ns/{entry}", path, None, kernel.MS_BIND)
        undo.callback(_unmount, path)
        if flag == kernel.CLONE_NEWPID:
            undo.push(end.pop_all())


def _namespace_of_a_thread(entry: str, flag: int) -> int:
    """Return a descriptor of a new namespace, made by a thread that ends with that: a fork would copy our whole page table."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_moved, entry, flag).result()


def _moved(entry: str, flag: int) -> int:
    """Move the calling thread into a new namespace, and open that."""
    kernel.unshare(flag)
    # A new time namespace is for children at first.
    link = "time_for_children" if flag == kernel.CLONE_NEWTIME else entry
    return os.open(f"/proc/thread-self/ns/{link}", os.O_RDONLY | os.O_CLOEXEC)


def _map_all_ids(pid: int) -> None:
    """Map every id that the harness has to itself, see user_namespaces(7)."""
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}", encoding="ascii") as file:
            extents = [line.split() for line in file]
        with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
            file.write("".join(f"{inside} {inside} {count}\n" for inside, _, count in extents))


def _mount(mount: HostMount, undo: ExitStack) -> None:
    """Make one mount."""
    kernel.mount(mount.source, mount.target, mount.fstype or None, mount.flags, mount.data or None)
    undo.callback(_unmount, mount.target)
    if mount.shared:
        kernel.mount(None, mount.target, None, kernel.MS_SHARED)


def _unmount(path: str) -> None:
    """Detach what is mounted at `path`; a runtime may have done so already."""
    try:
        kernel.umount2(path, kernel.MNT_DETACH)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOENT}:
            raise


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
