"""One call of the runtime under test per operation, each with its transcript."""

import os
from collections.abc import Callable, Mapping, Sequence
from threading import current_thread, main_thread
from typing import TypedDict

from conformance.record.operation import Operation, Status
from conformance.subject.adapter import Adapter
from conformance.subject.identify import default_environment
from conformance.subject.spawn import Service, spawn

SECONDS = 30.0
"""How long one operation may take unless the caller says otherwise."""


class Details(TypedDict, total=False):
    """What a caller that knows the bundle gives to a call of its own; see `Runtime.run`."""

    note: str
    container_id: str | None
    arguments: Sequence[str] | None
    pid_file: str | None
    signal: str
    process: str | None
    stdin: int | None
    stdout: int | None
    watch_stdout: int | None
    console_socket: str | None


class Runtime:
    """The program at `path`, called as `adapter` says, with its state below `state_directory`.

    It knows no containers: the caller keeps ids, bundles and what became of them.
    """

    def __init__(
        self,
        path: str,
        adapter: Adapter,
        *,
        state_directory: str,
        timeout: float = SECONDS,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self.adapter = adapter
        self.state_directory = state_directory
        self.timeout = timeout
        self.environment = dict(default_environment() if environment is None else environment)
        self.meanwhile: Callable[[], bool] | None = None
        """Does a little work that somebody has for the time in which the runtime works; returns False if there was none."""

    def argv(
        self,
        operation: str,
        *,
        container_id: str | None = None,
        arguments: Sequence[str] | None = None,
        bundle: str | None = None,
        pid_file: str | None = None,
        signal: str = "KILL",
        process: str | None = None,
        resources: str | None = None,
        console_socket: str | None = None,
    ) -> tuple[str, ...]:
        """Return the command line of one call.

        `arguments`, if given, stand in place of the container id and all that follows it. `process` and `resources`
        are paths of JSON files (exec, update), `console_socket` the path of a socket for the terminal's master side.
        Raises NotOffered, or KeyError if a value that the operation needs is missing.
        """
        values = {
            "root": self.state_directory,
            "id": container_id,
            "bundle": bundle,
            "pid_file": pid_file,
            "signal": signal,
            "process": process,
            "resources": resources,
            "console_socket": console_socket,
        }
        given = {name: value for name, value in values.items() if value is not None}
        return (self.path, *self.adapter.argv(operation, given, arguments=arguments))

    def run(
        self,
        operation: str,
        *,
        before: Status,
        note: str = "",
        container_id: str | None = None,
        arguments: Sequence[str] | None = None,
        bundle: str | None = None,
        pid_file: str | None = None,
        signal: str = "KILL",
        process: str | None = None,
        resources: str | None = None,
        console_socket: str | None = None,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        watch_stdout: int | None = None,
        umask: int | None = None,
        directory: str | None = None,
        service: Service | None = None,
        timeout: float | None = None,
    ) -> Operation:
        """Call the runtime once and return what came of it; it never hangs and never raises for what the runtime does.

        Values are those of `argv`, the rest those of `spawn`; `before` is the container's status by the caller's knowledge.
        Raises OSError if the program can no longer be executed.
        """
        argv = self.argv(
            operation,
            container_id=container_id,
            arguments=arguments,
            bundle=bundle,
            pid_file=pid_file,
            signal=signal,
            process=process,
            resources=resources,
            console_socket=console_socket,
        )
        finished = spawn(
            argv,
            environment=self.environment,
            timeout=self.timeout if timeout is None else timeout,
            directory=directory,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            watch_stdout=watch_stdout,
            umask=umask,
            service=service,
            # Hooks want to be answered at once, and other threads would do the same work twice.
            meanwhile=self.meanwhile if service is None and current_thread() is main_thread() else None,
        )
        return Operation(
            name=operation,
            container_id=container_id,
            argv=argv,
            before=before,
            status=finished.status,
            stdout=finished.stdout,
            stderr=finished.stderr,
            truncated=finished.truncated,
            started=finished.started,
            ended=finished.ended,
            cpu=finished.cpu,
            note=note,
        )


def read_pid_file(path: str) -> int | None:
    """Return the pid that a pid file holds in decimal, a newline after it allowed; None if it is absent or holds none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # the runtime may have made it a FIFO
    except OSError:
        return None
    try:
        text = os.read(descriptor, 32).removesuffix(b"\n")
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return int(text) if text.isdigit() and 0 < int(text) < 1 << 22 else None
