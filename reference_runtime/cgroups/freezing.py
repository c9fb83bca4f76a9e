"""Stopping and ending all processes of a cgroup: cgroup.freeze and cgroup.kill of v2, the freezer of v1."""

import posix

from reference_runtime.cgroups.tree import sleep, value
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.files import exists, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SIGKILL = 9
_PAUSE = 0.002
_ATTEMPTS = 1000
"""Two seconds in all."""
_AGAIN = 25
"""A fork in the wrong moment leaves the freezer of v1 half done; after this many looks the state is written anew."""


def _place(directories: "dict[str, str]") -> "tuple[str, bool] | None":
    """Return (the cgroup that can be frozen, is it v2), None if there is none."""
    unified = directories.get("")
    if unified is not None and exists(f"{unified}/cgroup.freeze"):
        return unified, True
    freezer = directories.get("freezer")
    return None if freezer is None or not exists(f"{freezer}/freezer.state") else (freezer, False)


def _demanded(directories: "dict[str, str]") -> tuple[str, bool]:
    place = _place(directories)
    if place is None:
        raise RuntimeFault("cannot freeze the container", why="it has no cgroup with a freezer")
    return place


def freeze(directories: "dict[str, str]") -> None:
    """Stop all processes and wait until they stand. Raises RuntimeFault; then they run on."""
    directory, v2 = _demanded(directories)
    _write(directory, v2=v2, frozen=True)
    for attempt in range(1, _ATTEMPTS):
        state = value(directory, "cgroup.events" if v2 else "freezer.state")
        if state == "FROZEN" or (v2 and "frozen 1" in state):
            return
        if attempt % _AGAIN == 0 and not v2:
            _write(directory, v2=v2, frozen=True)
        sleep(_PAUSE)
    _write(directory, v2=v2, frozen=False)
    raise RuntimeFault("cannot freeze the container", why="some of its processes do not stop")


def thaw(directories: "dict[str, str]") -> None:
    """Let all processes go on. Raises RuntimeFault."""
    directory, v2 = _demanded(directories)
    _write(directory, v2=v2, frozen=False)


def _write(directory: str, *, v2: bool, frozen: bool) -> None:
    file, words = ("cgroup.freeze", ("0", "1")) if v2 else ("freezer.state", ("THAWED", "FROZEN"))
    try:
        write_file(f"{directory}/{file}", words[frozen])
    except OSError as error:
        raise RuntimeFault.of("cannot change the freezer", error) from None


def is_frozen(directories: "dict[str, str]") -> bool:
    """Whether the cgroup is frozen, or about to be."""
    place = _place(directories)
    if place is None:
        return False
    directory, v2 = place
    return value(directory, "cgroup.freeze") == "1" if v2 else value(directory, "freezer.state") in ("FROZEN", "FREEZING")


def kill(directories: "dict[str, str]", processes: "Callable[[], list[int]]") -> None:
    """End all processes and wait until they are gone. Raises RuntimeFault if some stay.

    Without cgroup.kill (Linux 5.14) they are frozen first, so that none can fork while the others are ended.
    """
    for attempt in range(_ATTEMPTS):
        if not processes():
            return
        if attempt or not ("" in directories and _killed_at_once(directories[""])):
            _kill_each(directories, processes)
        sleep(_PAUSE)
    raise RuntimeFault("some processes of the container do not end", why=", ".join(map(str, processes())))


def _killed_at_once(directory: str) -> bool:
    try:
        write_file(f"{directory}/cgroup.kill", "1")
    except OSError:
        return False
    return True


def _kill_each(directories: "dict[str, str]", processes: "Callable[[], list[int]]") -> None:
    if _place(directories) is not None:
        try:
            freeze(directories)
        except RuntimeFault:
            pass  # then without: another round follows
    for pid in processes():
        try:
            posix.kill(pid, _SIGKILL)
        except ProcessLookupError:
            continue
    if is_frozen(directories):
        # On v1 a frozen process takes no signal.
        thaw(directories)
