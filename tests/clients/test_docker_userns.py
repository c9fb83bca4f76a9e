"""docker with a daemon that gives every container a user namespace, over the reference runtime."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.daemons import docker_daemon
from tests.clients.docker_client import IMAGE, Docker
from tests.clients.engines import CHOSEN, rootfs
from tests.clients.world import World

USER, FIRST_UID, FIRST_GID = "mapped", 100000, 200000


@pytest.fixture(scope="module")
def docker(world: World) -> Iterator[Docker]:
    etc = world.path("/etc")
    append(etc / "passwd", f"{USER}:x:990:990::/:/bin/false")
    append(etc / "group", f"{USER}:x:990:")
    (etc / "subuid").write_text(f"{USER}:{FIRST_UID}:65536\n")
    (etc / "subgid").write_text(f"{USER}:{FIRST_GID}:65536\n")
    with docker_daemon(world, {"reference": CHOSEN}, f"--userns-remap={USER}") as bridge:
        world.path("/tmp/rootfs.tar").write_bytes(rootfs(world))
        world.run("docker", "import", "/tmp/rootfs.tar", IMAGE).ok()
        yield Docker(world, bridge)


def append(file: Path, line: str) -> None:
    file.write_text(f"{file.read_text()}{line}\n")


def test_root_is_an_ordinary_user_outside(docker: Docker) -> None:
    with docker.box() as box:
        assert box.exec("sh", "-c", "id -u; stat -c %u:%g /bin/busybox; touch /new; stat -c %u /new").ok().split() == [
            "0",
            "0:0",
            "0",
        ]
        owner = docker.world.path(f"/proc/{box.pid}").stat()
        assert (owner.st_uid, owner.st_gid) == (FIRST_UID, FIRST_GID)
        assert box.exec("id", "-u", flags=["--user=1000"]).ok() == "1000"


def test_volumes_and_devices(docker: Docker) -> None:
    script = "touch /kept/x; stat -c %u /kept/x; echo x >/dev/null; stat -c %u /dev/null; touch /fast/x; touch /x"
    done = docker.run("sh", "-c", script, flags=["--volume=kept:/kept", "--tmpfs=/fast", "--read-only"])
    assert done.stdout.split() == ["0", "65534"]
    assert done.stderr == "touch: /x: Read-only file system\n"


def test_life(docker: Docker) -> None:
    with docker.box(flags=["--memory=64m", "--sysctl=net.ipv4.ip_forward=1"]) as box:
        box("pause").ok()
        box("unpause").ok()
        box("update", "--memory=48m", "--memory-swap=48m").ok()
        box("restart", "--time=0").ok()
        assert box.exec("cat", "/proc/sys/net/ipv4/ip_forward").ok() == "1"
        assert box.limit("memory/docker/{}/memory.limit_in_bytes", "docker/{}/memory.max") == str(48 << 20)


def test_a_namespace_of_the_host_by_exception(docker: Docker) -> None:
    assert docker.run("cat", "/proc/self/uid_map", flags=["--userns=host"]).ok().split() == ["0", "0", "4294967295"]
