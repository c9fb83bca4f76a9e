"""buildah, whose containers the runtime runs (--isolation oci)."""

from collections.abc import Iterator

import pytest

from tests.clients.engines import IMAGE, Podman
from tests.clients.terminal import Terminal
from tests.clients.world import Completed, World

_RUN = ("buildah", "run", "--isolation=oci", "--network=none")


@pytest.fixture
def working(podman: Podman) -> Iterator[str]:
    """Make a working container."""
    name = podman.world.run("buildah", "from", IMAGE).ok()
    yield name
    podman.world.run("buildah", "rm", name).ok()


def _run(world: World, *words: str, text: str = "") -> Completed:
    return world.run(*_RUN, *words, input=text)


def test_output_input_and_status(world: World, working: str) -> None:
    done = _run(world, working, "--", "sh", "-c", "cat; echo out; echo err >&2; exit 3", text="in\n")
    assert done.stdout == "in\nout\n"
    assert "err\n" in done.stderr
    assert done.status == 3


def test_it_leaves_nothing_behind(world: World, working: str) -> None:
    def seen() -> list[str]:
        return [
            world.run("sh", "-c", command).stdout
            for command in ("ls /run/reference-runtime /run/runc", "ls /sys/fs/cgroup/freezer", "ps -e -o comm")
        ]

    _run(world, working, "--", "true").ok()
    before = seen()
    _run(world, working, "--", "true").ok()
    assert seen() == before


@pytest.mark.parametrize(("program", "words"), [("nosuch", "executable file not found"), ("/etc/passwd", "permission denied")])
def test_a_program_that_cannot_run(world: World, working: str, program: str, words: str) -> None:
    done = _run(world, working, "--", program)
    assert done.status != 0
    assert words in done.stderr


def test_user_directory_environment_and_host_name(world: World, working: str) -> None:
    options = ("--user=1000:2000", "--workingdir=/tmp", "--env=A=b", "--hostname=there")
    assert _run(world, *options, working, "--", "sh", "-c", "id -u; id -g; pwd; echo $A; hostname").ok().split() == [
        "1000",
        "2000",
        "/tmp",
        "b",
        "there",
    ]


def test_capabilities(world: World, working: str) -> None:
    shown = (working, "--", "grep", "CapBnd", "/proc/self/status")
    default, less, more = (
        int(_run(world, *options, *shown).ok().split()[1], 16)
        for options in ((), ("--cap-drop=CAP_CHOWN",), ("--cap-add=CAP_NET_ADMIN",))
    )
    assert default & ~less == 1 << 0
    assert more & ~default == 1 << 12


def test_volumes(world: World, working: str) -> None:
    world.path("/var/tmp/volume").mkdir(exist_ok=True)
    done = _run(
        world,
        "--volume=/var/tmp/volume:/data",
        "--volume=/var/tmp:/ro:ro",
        working,
        "--",
        "sh",
        "-c",
        "echo kept >/data/file; touch /ro/x",
    )
    assert "Read-only file system" in done.stderr
    assert world.path("/var/tmp/volume/file").read_text() == "kept\n"


def test_namespaces_of_the_host(world: World, working: str) -> None:
    links = ("sh", "-c", "readlink /proc/self/ns/uts; readlink /proc/self/ns/ipc; readlink /proc/self/ns/pid")
    outside = world.run(*links).ok().split()
    assert _run(world, "--uts=host", "--ipc=host", "--pid=host", working, "--", *links).ok().split() == outside
    assert not set(_run(world, working, "--", *links).ok().split()) & set(outside)


def test_a_terminal(world: World, working: str) -> None:
    with Terminal(world, (*_RUN, "--terminal", working, "--", "sh", "-c", "tty; stty size; read line; exit 5")) as terminal:
        terminal.expect("/dev/pts/0")
        terminal.expect("30 90")
        terminal.type("\n")
        assert terminal.running.wait() == 5


def test_what_was_run_is_committed(world: World, podman: Podman, working: str) -> None:
    _run(world, working, "--", "sh", "-c", "echo changed >/new; rm /etc/group").ok()
    world.run("buildah", "config", "--cmd", "cat /new", working).ok()
    world.run("buildah", "commit", "--quiet", working, "localhost/committed").ok()
    assert podman.run("localhost/committed").ok() == "changed"
    assert podman.run("localhost/committed", "ls", "/etc/group").status == 1


def test_build_using_a_containerfile(world: World, podman: Podman) -> None:
    world.path("/var/tmp/context").mkdir()
    lines = (
        f"FROM {IMAGE}",
        "ARG WHAT",
        "RUN mkdir -p /made/by && echo $WHAT $(id -u) >/made/by/build",
        "USER user",
        "RUN id -u >/tmp/user",
        "CMD cat /made/by/build /tmp/user",
    )
    world.path("/var/tmp/context/Containerfile").write_text("\n".join(lines))
    command = ("buildah", "bud", "--isolation=oci", "--network=none", "--build-arg=WHAT=word", "--tag=built", "/var/tmp/context")
    world.run(*command).ok()
    assert podman.run("localhost/built").ok().split() == ["word", "0", "1000"]


def test_a_step_that_fails_fails_the_build(world: World, podman: Podman) -> None:
    world.path("/var/tmp/failing").mkdir()
    world.path("/var/tmp/failing/Containerfile").write_text(f"FROM {IMAGE}\nRUN exit 21\n")
    assert world.run("buildah", "bud", "--isolation=oci", "--network=none", "/var/tmp/failing").status == 21
