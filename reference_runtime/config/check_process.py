"""Checks config.md, "Process". Capabilities that do not exist only warn, so their names are not looked at here."""

from reference_runtime.config.shape import (
    absolute,
    anything,
    array,
    choice,
    flag,
    identity,
    integer,
    record,
    text,
    uint16,
    uint64,
)
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RLIMITS = {
    "RLIMIT_CPU": 0,
    "RLIMIT_FSIZE": 1,
    "RLIMIT_DATA": 2,
    "RLIMIT_STACK": 3,
    "RLIMIT_CORE": 4,
    "RLIMIT_RSS": 5,
    "RLIMIT_NPROC": 6,
    "RLIMIT_NOFILE": 7,
    "RLIMIT_MEMLOCK": 8,
    "RLIMIT_AS": 9,
    "RLIMIT_LOCKS": 10,
    "RLIMIT_SIGPENDING": 11,
    "RLIMIT_MSGQUEUE": 12,
    "RLIMIT_NICE": 13,
    "RLIMIT_RTPRIO": 14,
    "RLIMIT_RTTIME": 15,
}
"""getrlimit(2), with the numbers of asm-generic/resource.h, which every architecture here shares."""

CAPABILITY_SETS = ("effective", "bounding", "inheritable", "permitted", "ambient")

PROCESS = record(
    {
        "terminal": flag,
        "consoleSize": anything,
        "cwd": absolute,
        "env": array(text),
        "args": array(text, least=1),
        "user": record(
            {"uid": identity, "gid": identity, "umask": integer(0, 0o777), "additionalGids": array(identity)},
            required=("uid", "gid"),
        ),
        "capabilities": record(dict.fromkeys(CAPABILITY_SETS, array(text))),
        "rlimits": array(
            record({"type": choice(*RLIMITS), "soft": uint64, "hard": uint64}, required=("type", "soft", "hard")),
        ),
        "noNewPrivileges": flag,
        "apparmorProfile": text,
        "selinuxLabel": text,
        "oomScoreAdj": integer(-1000, 1000),
        "scheduler": anything,
        "ioPriority": anything,
        "execCPUAffinity": record({"initial": text, "final": text}),
    },
    required=("cwd", "args", "user"),
)

_CONSOLE_SIZE = record({"height": uint16, "width": uint16}, required=("height", "width"))
"""The kernel keeps 16 bits of each."""


def check_process(config: "dict[str, Any]") -> None:
    """Raise RuntimeFault for members of the container's process that do not go together, if it has one."""
    process = config.get("process")
    if process is None:
        return
    check_process_alone(process, "$.process")


def check_process_alone(process: "dict[str, Any]", where: str) -> None:
    """Raise RuntimeFault for members of one process that do not go together."""
    if process.get("terminal") and process.get("consoleSize") is not None:
        _CONSOLE_SIZE(process["consoleSize"], f"{where}.consoleSize")
    seen = set()
    for index, limit in enumerate(process.get("rlimits") or ()):
        if limit["type"] in seen:
            raise RuntimeFault(f"{limit['type']} is given twice", where=f"{where}.rlimits[{index}]")
        if limit["soft"] > limit["hard"]:
            raise RuntimeFault("the soft limit is above the hard one", where=f"{where}.rlimits[{index}].soft")
        seen.add(limit["type"])
    for key in ("initial", "final"):
        _check_cpu_list((process.get("execCPUAffinity") or {}).get(key) or "", f"{where}.execCPUAffinity.{key}")


def _check_cpu_list(text: str, where: str) -> None:
    """Raise RuntimeFault unless this is a list such as "0-3,7", or empty."""
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        numbers = [first, last] if dash else [first]
        if not all(number.isascii() and number.isdigit() and len(number) < 6 for number in numbers):
            raise RuntimeFault(f"{text!r} is no list of CPUs", where=where)
        if dash and int(first) > int(last):
            raise RuntimeFault(f"{part!r} is no range", where=where)
