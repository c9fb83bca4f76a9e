"""What the results of a process's last calls mean when one has failed."""

from posix import strerror

from reference_runtime.effects.process import not_executable
from reference_runtime.fault import RuntimeFault
from reference_runtime.init.stub import WORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.plan.last_calls import LastCalls

_ENOENT, _ENOTDIR = 2, 20


def explain(calls: "LastCalls", results: bytes) -> "RuntimeFault":
    """Return the fault that the results of a process mean, in the words that container engines look for."""
    name, error = failure(calls, results)
    index = calls.names.index(name)
    if index in calls.executions:
        return RuntimeFault(not_executable(calls.file, [error]))
    what = f"cannot {name}" if " " in name else f"{name} fails"
    return RuntimeFault(what, where=calls.places.get(name, ""), why=strerror(error).lower())


def failure(calls: "LastCalls", results: bytes) -> "tuple[str, int]":
    """Return what failed and with which errno, from the results that the process has sent.

    Of the paths that execvp(3) tries, one that must not be executed says more than one that isn't there.
    """
    values = [int.from_bytes(results[at : at + WORD], "little", signed=True) for at in range(0, len(results), WORD)]
    tried = [(calls.names[index], -values[index]) for index in calls.executions if values[index] < 0]
    if len(tried) == len(calls.executions) and tried:
        return next((each for each in tried if each[1] not in {_ENOENT, _ENOTDIR}), tried[0])
    return next(((name, -value) for name, value in zip(calls.names, values, strict=True) if value < 0), ("", 0))
