"""The program, its surroundings and its limits."""

from typing import Any

from conformance.cases.case import Case, Directory, RegularFile, Symlink
from conformance.cases.defects import defective
from conformance.record.config import Edit, put
from conformance.record.host import Host

_LIMITS: tuple[tuple[str, int, int], ...] = (
    ("RLIMIT_NOFILE", 128, 256),
    ("RLIMIT_CORE", 0, 4096),
    ("RLIMIT_FSIZE", 1 << 33, 1 << 34),
    ("RLIMIT_STACK", 4 << 20, 8 << 20),
    ("RLIMIT_SIGPENDING", 100, 200),
    ("RLIMIT_MSGQUEUE", 100_000, 200_000),
    ("RLIMIT_CPU", 1000, 2000),
)
_SCHEDULERS: tuple[dict[str, Any], ...] = (
    {"policy": "SCHED_BATCH", "nice": 5},
    {"policy": "SCHED_FIFO", "priority": 7},
    {"policy": "SCHED_DEADLINE", "runtime": 10_000_000, "deadline": 30_000_000, "period": 50_000_000},
)
_CAP_SYS_RESOURCE = 24
_INFINITY = -1


def _limit(name: str, soft: int, hard: int) -> dict[str, object]:
    return {"type": name, "soft": soft, "hard": hard}


def _limits_can_be_set(host: Host) -> str:
    """Say which of the limits above is beyond the harness's own hard limit, which only CAP_SYS_RESOURCE can exceed."""
    own = {name: host.limits.get(name, (_INFINITY, _INFINITY))[1] for name, _, _ in _LIMITS}
    beyond = [name for name, _, hard in _LIMITS if own[name] != _INFINITY and hard > own[name]]
    return f"CAP_SYS_RESOURCE, to set {', '.join(beyond)}" if beyond and not host.can(_CAP_SYS_RESOURCE) else ""


CASES: tuple[Case, ...] = (
    Case(
        name="process/program",
        title="A program with awkward arguments and variables, a working directory and an OOM score",
        rootfs=(Directory("work folder/deep"), Symlink("short", "work folder/deep")),
        edits=(
            put("/process/args", ["/probe", "", "two words", "-x=\u00e9\u4e16", "'\"$HOME\\", "last"]),
            put(
                "/process/env",
                ["PATH=/bin:/tools", "EMPTY=", "SPACED=a b ", "EQUALS=a=b=c", "LETTERS=\u00e9\u4e16", "lower.case-1=x"],
            ),
            put("/process/cwd", "/short"),
            put("/process/oomScoreAdj", 777),
        ),
        aims=("config.process.args.effect", "config.process.env.effect", "config.process.cwd.effect"),
    ),
    Case(
        name="process/bare-name",
        title="A program named without a slash, behind a file in an earlier PATH entry that may not be executed",
        rootfs=(RegularFile("first/tool", b"not a program", 0o644), Symlink("tools/tool", "/probe")),
        edits=(put("/process/args", ["tool", "argument"]), put("/process/env", ["PATH=/nowhere:/first:/tools"])),
        aims=("config.process.oomscoreadj.unset", "config.process.terminal.default", "runtime-linux.fds.default"),
    ),
    Case(
        name="process/rlimits",
        title="Soft and hard limits of several resources",
        edits=(put("/process/rlimits", [_limit(*row) for row in _LIMITS]),),
        needs=_limits_can_be_set,
    ),
    *(
        defective(each, name=f"process/{each}", edits=(put("/process/rlimits", [_limit("RLIMIT_NOFILE", 128, 256)]),))
        for each in ("rlimit-unknown", "rlimit-twice")
    ),
    Case(
        name="process/terminal",
        title="A terminal of a certain size",
        edits=(Edit("/process/terminal", value=True), put("/process/consoleSize", {"height": 31, "width": 97})),
    ),
    defective("size-without-terminal", name="process/size-without-terminal"),
    Case(
        name="process/umask-unset",
        title="A program without a umask of its own, under a strict one",
        umask=0o037,
        aims=("config.process.user.umask.unset",),
    ),
    *(
        Case(
            name=f"process/scheduler-{scheduler['policy'].removeprefix('SCHED_').lower()}",
            title=f"The program runs under {scheduler['policy']}",
            edits=(put("/process/scheduler", scheduler),),
        )
        for scheduler in _SCHEDULERS
    ),
    Case(
        name="process/io-priority",
        title="An I/O priority for the program and its children",
        edits=(put("/process/ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 6}),),
    ),
    defective(
        "affinity-of-exec",
        name="process/exec-affinity",
        needs=lambda host: "" if 0 in host.cpus and len(host.cpus) > 1 else "CPU 0 and another one",
    ),
    Case(
        name="process/apparmor",
        title="An AppArmor profile",
        edits=(put("/process/apparmorProfile", "unconfined"),),
    ),
    Case(
        name="process/selinux",
        title="An SELinux label",
        edits=(put("/process/selinuxLabel", "unconfined_u:unconfined_r:unconfined_t:s0"),),
    ),
)
