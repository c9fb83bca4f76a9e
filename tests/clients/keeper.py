"""Pid 1 of a world: furnishes it, starts what the tests ask for, reaps what is orphaned. `keeper FD TREE` inside a session jail.

FD is a SOCK_SEQPACKET socket. One message is one command, {"argv", "env", "cwd"} in JSON, with four descriptors: its standard
ones and a socket on which its wait status is told. Who closes that socket early ends the command.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
import traceback

from conformance.host import kernel

CHECKOUT = "/mnt"
_PRIVATE = ("/run", "/var", "/tmp", "/dev/shm")
_FOLDERS = ("/var/lib", "/var/tmp", "/var/log", "/var/cache", "/run/lock", "/tmp/home")
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def furnish(tree: str, checkout: str) -> None:
    """Put the packages of `tree` over the machine's /usr and /etc, empty folders over what changes, and raise `lo`."""
    kernel.unshare(kernel.CLONE_NEWNET | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC)
    kernel.mount(checkout, CHECKOUT, None, kernel.MS_BIND)
    kernel.mount("packages", "/usr", "overlay", 0, f"lowerdir={tree}/usr:/usr")
    packages_etc = os.open(f"{tree}/etc", os.O_PATH)  # below /tmp or /var it will be out of sight
    for place in _PRIVATE:
        kernel.mount("tmpfs", place, "tmpfs", 0, "mode=1777" if place != "/var" else "mode=755")
    for folder in (*_FOLDERS, "/tmp/etc", "/tmp/etc.work"):
        os.makedirs(folder)
    os.symlink("/run", "/var/run")
    layers = f"lowerdir=/proc/self/fd/{packages_etc}:/etc,upperdir=/tmp/etc,workdir=/tmp/etc.work"
    kernel.mount("packages", "/etc", "overlay", 0, layers)
    os.close(packages_etc)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        name = struct.pack("16sH22x", b"lo", 0)
        (flags,) = struct.unpack_from("H", fcntl.ioctl(anything, _SIOCGIFFLAGS, name), 16)
        fcntl.ioctl(anything, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | _IFF_UP))


def keep(requests: socket.socket) -> None:
    """Serve until the tests hang up."""
    wakeup, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    requests.send(b"ready")
    while True:
        watched = [requests.fileno(), wakeup, *(caller.fileno() for caller in running.values())]
        readable, _, _ = select.select(watched, [], [])
        if wakeup in readable:
            os.read(wakeup, 4096)
            _reap(running)
        for pid in [pid for pid, caller in running.items() if caller.fileno() in readable]:
            running.pop(pid).close()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        if requests.fileno() in readable:
            message, descriptors, _, _ = socket.recv_fds(requests, 1 << 17, 4)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                _become(json.loads(message), descriptors)
            running[pid] = socket.socket(fileno=descriptors[3])
            for descriptor in descriptors[:3]:
                os.close(descriptor)


def _reap(running: dict[int, socket.socket]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in running:
            with running.pop(pid) as caller, contextlib.suppress(BrokenPipeError):
                caller.send(str(status).encode())


def _become(request: dict[str, object], descriptors: list[int]) -> None:
    """In the child: become the command."""
    try:
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(signum, signal.SIG_DFL)
        os.setsid()
        for number, descriptor in enumerate(descriptors[:3]):
            os.dup2(descriptor, number)
        os.closerange(3, 1024)
        if os.isatty(0):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        argv, env = request["argv"], request["env"]
        assert isinstance(argv, list)
        assert isinstance(env, dict)
        os.chdir(str(request["cwd"]))
        os.environ.clear()
        os.environ.update(env)
        os.execvp(argv[0], argv)
    except Exception:  # the child must not go on as a second keeper
        traceback.print_exc()
    finally:
        os._exit(127)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as end:
        os.set_inheritable(end.fileno(), False)  # noqa: FBT003  # its one parameter
        furnish(sys.argv[2], os.getcwd())
        keep(end)
