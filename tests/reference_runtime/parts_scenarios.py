"""Whole containers of the reference runtime: `python -m tests.reference_runtime.parts_scenarios`, pid 1 of a session jail.

The session has a network namespace of its own (unshare -n). Each scenario raises AssertionError.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from conformance.bundle import probe
from conformance.bundle.config import base_config
from tests.reference_runtime.test_seccomp_kernel import Agent

RUNTIME = Path(__file__).parents[2] / "reference_runtime" / "reference-runtime"
WORK = Path(os.environ.get("OCI_CONFORMANCE_WORKDIR", "/nonexistent"))
IOPRIO_GET = {"x86_64": 252, "aarch64": 31, "riscv64": 31}[os.uname().machine]


def runtime(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-IS", str(RUNTIME), f"--root={WORK}/root", *arguments]
    output = WORK / "output"
    # Not a pipe: the container's program keeps it open.
    with output.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False)
    return subprocess.CompletedProcess(command, done.returncode, output.read_text(encoding="utf-8"), "")


def bundle(
    process: dict[str, Any] | None = None,
    linux: dict[str, Any] | None = None,
    mounts: list[dict[str, Any]] | None = None,
) -> str:
    """Write the base bundle with some members of its process and linux objects replaced, or with other mounts."""
    directory = WORK / "bundle"
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "rootfs").mkdir(parents=True)
    program = directory / "rootfs" / "probe"
    program.write_bytes(probe.build(os.uname().machine, "pause"))
    program.chmod(0o755)
    config = base_config(oci_version="1.3.0")
    config["process"] |= process or {}
    config["linux"] |= {"cgroupsPath": "/container", **(linux or {})}
    config["mounts"] = mounts or config["mounts"]
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return str(directory)


def created(**members: Any) -> int:
    """Create the container c1 and return its pid."""
    done = runtime("create", f"--bundle={bundle(**members)}", f"--pid-file={WORK}/pid", "c1")
    assert done.returncode == 0, done.stdout
    return int((WORK / "pid").read_text())


def deleted() -> None:
    done = runtime("delete", "--force", "c1")
    assert done.returncode == 0, done.stdout


def refused(words: str, **members: Any) -> None:
    done = runtime("create", f"--bundle={bundle(**members)}", "c1")
    assert done.returncode == 1
    assert words in done.stdout, done.stdout
    assert not (WORK / "root" / "c1").exists()


def schedules_as_configured() -> None:
    """See policy, I/O priority and memory policy on the process that waits for start."""
    nice = {"policy": "SCHED_BATCH", "nice": 7}
    pid = created(process={"scheduler": nice, "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 6}})
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH
    assert os.getpriority(os.PRIO_PROCESS, pid) == 7
    assert ctypes.CDLL(None).syscall(IOPRIO_GET, 1, pid) == 2 << 13 | 6
    assert runtime("start", "c1").returncode == 0
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH
    deleted()


def sets_the_memory_policy() -> None:
    """See it in the maps of the process."""
    if not os.path.exists("/proc/self/numa_maps"):
        return
    pid = created(linux={"memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0"}})
    assert " bind:0 " in Path(f"/proc/{pid}/numa_maps").read_text(encoding="utf-8")
    deleted()


def refuses_what_cannot_be() -> None:
    """Be told where, and leave nothing."""
    refused("$.process.scheduler.priority", process={"scheduler": {"policy": "SCHED_FIFO"}})
    refused("$.linux.memoryPolicy.nodes", linux={"memoryPolicy": {"mode": "MPOL_BIND"}})
    refused("$.linux.seccomp.syscalls[0].errnoRet", linux={"seccomp": wrong_filter()})
    if not os.path.exists("/sys/fs/resctrl/schemata"):
        refused("$.linux.intelRdt: no resctrl", linux={"intelRdt": {"closID": "gold"}})


def wrong_filter() -> dict[str, Any]:
    entry = {"names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}
    return {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [entry]}


def hands_notifications_to_the_agent() -> None:
    """Get the state and the listener of a started container, once; without an agent start fails."""
    path = f"{WORK}/agent"
    entry = {"names": ["getpriority"], "action": "SCMP_ACT_NOTIFY"}
    seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [entry], "listenerPath": path, "listenerMetadata": "opaque"}
    pid = created(linux={"seccomp": seccomp})
    missing = runtime("start", "c1")
    assert missing.returncode == 1
    assert "$.linux.seccomp.listenerPath" in missing.stdout
    assert json.loads(runtime("state", "c1").stdout)["status"] == "stopped"
    deleted()
    agent = Agent(path)
    pid = created(linux={"seccomp": seccomp})
    assert runtime("start", "c1").returncode == 0
    document, listener = agent.accept()
    assert os.readlink(f"/proc/self/fd/{listener}") == "anon_inode:seccomp notify"
    os.close(listener)
    assert (document["pid"], document["metadata"], document["fds"]) == (pid, "opaque", ["seccompFd"])
    assert (document["state"]["id"], document["state"]["pid"]) == ("c1", pid)
    deleted()


def moves_network_devices() -> None:
    """See the device in the container, and the loopback device up; deletion takes a virtual device away."""
    ip("link", "add", "outer", "type", "veth", "peer", "name", "inner")
    ip("address", "add", "192.0.2.5/24", "dev", "inner")
    pid = created(linux={"netDevices": {"inner": {"name": "eth%d"}}})
    links = {link["ifname"]: link for link in ip_json("nsenter", f"--net=/proc/{pid}/ns/net")}
    assert set(links) == {"lo", "eth0"}
    assert all("UP" in link["flags"] for link in links.values())
    assert "192.0.2.5" in [address["local"] for address in links["eth0"]["addr_info"]]
    deleted()


def gives_devices_back_when_a_creation_fails() -> None:
    """Fail after the move, since there is no such program: the device is back with its name and address."""
    ip("link", "add", "left", "type", "veth", "peer", "name", "right")
    ip("address", "add", "192.0.2.6/24", "dev", "right")
    refused("no such file", process={"args": ["/missing"]}, linux={"netDevices": {"right": {"name": "eth0"}}})
    back = next(link for link in ip_json() if link["ifname"] == "right")
    assert "192.0.2.6" in [address["local"] for address in back["addr_info"]]
    ip("link", "delete", "left")


def keeps_mounts_on_a_shared_source_from_the_host() -> None:
    """Bind a directory of a mount that the host shares, and mount something in it, in a user namespace and without one."""
    shared = WORK / "shared"
    (shared / "tree" / "deep").mkdir(parents=True)
    subprocess.run(["mount", "--bind", "--make-shared", str(shared), str(shared)], check=True)
    mapping = [{"containerID": 0, "hostID": 0, "size": 65_536}]
    namespaces = base_config(oci_version="1.3.0")["linux"]["namespaces"]
    for users in ({}, {"namespaces": [*namespaces, {"type": "user"}], "uidMappings": mapping, "gidMappings": mapping}):
        mounts = [
            *base_config(oci_version="1.3.0")["mounts"],
            {"destination": "/tree", "type": "none", "source": str(shared / "tree"), "options": ["bind"]},
            {"destination": "/tree/deep", "type": "tmpfs", "source": "tmpfs"},
        ]
        pid = created(linux=users, mounts=mounts)
        assert " /tree/deep " in Path(f"/proc/{pid}/mountinfo").read_text()
        assert f"{shared}/tree/deep" not in Path("/proc/self/mountinfo").read_text()
        deleted()
    subprocess.run(["umount", str(shared)], check=True)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def ip_json(*prefix: str) -> list[dict[str, Any]]:
    shown = subprocess.run([*prefix, "ip", "-json", "address", "show"], check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(shown.stdout)
    return found


SCENARIOS = (
    schedules_as_configured,
    sets_the_memory_policy,
    refuses_what_cannot_be,
    hands_notifications_to_the_agent,
    keeps_mounts_on_a_shared_source_from_the_host,
)
WITH_LINKS = (moves_network_devices, gives_devices_back_when_a_creation_fails)


def main() -> None:
    """Run all that this machine has the tools for; the first that fails ends the program with its traceback."""
    for scenario in (*SCENARIOS, *(WITH_LINKS if shutil.which("ip") else ())):
        scenario()
        sys.stdout.write(f"{scenario.__name__}\n")


if __name__ == "__main__":
    main()
