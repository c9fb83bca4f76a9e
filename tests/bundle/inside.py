"""What has to be done inside a session jail: `python -m tests.bundle.inside SCENARIO ARGUMENTS...` prints a JSON object."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from conformance.bundle.builder import Bundle, build
from conformance.bundle.config import base_config
from conformance.bundle.layout import BUFFER
from conformance.bundle.proxy import ProbeGone, Proxy
from conformance.bundle.removal import mount_points, mount_points_below, remove_tree
from conformance.bundle.setup import HostSetup
from conformance.cases.case import Case, HostMount, HostNamespace
from conformance.host import kernel
from conformance.record.config import put
from specs.linux.syscalls import numbers

MACHINE = os.uname().machine
NUMBERS = numbers(MACHINE)
_SECONDS = 20.0
_KINDS = {
    "network": "net",
    "uts": "uts",
    "ipc": "ipc",
    "pid": "pid",
    "mount": "mnt",
    "user": "user",
    "cgroup": "cgroup",
    "time": "time",
}


def prepared(case: Case) -> Bundle:
    """Build a case's bundle in the jail's work directory."""
    directory = f"{os.environ['OCI_CONFORMANCE_WORKDIR']}/c1"
    return build(case, directory=directory, container_id="c1", config=base_config(oci_version="1.0.2"), machine=MACHINE)


def surroundings() -> dict[str, Any]:
    """Return what set-up and removal must not change."""
    children = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    with open(children) as file:
        return {"mounts": mount_points(), "children": file.read().split(), "descriptors": len(os.listdir("/proc/self/fd"))}


def namespaces() -> dict[str, Any]:
    """Make a namespace of every kind and tell what is there before, while and after."""
    available = [kind for kind, entry in _KINDS.items() if os.path.exists(f"/proc/self/ns/{entry}")]
    case = Case(name="a/b", title="", namespaces=tuple(HostNamespace(f"my-{kind}", kind) for kind in available))
    bundle = prepared(case)
    before = surroundings()
    with HostSetup(case, bundle) as setup:
        ours = {kind: os.stat(f"/proc/self/ns/{_KINDS[kind]}").st_ino for kind in available}
        made = {kind: os.stat(bundle.namespaces[f"my-{kind}"]) for kind in available}
        entered = {kind: enter(bundle.namespaces[f"my-{kind}"], kind) for kind in available}
        foreign = bundle.foreign()
        kernel.umount2(bundle.namespaces[f"my-{available[0]}"])
        lost = bundle.foreign()
    setup.remove()
    return {
        "ours": ours,
        "made": {kind: found.st_ino for kind, found in made.items()},
        "devices": [found.st_dev == os.stat("/proc/self/ns/net").st_dev for found in made.values()],
        "entered": entered,
        "foreign": foreign,
        "lost": [name for name, there in lost.items() if not there],
        "first": f"namespace my-{available[0]}",
        "unchanged": surroundings() == before,
        "files": os.listdir(f"{bundle.host_directory}/.namespaces"),
    }


def enter(path: str, kind: str) -> str:
    """Enter a namespace in a child, start a process there, and return its own view: pid, uid and namespace."""
    script = f"import os; print(os.getpid(), os.getuid(), os.stat('/proc/self/ns/{_KINDS[kind]}').st_ino)"
    flag = {"user": "--user", "network": "--net", "pid": "--pid", "mount": "--mount"}.get(kind, f"--{kind}")
    command = ["nsenter", f"{flag}={path}", sys.executable, "-ISc", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout or done.stderr


def mounts() -> dict[str, Any]:
    """Make mounts, one of them shared, and tell what is there while and after."""
    flags = kernel.MS_RDONLY | kernel.MS_NOEXEC
    case = Case(
        name="a/b",
        title="",
        mounts=(
            HostMount("none", "{host}/a", "tmpfs", flags=flags, data="size=64k"),
            HostMount("{host}/a", "{bundle}/rootfs/srv", "", flags=kernel.MS_BIND, shared=True),
        ),
    )
    bundle = prepared(case)
    before = surroundings()
    with HostSetup(case, bundle):
        with open("/proc/self/mountinfo") as file:
            lines = [line for line in file if "/c1" in line]
        foreign = bundle.foreign()
    return {"lines": lines, "foreign": foreign, "after": bundle.foreign(), "unchanged": surroundings() == before}


def failure() -> dict[str, Any]:
    """Set up something whose last part cannot be made."""
    case = Case(
        name="a/b",
        title="",
        namespaces=(HostNamespace("net", "network"), HostNamespace("pid", "pid")),
        mounts=(HostMount("none", "{host}/a", "tmpfs"), HostMount("none", "/no/such/place", "tmpfs")),
    )
    bundle = prepared(case)
    before = surroundings()
    try:
        HostSetup(case, bundle).prepare()
    except OSError as error:
        message = str(error)
    return {"message": message, "unchanged": surroundings() == before}


def leftovers() -> dict[str, Any]:
    """Remove a tree in which a runtime has left mounts: stacked ones, and a bind mount of something precious."""
    bundle = prepared(Case(name="a/b", title=""))
    precious = f"{os.environ['OCI_CONFORMANCE_WORKDIR']}/precious"
    os.mkdir(precious)
    with open(f"{precious}/file", "w"):
        pass
    os.mkdir(f"{bundle.rootfs}/with space")
    for target in ("dev", "with space", "with space"):
        kernel.mount(precious, f"{bundle.rootfs}/{target}", None, kernel.MS_BIND)
    kernel.mount("none", f"{bundle.rootfs}/dev", "tmpfs")
    os.mkdir(f"{bundle.rootfs}/dev/deep")
    kernel.mount(precious, f"{bundle.rootfs}/dev/deep", None, kernel.MS_BIND)
    seen = len(mount_points_below(bundle.directory))
    remove_tree(bundle.directory)
    return {"seen": seen, "precious": os.listdir(precious), "gone": not os.path.exists(bundle.directory)}


def container(runtime: str) -> dict[str, Any]:
    """Run a container of the base config through its life, with hooks and a joined network namespace."""
    hooks = {
        "createRuntime": [{"path": "{host}/hook", "args": ["hook", "{hooks}", "createRuntime", "0"]}],
        "startContainer": [{"path": "/hook", "args": ["hook", "/hooks.sock", "startContainer", "0"]}],
    }
    joined = put("/linux/namespaces/1", {"type": "network", "path": "{ns:net}"})
    edits = (put("/linux/namespaces", [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "cgroup")]), joined)
    case = Case(name="a/b", title="", edits=(*edits, put("/hooks", hooks)), namespaces=(HostNamespace("net", "network"),))
    bundle = prepared(case)
    before = surroundings()["mounts"]
    with HostSetup(case, bundle):
        report = lifecycle(runtime, bundle)
        report["foreign"] = bundle.foreign()
    bundle.remove()
    report["mounts left"] = [point for point in surroundings()["mounts"] if point not in before]
    report["files left"] = [name for name in os.listdir(os.path.dirname(bundle.directory)) if name.startswith("c1")]
    return report


def plain(runtime: str) -> dict[str, Any]:
    """Run a container of the base config as it is."""
    bundle = prepared(Case(name="a/b", title=""))
    report = lifecycle(runtime, bundle)
    bundle.remove()
    return report


def lifecycle(runtime: str, bundle: Bundle) -> dict[str, Any]:
    """Create, start, ask, kill and delete; return what was seen."""
    command = [runtime, "--root", f"{os.path.dirname(bundle.directory)}/state"]
    pid_file = f"{bundle.directory}.pid"
    stdin, to_probe = os.pipe()
    from_probe, stdout = os.pipe()
    report: dict[str, Any] = {}
    with closing(socket.socket(socket.AF_UNIX)) as listener, closing(Proxy(to_probe, from_probe, MACHINE)) as proxy:
        listener.bind(bundle.hook_socket)
        listener.listen()
        listener.settimeout(_SECONDS)
        with_hooks = "hooks" in bundle.config
        create = subprocess.Popen(
            [*command, "create", "--bundle", bundle.directory, "--pid-file", pid_file, "c1"], stdin=stdin, stdout=stdout
        )
        os.close(stdin)
        os.close(stdout)
        report["createRuntime"] = serve_hook(listener) if with_hooks else None
        report["create"] = create.wait(_SECONDS)
        with open(pid_file) as file:
            pid = int(file.read())
        os.unlink(pid_file)
        start = subprocess.Popen([*command, "start", "c1"])
        report["startContainer"] = serve_hook(listener) if with_hooks else None
        report["start"] = start.wait(_SECONDS)
        report["getpid"] = proxy.call(NUMBERS["getpid"], timeout=_SECONDS)[0]
        report["uid"] = proxy.call(NUMBERS["getuid"], timeout=_SECONDS)[0]
        report["seen"] = seen(pid, bundle)
        for words in (["kill", "c1", "KILL"], ["delete", "c1"]):
            if words[0] == "delete":
                os.waitpid(pid, 0)
            report[words[0]] = subprocess.call([*command, *words])
    return report


def seen(pid: int, bundle: Bundle) -> dict[str, Any]:
    """Return what /proc tells of the container's process."""
    with open(f"/proc/{pid}/status") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines())
    with open(f"/proc/{pid}/cgroup") as file:
        cgroups = [line.strip().split(":", 2)[2] for line in file]
    with open(f"/proc/{pid}/mountinfo") as file:
        points = [line.split()[4] for line in file]
    return {
        "program": os.path.samefile(f"/proc/{pid}/exe", f"{bundle.rootfs}/probe"),
        "capabilities": {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
        "own": [name for name in _KINDS.values() if inode(pid, name) != inode(os.getpid(), name)],
        "joined": all(inode(pid, "net") == os.stat(path).st_ino for path in bundle.namespaces.values()),
        "cgroups": cgroups,
        "mounts": points,
    }


def inode(pid: int, name: str) -> int:
    """Return the inode number of a namespace."""
    return os.stat(f"/proc/{pid}/ns/{name}").st_ino


def serve_hook(listener: socket.socket) -> dict[str, Any]:
    """Read one hook's stdin through the hook itself, then let it end."""
    connection, _ = listener.accept()
    descriptor = connection.detach()
    with closing(Proxy(descriptor, descriptor, MACHINE)) as proxy:
        length, state = proxy.call(NUMBERS["read"], 0, BUFFER, 8192, out=8192, timeout=_SECONDS)
        try:
            proxy.call(NUMBERS["exit_group"], 0, timeout=_SECONDS)
            ended = False
        except ProbeGone:
            ended = True
    return {"id": json.loads(state[:length])["id"], "ended": ended}


SCENARIOS: Mapping[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (namespaces, mounts, failure, leftovers, container, plain)
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENARIOS[sys.argv[1]](*sys.argv[2:])))
