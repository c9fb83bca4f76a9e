"""Where errors and warnings go: stderr, and the file that --log names, in the form that --log-format names."""

import posix
from time import gmtime, strftime  # built in

_SHOWN = 1500
"""Characters of either end of a message that is too long."""


class Log:
    """Nothing is written for success: engines take a single byte on stderr for a failure."""

    __slots__ = ("debug", "form", "path")

    def __init__(self, *, path: str = "", form: str = "text", debug: bool = False) -> None:
        self.path = path
        self.form = form
        self.debug = debug

    def error(self, message: str) -> None:
        """Tell why the call fails: one line on stderr, one entry in the log. Engines read no more than 8 KiB of it."""
        if len(message) > 2 * _SHOWN:
            message = f"{message[:_SHOWN]} [...] {message[-_SHOWN:]}"
        if self.path:
            self._append("error", message)
            _print(f"{message}\n")
        else:
            _print(self._entry("error", message))

    def warning(self, message: str) -> None:
        """Tell what did not stop the call. podman cannot read a log with two entries, so warnings need --debug there."""
        if not self.path:
            _print(self._entry("warning", message))
        elif self.form != "json" or self.debug:
            self._append("warning", message)

    def _append(self, level: str, message: str) -> None:
        try:
            flags = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_CLOEXEC
            descriptor = posix.open(self.path, flags, 0o644)
            posix.write(descriptor, self._entry(level, message).encode("utf-8", "replace"))
            posix.close(descriptor)
        except OSError as error:
            _print(f"cannot write to {self.path}: {posix.strerror(error.errno or 0).lower()}\n")

    def _entry(self, level: str, message: str) -> str:
        time = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime())
        from reference_runtime.config.writer import dumps

        if self.form == "json":
            return dumps({"level": level, "msg": message, "time": time}) + "\n"
        return f'time="{time}" level={level} msg={dumps(message)}\n'


def _print(text: str) -> None:
    try:
        posix.write(2, text.encode("utf-8", "replace"))
    except OSError:
        pass  # nobody listens
