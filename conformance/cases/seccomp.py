"""Seccomp: entries with every sort of action, conditions, foreign calls, a default that denies, errors that cannot be."""

from typing import Any

from conformance.cases.case import Case, Container
from conformance.cases.defects import defective
from conformance.record.config import put
from conformance.record.probe import Action, Call
from specs.linux.syscalls import numbers

_ENODATA, _EOPNOTSUPP, _ELIBEXEC = 61, 95, 83
_OLD = 439
"""Newer calls are unknown to libraries in use."""
_LEFT_OUT = frozenset({"mkdirat", "getpgid", "getsid", "sched_yield", "vhangup", "acct", "swapon", "swapoff"})
_WIDE = 0x1_0000_0005


def _entry(*names: str, action: str = "SCMP_ACT_ERRNO", **members: Any) -> dict[str, Any]:
    return {"names": list(names), "action": action, **members}


def _compared(name: str, index: int, operator: str, value: int, **members: int) -> dict[str, Any]:
    return _entry(name, errnoRet=_ENODATA, args=[{"index": index, "op": f"SCMP_CMP_{operator}", "value": value, **members}])


def _allowed() -> list[str]:
    """Return the names of all calls but a few that a program can do without."""
    names = {name for machine in ("x86_64", "aarch64", "riscv64") for name, number in numbers(machine).items() if number <= _OLD}
    return sorted(names - _LEFT_OUT)


def _allowing(*entries: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(entries), **members}


_ACTIONS = _allowing(
    _entry("mkdirat", errnoRet=_EOPNOTSUPP),
    _entry("getpgid", "pidfd_getfd"),
    _entry("getsid", action="SCMP_ACT_TRACE", errnoRet=7),
    _entry("vhangup", action="SCMP_ACT_KILL_PROCESS"),
    _entry("acct", action="SCMP_ACT_KILL_THREAD"),
    _entry("swapoff", action="SCMP_ACT_TRAP"),
    _entry("sched_yield", action="SCMP_ACT_LOG"),
)
_CONDITIONS = _allowing(
    _compared("getpgid", 0, "EQ", 5),
    _compared("getsid", 0, "NE", _WIDE),
    _compared("mkdirat", 2, "LT", _WIDE),
    _compared("symlinkat", 1, "LE", _WIDE),
    _compared("linkat", 4, "GE", _WIDE),
    _compared("renameat2", 4, "GT", _WIDE),
    _compared("mknodat", 2, "MASKED_EQ", 0xF_0000_F000, valueTwo=0x1_0000_2000),
    _entry(
        "fchownat",
        errnoRet=_ENODATA,
        args=[{"index": 2, "op": "SCMP_CMP_EQ", "value": 7}, {"index": 3, "op": "SCMP_CMP_GT", "value": 9}],
    ),
)
_FOREIGN = _allowing(
    _entry("mkdirat", errnoRet=_EOPNOTSUPP),
    _entry("getpgid", action="SCMP_ACT_KILL_PROCESS"),
    architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
)
_LOGGING = {"defaultAction": "SCMP_ACT_LOG", "syscalls": [_entry("getpgid", "faccessat2", action="SCMP_ACT_ALLOW")]}
_DENYING = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [_entry(*_allowed(), action="SCMP_ACT_ALLOW")]}

_NOTIFIED = _entry("swapoff", action="SCMP_ACT_NOTIFY")

_NOTIFIED_CALL = Action("make a call that the agent is notified of", (Call("swapoff", (b"/none\0",)),))


def _held(container: Container) -> None:
    """Have the program wait for the agent, and stop it meanwhile."""
    if not container.create().succeeded:
        return
    container.snapshot("created")
    if container.start().succeeded:
        container.snapshot("running")
        container.hold(_NOTIFIED_CALL)
    container.kill("KILL")
    container.delete()


CASES: tuple[Case, ...] = (
    Case(
        name="seccomp/actions",
        title="Entries with every action that needs nobody else",
        edits=(put("/linux/seccomp", _ACTIONS),),
    ),
    Case(
        name="seccomp/arguments",
        title="Entries with each operator, and with two conditions",
        edits=(put("/linux/seccomp", _CONDITIONS),),
    ),
    Case(
        name="seccomp/architectures",
        title="Entries for several architectures",
        edits=(put("/linux/seccomp", _FOREIGN),),
    ),
    Case(
        name="seccomp/logged-by-default",
        title="All calls but two are logged",
        edits=(put("/linux/seccomp", _LOGGING),),
    ),
    Case(
        name="seccomp/denied-by-default",
        title="Most calls are allowed, all others denied",
        edits=(put("/linux/seccomp", _DENYING),),
    ),
    Case(
        name="seccomp/denied-by-default-with-errno",
        title="Most calls are allowed, all others denied with an errno of the config",
        edits=(put("/linux/seccomp", {**_DENYING, "defaultErrnoRet": _ELIBEXEC}),),
    ),
    Case(
        name="seccomp/logging-filter",
        title="A filter whose actions are logged",
        edits=(put("/linux/seccomp", _allowing(_entry("getpgid"), flags=["SECCOMP_FILTER_FLAG_LOG"])),),
    ),
    Case(
        name="seccomp/agent",
        title="A call that an agent is to be notified of, which nobody makes",
        edits=(put("/linux/seccomp", _allowing(_NOTIFIED, listenerPath="{agent}", listenerMetadata="meta data")),),
    ),
    Case(
        name="seccomp/agent-killable",
        title="A call that an agent is notified of, and that only a deadly signal may interrupt",
        edits=(
            put(
                "/linux/seccomp",
                _allowing(_NOTIFIED, listenerPath="{agent}", flags=["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]),
            ),
        ),
        aims=("linux.seccomp.flags.wait-killable",),
        script=_held,
        needs=lambda host: "" if host.seccomp and host.kernel >= (5, 19, 0) else "seccomp of Linux 5.19",
    ),
    defective(
        "seccomp-agent-absent",
        name="seccomp/agent-absent",
        edits=(put("/linux/seccomp", _allowing(_entry("swapoff"))),),
    ),
    defective(
        "seccomp-agent-unneeded",
        name="seccomp/agent-not-needed",
        edits=(put("/linux/seccomp", _allowing(_entry("swapoff"))),),
    ),
    Case(
        name="seccomp/errno-for-kill",
        title="An entry that kills has an errno",
        edits=(put("/linux/seccomp", _allowing(_entry("vhangup", action="SCMP_ACT_KILL_PROCESS"))),),
        defect=put("/linux/seccomp/syscalls/0/errnoRet", _EOPNOTSUPP),
    ),
    Case(
        name="seccomp/errno-for-allow-by-default",
        title="A default that allows has an errno",
        edits=(put("/linux/seccomp", _allowing(_entry("vhangup"))),),
        defect=put("/linux/seccomp/defaultErrnoRet", _EOPNOTSUPP),
    ),
)
