"""The program, its surroundings and its limits."""

from conformance.cases.case import Case, Directory, RegularFile, Symlink
from conformance.cases.defects import UNKNOWN_LIMIT
from conformance.record.config import put
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
        aims=("config.process.oomscoreadj.unset",),
    ),
    Case(
        name="process/rlimits",
        title="Soft and hard limits of several resources",
        edits=(put("/process/rlimits", [_limit(*row) for row in _LIMITS]),),
        needs=_limits_can_be_set,
    ),
    Case(
        name="process/rlimit-unknown",
        title="A limit of a type that no kernel has",
        edits=(put("/process/rlimits", [_limit("RLIMIT_NOFILE", 128, 256)]),),
        defect=put("/process/rlimits/-", UNKNOWN_LIMIT),
    ),
    Case(
        name="process/rlimit-twice",
        title="Two limits of one type",
        edits=(put("/process/rlimits", [_limit("RLIMIT_NOFILE", 128, 256)]),),
        defect=put("/process/rlimits/-", _limit("RLIMIT_NOFILE", 120, 240)),
    ),
)
