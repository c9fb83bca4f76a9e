"""The program: arguments, environment, working directory, limits, its place with the OOM killer, execution domain."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Directory, RegularFile, Symlink
from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property
from fuzz.strategies.texts import name, text
from specs.linux.personality import DOMAINS

_CAP_SYS_RESOURCE = 24
_INFINITY = -1
_WORST_OOM_SCORE = 1000
_FOLDERS = ("/", "/tmp", "/work folder", "/work folder/deep", "/short", "/short/deep", "/dev", "/proc")
_SMALLEST = {
    "RLIMIT_NOFILE": 64,
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": 1 << 26,
    "RLIMIT_STACK": 1 << 20,
    "RLIMIT_SIGPENDING": 64,
    "RLIMIT_MSGQUEUE": 0,
    "RLIMIT_CPU": 600,
    "RLIMIT_DATA": 1 << 33,
    "RLIMIT_AS": 1 << 36,
    "RLIMIT_LOCKS": 64,
    "RLIMIT_MEMLOCK": 1 << 16,
    "RLIMIT_NICE": 0,
    "RLIMIT_RTPRIO": 0,
    "RLIMIT_RTTIME": 1 << 32,
    "RLIMIT_NPROC": 512,
}
"""Below these a runtime written in Go cannot go on to start the program."""
_LARGEST = 1 << 40


def arguments(_host: Host) -> SearchStrategy[Feature]:
    """Generate arguments of the program, named by its path."""
    return st.lists(text(), max_size=5).map(
        lambda given: Feature(
            name="process.args",
            sole="program",
            shows=("config.process.args.effect",),
            edits=(put("/process/args", ["/probe", *given]),),
        )
    )


def bare_name(_host: Host) -> SearchStrategy[Feature]:
    """Generate a program named without a slash, somewhere on PATH, maybe behind a file of its name that may not be executed."""

    def feature(given: tuple[str, bool, list[str]]) -> Feature:
        tool, shadowed, rest = given
        shadow = (RegularFile(f"first/{tool}", b"not a program"),) if shadowed else (Directory("first"),)
        return Feature(
            name="process.args.bare-name",
            sole="program",
            shows=("config.process.args.execvp-file",),
            rootfs=(*shadow, Symlink(f"tools/{tool}", "/probe")),
            edits=(put("/process/args", [tool, *rest]), put("/process/env", ["PATH=/nowhere:/first:/tools"])),
        )

    return st.tuples(name(), st.booleans(), st.lists(text(), max_size=2)).map(feature)


def environment(_host: Host) -> SearchStrategy[Feature]:
    """Generate variables with names and values of every sort, PATH kept."""
    variables = st.dictionaries(st.one_of(name(), st.sampled_from(("lower.case-1", "_", "é", "a b"))), text(), max_size=5)
    return variables.map(
        lambda given: Feature(
            name="process.env",
            shows=("config.process.env.effect",),
            edits=tuple(put("/process/env/-", f"{key}={value}") for key, value in given.items() if key != "PATH"),
        )
    )


def working_directory(_host: Host) -> SearchStrategy[Feature]:
    """Generate a working directory, maybe by way of a symlink."""
    return st.sampled_from(_FOLDERS).map(
        lambda folder: Feature(
            name="process.cwd",
            shows=("config.process.cwd.effect",),
            rootfs=(Directory("work folder/deep"), Symlink("short", "work folder")),
            edits=(put("/process/cwd", folder),),
        )
    )


def limits(host: Host) -> SearchStrategy[Feature]:
    """Generate soft and hard limits, within what the harness has itself unless it may exceed that."""

    def most(kind: str) -> int:
        own = host.limits.get(kind, (_INFINITY, _INFINITY))[1]
        return _LARGEST if own == _INFINITY or host.can(_CAP_SYS_RESOURCE) else min(own, _LARGEST)

    def limit(kind: str) -> SearchStrategy[dict[str, object]]:
        pair = st.lists(st.integers(_SMALLEST[kind], most(kind)), min_size=2, max_size=2).map(sorted)
        return pair.map(lambda two: {"type": kind, "soft": two[0], "hard": two[1]})

    kinds = [kind for kind, smallest in _SMALLEST.items() if smallest <= most(kind)]
    listed = st.lists(st.one_of(*map(limit, kinds)), min_size=1, max_size=4, unique_by=lambda each: str(each["type"]))
    return listed.map(
        lambda given: Feature(
            name="process.rlimits", shows=("config.process.rlimits.*",), edits=(put("/process/rlimits", given),)
        )
    )


def oom_score(host: Host) -> SearchStrategy[Feature]:
    """Generate an OOM score, no lower than the harness's own: that would take CAP_SYS_RESOURCE."""
    lowest = -_WORST_OOM_SCORE if host.can(_CAP_SYS_RESOURCE) else host.oom_score_adj
    return st.integers(lowest, _WORST_OOM_SCORE).map(
        lambda score: Feature(
            name="process.oomScoreAdj", shows=("config.process.oomscoreadj.set",), edits=(put("/process/oomScoreAdj", score),)
        )
    )


def terminal(_host: Host) -> SearchStrategy[Feature]:
    """Generate a terminal for the program, of any size or of none that is said."""
    size = st.fixed_dictionaries({"height": st.integers(1, 65_535), "width": st.integers(1, 65_535)})
    return st.one_of(st.none(), size).map(
        lambda given: Feature(
            name="process.terminal",
            shows=("config.process.terminal.linux-pty", "config.process.consolesize.effect"),
            edits=(put("/process/terminal", value=True), *((put("/process/consoleSize", given),) if given else ())),
        )
    )


def personality(_host: Host) -> SearchStrategy[Feature]:
    """Generate an execution domain."""
    return st.sampled_from(sorted(DOMAINS)).map(
        lambda domain: Feature(
            name="linux.personality", shows=("linux.personality.*",), edits=(put("/linux/personality", {"domain": domain}),)
        )
    )


PROPERTIES = (
    Property("process.args", arguments),
    Property("process.args.bare-name", bare_name),
    Property("process.env", environment),
    Property("process.cwd", working_directory),
    Property("process.rlimits", limits),
    Property("process.oomScoreAdj", oom_score),
    Property("process.terminal", terminal),
    Property("linux.personality", personality),
)
