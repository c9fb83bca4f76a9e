"""podman -it: a person at a terminal."""

import time
from collections.abc import Iterator

import pytest

from tests.clients.engines import IMAGE, Podman
from tests.clients.terminal import Terminal

_CTRL_C, _CTRL_P, _CTRL_Q = "\x03", "\x10", "\x11"


def _shell(podman: Podman, *words: str) -> Terminal:
    """Return a terminal with a shell whose prompt is "ready"; what is typed is not shown, so that only output is seen."""
    return Terminal(podman.world, podman.command(*words, "sh", "-c", "stty -echo; export PS1=ready; exec sh"))


def _run(*options: str) -> tuple[str, ...]:
    return ("run", "--rm", "--interactive", "--tty", "--network=none", *options, IMAGE)


@pytest.fixture
def container(podman: Podman) -> Iterator[str]:
    name = podman.detached(IMAGE, "sleep", "100")
    yield name
    podman("rm", "--force", "--time=0", name)


def test_the_program_has_a_terminal_of_that_size(podman: Podman) -> None:
    with _shell(podman, *_run()) as terminal:
        terminal.expect("ready")
        terminal.type("tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all three\n")
        assert terminal.expect("all three").split()[:3] == ["/dev/pts/0", "30", "90"]
        terminal.type("exit 6\n")
        assert terminal.running.wait() == 6


def test_a_new_size_arrives(podman: Podman) -> None:
    with _shell(podman, *_run()) as terminal:
        terminal.expect("ready")
        terminal.resize(11, 22)
        terminal.type("while test \"$(stty size)\" != '11 22'; do sleep .1; done; echo new size\n")
        terminal.expect("new size")


def test_keys_interrupt_the_program_and_not_the_shell(podman: Podman) -> None:
    with _shell(podman, *_run()) as terminal:
        terminal.expect("ready")
        terminal.type("sh -c 'echo sleeping; sleep 100'\n")
        terminal.expect("sleeping")
        terminal.type(_CTRL_C)
        terminal.expect("ready")
        terminal.type("echo status $?\n")
        terminal.expect("status 130")


def test_the_console_is_the_terminal(podman: Podman) -> None:
    with _shell(podman, *_run()) as terminal:
        terminal.expect("ready")
        terminal.type("echo shown on the console >/dev/console\n")
        terminal.expect("shown on the console")


def test_detach_and_attach(podman: Podman) -> None:
    with _shell(podman, "run", "--interactive", "--tty", "--network=none", "--name=left", IMAGE) as terminal:
        terminal.expect("ready")
        terminal.type("echo before\n")
        terminal.expect("before")
        terminal.type(_CTRL_P)
        time.sleep(0.3)  # podman knows the keys only if they come one by one
        terminal.type(_CTRL_Q)
        assert terminal.running.wait() == 0
    assert podman.inspect("left", "State.Status") == "running"
    with Terminal(podman.world, podman.command("attach", "left")) as terminal:
        terminal.type("echo after; exit 3\n")
        terminal.expect("after")
        terminal.running.wait()  # podman 4.3 does not tell the status here, whatever the runtime
    assert podman("wait", "left").ok() == "3"
    podman("rm", "left").ok()


def test_a_user_of_a_mapped_container_owns_the_terminal(podman: Podman) -> None:
    with _shell(podman, *_run("--user=1000", "--uidmap=0:100000:2000", "--gidmap=0:100000:2000")) as terminal:
        terminal.expect("ready")
        terminal.type("stat -c owner:%u /dev/pts/0; echo again >/dev/pts/0\n")
        terminal.expect("owner:1000")
        terminal.expect("again")


def test_exec_has_a_terminal_too(podman: Podman, container: str) -> None:
    with _shell(podman, "exec", "--interactive", "--tty", container) as terminal:
        terminal.expect("ready")
        terminal.type("tty; stty size\n")
        assert terminal.expect("90").split()[:2] == ["/dev/pts/0", "30"]
        terminal.type("exit 5\n")
        assert terminal.running.wait() == 5


def test_a_program_that_cannot_run_on_a_terminal(podman: Podman, container: str) -> None:
    for words in (_run(), ("exec", "--interactive", "--tty", container)):
        with Terminal(podman.world, podman.command(*words, "nosuch")) as terminal:
            assert terminal.running.wait() == 127
