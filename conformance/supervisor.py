"""The outer run: one inner pytest run per (runtime, lane), each in its own session jail, and one summary of them all.

No container is started here, and nothing is judged: the inner runs write results files, which are merged and shown.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import conformance
from conformance.host import claims, kernel
from conformance.host.cgroup_views import LANES, distinct, host_links
from conformance.host.hierarchies import hierarchies, read
from conformance.plan import Plan
from conformance.subject.adapter import AdapterError, adapter_for
from conformance.subject.identify import NotARuntime, find, identify, reference_runtime
from conformance.verdict import junit, results, summary
from conformance.verdict.waivers import WaiverError, expired_lines, load, stale_lines
from specs.catalogue import load as load_catalogue
from specs.scoring import exit_code
from specs.verdicts import ExitCode, Verdict

PACKAGE = Path(conformance.__file__).parent
TESTS = PACKAGE / "runtime"
WAIVERS = PACKAGE / "waivers"
_RED = {Verdict.VIOLATED.value, Verdict.UNSTABLE.value, Verdict.HARNESS_ERROR.value}
_SHOWN = 5
_LONGEST_TEMPORARY = 47
"""Bytes: unix(7) allows a socket's path 107, and that of the hooks lies 60 below (session, bundle, rootfs)."""
WORK_PREFIX = "oci-conformance-run."
"""Of work directories, as `conformance.host.claims.PREFIX` is of sessions."""


class UsageError(ValueError):
    """Something about the command line; one line for the user, exit 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for."""

    runtimes: tuple[str, ...]
    lanes: tuple[str, ...]
    adapter: str | None
    spec_version: str | None
    requirements: tuple[str, ...]
    levels: tuple[str, ...]
    waivers: tuple[str, ...]
    results: str | None
    reproducers: str
    junit: str | None
    workers: int
    smoke_gate: bool
    pytest_arguments: tuple[str, ...]
    """What is passed on to the inner runs: node ids and pytest's own options."""


@dataclass(slots=True)
class _Merged:
    """What the inner runs left."""

    results: list[Path] = field(default_factory=list)
    junit: list[Path] = field(default_factory=list)
    incomplete: bool = False
    unanswered: list[str] = field(default_factory=list)
    """Questions that an inner run collected and gave no verdict on: something of ours broke on the way."""
    runs: int = 0
    """How many inner runs were started."""


def run(request: Request) -> int:
    """Certify every runtime in every lane; return the exit code (specs.verdicts.ExitCode).

    Raises UsageError before anything is started if the request cannot be carried out as it stands.
    """
    if os.geteuid() != 0:
        raise UsageError(f"certifying a runtime needs root, and this is uid {os.geteuid()}")
    for lane in request.lanes:
        if lane not in LANES:
            raise UsageError(f"there is no lane {lane!r}: choose one of {', '.join(LANES)}")
    temporary = tempfile.gettempdir()
    if len(os.fsencode(temporary)) > _LONGEST_TEMPORARY:
        raise UsageError(f"TMPDIR may have {_LONGEST_TEMPORARY} bytes, sockets lie below it, and this has more: {temporary}")
    runtimes, lanes = _runtimes(request), _lanes(request)
    waiver_files = (*sorted(str(path) for path in WAIVERS.glob("*.toml")), *request.waivers)
    try:
        waivers = load(Path(path) for path in waiver_files)
    except WaiverError as error:
        raise UsageError(str(error)) from error
    merged = _Merged()
    with _work_directory() as directory:
        for runtime in runtimes:
            for lane in lanes:
                place = directory / f"{len(merged.results)}-{lane}"
                place.mkdir()
                plan = _plan(request, runtime, lane, waiver_files, str(place))
                if not _certify(plan, request, merged):
                    merged.incomplete = True
        lines = _merge_results(merged, request)
        if request.junit:
            junit.merge(merged.junit, Path(request.junit))
    return _conclude(lines, merged, stale_lines(waivers, lines) + expired_lines(waivers, lines))


def _runtimes(request: Request) -> list[str]:
    """Return absolute paths; raises UsageError for what is no runtime."""
    try:
        found = [find(name) for name in request.runtimes] or [reference_runtime()]
        for path in found:
            identify(path, adapter_for(path, file=request.adapter))
    except (NotARuntime, AdapterError) as error:
        raise UsageError(str(error)) from error
    return found


def _lanes(request: Request) -> tuple[str, ...]:
    """Return the lanes asked for: for a runtime that is named, the host's own; for ours, each layout that this host has."""
    if request.lanes or request.runtimes:
        return request.lanes or ("host",)
    lanes = []
    wanted = distinct(hierarchies(read("/proc/self/cgroup"), read("/proc/self/mountinfo")), host_links())
    for lane in LANES:
        if lane not in wanted:
            print(f"lane {lane} is this host's own layout: lane host runs it", flush=True)  # noqa: T201
            continue
        tried = subprocess.run([*_jail(lane), "true"], env=_environment(), check=False, stderr=subprocess.PIPE, text=True)
        if tried.returncode == 0:
            lanes.append(lane)
        else:
            print(f"no lane {lane} on this host: {tried.stderr.strip()}", flush=True)  # noqa: T201
    return tuple(lanes)


