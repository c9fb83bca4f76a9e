"""buildah, whose containers the runtime runs (--isolation oci)."""

from collections.abc import Iterator

import pytest

from tests.clients.engines import IMAGE, Buildah, Podman
from tests.clients.terminal import Terminal


@pytest.fixture
def buildah(podman: Podman) -> Buildah:
    return Buildah(podman.world)


@pytest.fixture
def working(buildah: Buildah) -> Iterator[str]:
    """Make a working container."""
    name = buildah("from", IMAGE).ok()
    yield name
    buildah("rm", name).ok()


def test_output_input_and_status(buildah: Buildah, working: str) -> None:
    done = buildah.run(working, "--", "sh", "-c", "cat; echo out; echo err >&2; exit 3", text="in\n")
    assert done.stdout == "in\nout\n"
    assert "err\n" in done.stderr
    assert done.status == 3


def test_it_leaves_nothing_behind(buildah: Buildah, working: str) -> None:
    def seen() -> list[str]:
        return [
            buildah.world.run("sh", "-c", command).stdout
            for command in ("ls /run/reference-runtime /run/runc", "ls /sys/fs/cgroup/freezer", "ps -e -o comm")
        ]

    buildah.run(working, "--", "true").ok()
    before = seen()
    buildah.run(working, "--", "true").ok()
    assert seen() == before


@pytest.mark.parametrize(("program", "words"), [("nosuch", "executable file not found"), ("/etc/passwd", "permission denied")])
def test_a_program_that_cannot_run(buildah: Buildah, working: str, program: str, words: str) -> None:
    done = buildah.run(working, "--", program)
    assert done.status != 0
    assert words in done.stderr


def test_user_directory_environment_and_host_name(buildah: Buildah, working: str) -> None:
    options = ("--user=1000:2000", "--workingdir=/tmp", "--env=A=b", "--hostname=there")
    assert buildah.run(*options, working, "--", "sh", "-c", "id -u; id -g; pwd; echo $A; hostname").ok().split() == [
        "1000",
        "2000",
        "/tmp",
        "b",
        "there",
    ]


def test_capabilities(buildah: Buildah, working: str) -> None:
    shown = (working, "--", "grep", "CapBnd", "/proc/self/status")
    default, less, more = (
        int(buildah.run(*options, *shown).ok().split()[1], 16)
        for options in ((), ("--cap-drop=CAP_CHOWN",), ("--cap-add=CAP_NET_ADMIN",))
    )
    assert default & ~less == 1 << 0
    assert more & ~default == 1 << 12


def test_volumes(buildah: Buildah, working: str) -> None:
    buildah.world.path("/var/tmp/volume").mkdir(exist_ok=True)
    done = buildah.run(
        "--volume=/var/tmp/volume:/data",
        "--volume=/var/tmp:/ro:ro",
        working,
        "--",
        "sh",
        "-c",
        "echo kept >/data/file; touch /ro/x",
    )
    assert "Read-only file system" in done.stderr
    assert buildah.world.path("/var/tmp/volume/file").read_text() == "kept\n"


def test_namespaces_of_the_host(buildah: Buildah, working: str) -> None:
    links = ("sh", "-c", "readlink /proc/self/ns/uts; readlink /proc/self/ns/ipc; readlink /proc/self/ns/pid")
    outside = buildah.world.run(*links).ok().split()
    assert buildah.run("--uts=host", "--ipc=host", "--pid=host", working, "--", *links).ok().split() == outside
    assert not set(buildah.run(working, "--", *links).ok().split()) & set(outside)


def test_a_terminal(buildah: Buildah, working: str) -> None:
    # buildah gives the terminal its size while it starts the program: a busy machine has the program first.
    script = "tty; until stty size; do sleep .1; done; read line; exit 5"
    with Terminal(buildah.world, buildah.command("--terminal", working, "--", "sh", "-c", script)) as terminal:
        terminal.expect("/dev/pts/0")
        terminal.expect("30 90")
        terminal.type("\n")
        assert terminal.running.wait() == 5


def test_what_was_run_is_committed(buildah: Buildah, podman: Podman, working: str) -> None:
    buildah.run(working, "--", "sh", "-c", "echo changed >/new; rm /etc/group").ok()
    buildah("config", "--cmd", "cat /new", working).ok()
    buildah("commit", "--quiet", working, "localhost/committed").ok()
    assert podman.run("localhost/committed").ok() == "changed"
    assert podman.run("localhost/committed", "ls", "/etc/group").status == 1


def test_build_using_a_containerfile(buildah: Buildah, podman: Podman) -> None:
    buildah.world.path("/var/tmp/context").mkdir()
    lines = (
        f"FROM {IMAGE}",
        "ARG WHAT",
        "RUN mkdir -p /made/by && echo $WHAT $(id -u) >/made/by/build",
        "USER user",
        "RUN id -u >/tmp/user",
        "CMD cat /made/by/build /tmp/user",
    )
    buildah.world.path("/var/tmp/context/Containerfile").write_text("\n".join(lines))
    buildah.build("--build-arg=WHAT=word", "--tag=built", "/var/tmp/context").ok()
    assert podman.run("localhost/built").ok().split() == ["word", "0", "1000"]


def test_a_step_that_fails_fails_the_build(buildah: Buildah, podman: Podman) -> None:
    buildah.world.path("/var/tmp/failing").mkdir()
    buildah.world.path("/var/tmp/failing/Containerfile").write_text(f"FROM {IMAGE}\nRUN exit 21\n")
    assert buildah.build("/var/tmp/failing").status == 21
