"""Programs for containers that show what is done to them."""

import time
from pathlib import Path

from tests.clients.terminal import Terminal

TICK = "while :; do echo >>/ticks; sleep .01; done"
"""For a shell: makes a file that grows."""
ON_TERM = "trap 'exit 9' TERM; touch /ready; while :; do sleep .01; done"
"""For a shell: once /ready is there, SIGTERM ends it with status 9."""
_ON_INTERRUPT = """sh -c 'trap "echo interr""upted; exit" INT; echo st""arted; while :; do sleep .01; done'\r"""
"""To be typed: says "started", and upon Ctrl-C "interrupted"."""


def grows(file: Path) -> bool:
    """Whether a program is writing to a file; a frozen one isn't for a while, a running one is soon."""
    size = file.stat().st_size
    for _ in range(30):
        time.sleep(0.01)
        if file.stat().st_size != size:
            return True
    return False


def use_shell(terminal: Terminal) -> None:
    """Use a container's shell through its terminal: size, name, another size, Ctrl-C; end it with status 5."""
    _has_size(terminal, "30 90", then="; tty")
    terminal.expect("/dev/pts/0")
    terminal.resize(20, 60)
    terminal.type("until stty size | grep '^20 60'; do sleep .01; done\r")
    terminal.expect("\n20 60")
    terminal.type(_ON_INTERRUPT)
    terminal.expect("started")
    terminal.type("\x03")
    terminal.expect("interrupted")
    terminal.type("exit 5\r")
    assert terminal.running.wait() == 5


def use_shell_briefly(terminal: Terminal) -> None:
    """Use a shell beside the container's program: its size; end it with status 6."""
    _has_size(terminal, "30 90")
    terminal.type("exit 6\r")
    assert terminal.running.wait() == 6


def _has_size(terminal: Terminal, size: str, *, then: str = "") -> None:
    terminal.expect("# ")
    terminal.type(f"until stty size | grep '^{size}'; do sleep .01; done{then}\r")
    terminal.expect(f"\n{size}")