def _plan(request: Request, runtime: str, lane: str, waivers: tuple[str, ...], directory: str) -> Plan:
    return Plan(
        runtime=runtime,
        adapter=request.adapter and os.path.abspath(request.adapter),
        lane=lane,
        spec_version=request.spec_version,
        requirements=request.requirements or ("*",),
        levels=request.levels,
        waivers=tuple(os.path.abspath(path) for path in waivers),
        directory=directory,
        reproducers=os.path.abspath(request.reproducers),
    )


def _certify(plan: Plan, request: Request, merged: _Merged) -> bool:
    """Run smoke gate and inner pytest for one plan; return whether everything was carried through."""
    plan_file = f"{plan.directory}/plan.json"
    plan.write(plan_file)
    if request.smoke_gate and _call([*_jail(plan.lane), sys.executable, "-m", "conformance.smoke", plan_file]) != 0:
        return False
    report = Path(plan.directory, "junit.xml")
    merged.runs += 1
    status = _call(_inner(plan, request, plan_file, report, first=merged.runs == 1))
    found = sorted(Path(plan.directory).glob("results-*.jsonl"))
    merged.results += found
    if report.exists():
        merged.junit.append(report)
    lines = [line for path in found for line in results.read(path)]
    unanswered = _asked(Path(plan.directory)) - {f"{line['case']}/{line['requirement']}" for line in lines}
    merged.unanswered += sorted(unanswered)
    # A red item without a red line is an error that never got as far as a verdict.
    return not unanswered and (status == 0 or (status == 1 and any(line["verdict"] in _RED for line in lines)))


def _asked(directory: Path) -> set[str]:
    return {question for path in directory.glob("asked-*.txt") for question in path.read_text(encoding="utf-8").splitlines()}


def _jail(lane: str) -> list[str]:
    return [sys.executable, "-m", "conformance.host.jail", f"--lane={lane}", "--die-with-parent", "--"]


def _inner(plan: Plan, request: Request, plan_file: str, report: Path, *, first: bool) -> list[str]:
    """Return the inner pytest's command line. With workers each of them is jailed, their controller is not."""
    # What the first run leaves in Allure's directory is no business of the second to remove.
    passed_on = [each for each in request.pytest_arguments if first or each != "--clean-alluredir"]
    arguments = [
        *("-c", str(TESTS / "pytest.ini"), f"--rootdir={PACKAGE.parent}", "-p", "conformance.plugin"),
        *("--no-header", "--tb=short", f"--conformance-plan={plan_file}"),
        *([f"--junitxml={report}"] if request.junit else []),
        *passed_on,
    ]
    pytest = [sys.executable, "-m", "pytest", *arguments]
    if request.workers < 1:
        return [*_jail(plan.lane), *pytest]
    # execnet starts each worker by this command line, so that the worker itself is pid 1 of its jail.
    worker = " ".join([*_jail(plan.lane), sys.executable])
    return [*pytest, "--dist=loadgroup", f"--tx={request.workers}*popen//python={worker}"]


def _call(command: Sequence[str]) -> int:
    # Whoever kills us means our children too. This process has one thread, so code of ours may run between fork and exec.
    return subprocess.run(command, env=_environment(), check=False, preexec_fn=_dying_with(os.getpid())).returncode


def _environment() -> dict[str, str]:
    search = os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return os.environ | {"PYTHONPATH": search}


def _dying_with(parent: int) -> Callable[[], None]:
    """Return what makes the calling process get SIGTERM when `parent` dies; execve(2) does not change that."""

    def request() -> None:
        kernel.prctl_set_pdeathsig(signal.SIGTERM)
        # The parent may have died before it could be the death that we hear of.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return request


def _merge_results(merged: _Merged, request: Request) -> list[dict[str, object]]:
    into = Path(request.results) if request.results else merged.results[0].with_name("merged.jsonl") if merged.results else None
    return results.merge(merged.results, into) if into else []


def _conclude(lines: Sequence[dict[str, object]], merged: _Merged, complaints: Iterable[str]) -> int:
    """Print the summary and return the exit code."""
    columns = shutil.get_terminal_size((120, 24)).columns
    anchors = {requirement.id: requirement.url for requirement in load_catalogue().values()}
    print()  # noqa: T201
    print(summary.render(lines, width=columns, colour=sys.stdout.isatty(), anchors=anchors), end="")  # noqa: T201
    if merged.unanswered:
        print(f"no verdict on {len(merged.unanswered)} of the questions asked: {', '.join(merged.unanswered[:_SHOWN])}")  # noqa: T201
    complaints = list(complaints)
    for complaint in complaints:
        print(complaint)  # noqa: T201
    code = exit_code(lines) if lines else ExitCode.INCOMPLETE
    if code is ExitCode.CONFORMANT and complaints:
        return ExitCode.VIOLATED
    return ExitCode.INCOMPLETE if merged.incomplete and code is ExitCode.CONFORMANT else code


@contextlib.contextmanager
def _work_directory() -> Iterator[Path]:
    """Make a directory of our own, after removing those of killed runs, which nobody holds any more."""
    parent = tempfile.gettempdir()
    claims.sweep(parent, shutil.rmtree, prefix=WORK_PREFIX)
    path, holder = claims.claim(parent, WORK_PREFIX + claims.session_name().removeprefix(claims.PREFIX))
    try:
        yield Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(holder)
