"""ps: the processes of a container, as the host numbers them."""

import posix

from reference_runtime.command_line import VALUE
from reference_runtime.config.writer import dumps
from reference_runtime.fault import RuntimeFault
from reference_runtime.invocation import Invocation

FLAGS = {"format": VALUE}


def run(call: Invocation) -> int:
    """Print them as a JSON array, or let ps(1) print its table with the options that follow the id."""
    from reference_runtime.container.processes import processes
    from reference_runtime.container.state import Container

    arguments = call.line.arguments
    if not arguments:
        raise RuntimeFault("a container id is needed")
    pids = processes(Container.load(call.container(arguments[0])))
    form = call.line.value("format", "table")
    if form == "json":
        posix.write(1, f"{dumps(pids)}\n".encode())
        return 0
    if form != "table":
        raise RuntimeFault(f"unknown format {form!r}: json and table are known")
    return _table(pids, arguments[1:])


def _table(pids: "list[int]", options: "list[str]") -> int:
    """Print the lines of ps(1) that are about these processes, under its heading."""
    reading, writing = posix.pipe2(posix.O_CLOEXEC)
    child = posix.posix_spawn(
        "/bin/ps",
        ["ps", *(options or ["-ef"])],
        {"PATH": "/bin:/usr/bin"},
        file_actions=[(posix.POSIX_SPAWN_DUP2, writing, 1)],
    )
    posix.close(writing)
    from reference_runtime.kernel.files import read_descriptor

    lines = read_descriptor(reading).decode(errors="replace").splitlines(keepends=True)
    posix.waitpid(child, 0)
    heading = lines[0].split() if lines else []
    if "PID" not in heading:
        raise RuntimeFault("ps prints no column PID")
    column = heading.index("PID")
    wanted = {str(pid) for pid in pids}
    posix.write(1, "".join([lines[0], *(line for line in lines[1:] if line.split()[column] in wanted)]).encode())
    return 0
