"""docker over the reference runtime: programs with their output, status and terminal."""

import pytest

from tests.clients.docker_client import Docker
from tests.clients.programs import use_shell, use_shell_briefly
from tests.clients.terminal import Terminal
from tests.clients.world import ENVIRONMENT


def test_output_and_status_are_the_programs(docker: Docker) -> None:
    done = docker.run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_several_at_once(docker: Docker) -> None:
    words = [docker.words("sh", "-c", f"sleep .1; exit {number}", flags=["--rm"]) for number in range(1, 6)]
    clients = [docker.world.start("docker", *each) for each in words]
    assert [client.wait() for client in clients] == [1, 2, 3, 4, 5]


def test_standard_input_reaches_the_program(docker: Docker) -> None:
    done = docker(*docker.words("head", "-n1", flags=["--rm", "-i"]), input="from outside\n")
    assert done.ok() == "from outside"


@pytest.mark.parametrize(("program", "status"), [("nope", 127), ("/nope", 127), ("/etc", 126), ("/etc/passwd", 126)])
def test_what_cannot_be_executed_has_a_status_of_its_own(docker: Docker, program: str, status: int) -> None:
    done = docker.run(program)
    assert (done.status, "unable to retrieve" in done.stderr) == (status, False), done.stderr
    assert f'exec: "{program}": ' in done.stderr
    with docker.box() as box:
        done = box.exec(program)
        assert done.status in {126, 127}  # which of them depends on docker's version
        assert f'exec: "{program}": ' in done.stdout + done.stderr


def test_an_error_of_the_runtime_is_told(docker: Docker) -> None:
    done = docker.run("true", flags=["--sysctl=kernel.msgmax=many"])
    assert (done.status, "msgmax" in done.stderr, "invalid argument" in done.stderr) == (125, True, True), done.stderr


def test_logs_of_a_container_in_the_background(docker: Docker) -> None:
    with docker.box("sh", "-c", "echo out; echo err >&2; exit 3") as box:
        assert box("wait").ok() == "3"
        done = box("logs")
        assert (done.stdout, done.stderr) == ("out\n", "err\n")
        assert (box.status(), box.asked("{{.State.ExitCode}}")) == ("exited", "3")


def test_nothing_is_left_of_a_removed_container(docker: Docker) -> None:
    with docker.box() as box:
        number = box.id
        places = [place for place in docker.world.path("/sys/fs/cgroup").glob(f"**/docker/{number}") if place.is_dir()]
        state = docker.world.path(f"/run/docker/runtime-runc/moby/{number}")
        assert places
        assert state.exists()
    assert not any(place.exists() for place in places)
    assert not state.exists()


def test_exec(docker: Docker) -> None:
    with docker.box() as box:
        done = box.exec("sh", "-c", "id -u; pwd; echo $WORD; exit 3", flags=["--user=1000", "--workdir=/tmp", "--env=WORD=word"])
        assert (done.status, done.stdout.split()) == (3, ["1000", "/tmp", "word"])
        done = docker("exec", "-i", box.name, "head", "-n1", input="from outside\n")
        assert done.ok() == "from outside"
        box.exec("touch", "/tmp/detached", flags=["--detach"]).ok()
        box.wait_for("/tmp/detached")
        places = ["cat", "/proc/1/cgroup"], ["cat", "/proc/self/cgroup"]
        assert len({box.exec(*place).ok() for place in places}) == 1


def test_home_is_the_users(docker: Docker) -> None:
    """Neither docker nor the image sets it."""
    homes = [docker.run("sh", "-c", "echo $HOME", flags=flags).ok() for flags in ((), ("--user=user",), ("--user=4242",))]
    assert homes == ["/root", "/tmp", "/"]
    with docker.box() as box:
        homes = [box.exec("sh", "-c", "echo $HOME", flags=flags).ok() for flags in ((), ("--user=user",), ("--env=HOME=/own",))]
    assert homes == ["/root", "/tmp", "/own"]


def test_a_terminal(docker: Docker) -> None:
    with Terminal(docker.world, ("docker", *docker.words("sh", flags=["--rm", "-it"]))) as terminal:
        use_shell(terminal)


def test_exec_with_a_terminal(docker: Docker) -> None:
    with docker.box() as box, Terminal(docker.world, ("docker", "exec", "-it", box.name, "sh")) as terminal:
        use_shell_briefly(terminal)


def test_attaching_to_a_terminal(docker: Docker) -> None:
    with docker.box("sh", flags=["-it"]) as box, Terminal(docker.world, ("docker", "attach", box.name)) as terminal:
        terminal.type("echo att''ached\r")
        terminal.expect("attached")
        terminal.type("exit 4\r")
        assert terminal.running.wait() == 4


def test_an_image_is_built(docker: Docker) -> None:
    assert docker("info", "--format={{.DefaultRuntime}}").ok() == "reference"
    folder = docker.world.path("/tmp/build")
    folder.mkdir()
    (folder / "Dockerfile").write_text('FROM busybox\nUSER user\nRUN id -u >/tmp/made\nCMD ["cat", "/tmp/made"]\n')
    number = docker("build", "--quiet", "/tmp/build", env={**ENVIRONMENT, "DOCKER_BUILDKIT": "0"}).ok().splitlines()[-1]
    assert docker("run", "--rm", "--network=none", number).ok() == "1000"
