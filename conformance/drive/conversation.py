"""The harness's talk with the program in a container: through the pipes that create was called with, or its terminal."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.bundle.actions import execute
from conformance.bundle.proxy import Proxy
from conformance.record.probe import Action, Answer
from conformance.subject.console import ConsoleSocket

_PROGRAM_SECONDS = 5.0
_ANSWER_SECONDS = 5.0
_TERMINAL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Streams:
    """What one create is called with."""

    stdin: int
    stdout: int
    probe_output: int
    """The other end of `stdout`."""
    console: ConsoleSocket | None

    @property
    def console_path(self) -> str | None:
        """Where the runtime is to send the terminal."""
        return self.console.path if self.console else None


class Conversation:
    """With nobody at first; each `streams` begins a new one. `numbers` are the system calls of `machine` by name."""

    def __init__(self, *, machine: str, numbers: Mapping[str, int]) -> None:
        self._machine = machine
        self._numbers = numbers
        self._proxy: Proxy | None = None

    @contextlib.contextmanager
    def streams(self, *, console_path: str | None) -> Iterator[Streams]:
        """Open what create is called with, and close the program's ends afterwards.

        With a `console_path` it listens there for a terminal. Raises OSError.
        """
        self.close()
        with contextlib.ExitStack() as ends:
            stdin, probe_input = os.pipe()
            ends.callback(os.close, stdin)
            probe_output, stdout = os.pipe()
            ends.callback(os.close, stdout)
            self._proxy = Proxy(probe_input, probe_output, self._machine)
            console = ConsoleSocket(console_path) if console_path else None
            if console is not None:
                ends.callback(console.close)
            yield Streams(stdin, stdout, probe_output, console)

    def take_terminal(self, console: ConsoleSocket) -> None:
        """Go on through the program's terminal if the runtime has sent one, else through the pipes."""
        master = console.receive(seconds=_TERMINAL_SECONDS)
        if master is not None:
            self.close()
            self._proxy = Proxy(master, master, self._machine)

    def greet(self) -> bool:
        """Wait for a sign of life; False if nobody is there to talk to.

        Raises ProbeSilent if none came in time, ProbeGone if the program has ended.
        """
        if self._proxy is None:
            return False
        self._proxy.call(self._numbers["getpid"], timeout=_PROGRAM_SECONDS)
        return True

    def ask(self, actions: Sequence[Action]) -> Sequence[Answer]:
        """Have the probe execute the actions."""
        if self._proxy is None:
            return [Answer((), problem="there is no program to ask")] * len(actions)
        return execute(self._proxy, actions, numbers=self._numbers, timeout=_ANSWER_SECONDS)

    def close(self) -> None:
        """End it: the probe then ends as well."""
        if self._proxy is not None:
            self._proxy.close()
        self._proxy = None
