"""Measured values, and the table that shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One quantity, measured several times."""

    name: str
    unit: str
    """ "ms", "s", or "" for a ratio or a number."""
    values: tuple[float, ...]
    """In `unit`, in the order of measuring; at least one."""
    target: float | None = None
    """What it is meant to stay below."""


def milliseconds(name: str, seconds: Iterable[float], *, target: float | None = None) -> Figure:
    """Return a figure in milliseconds of values in seconds."""
    return Figure(name=name, unit="ms", values=tuple(1000 * each for each in seconds), target=target)


def table(figures: Sequence[Figure]) -> str:
    """Return the figures in columns, a line each: name, minimum, median, unit, target."""
    width = max(len(figure.name) for figure in figures)
    lines = [f"{'':{width}}  {'minimum':>9} {'median':>9}"]
    for figure in figures:
        target = "" if figure.target is None else f"  target {figure.target:g}"
        row = f"{figure.name:{width}}  {min(figure.values):9.3f} {median(figure.values):9.3f} {figure.unit:2}{target}"
        lines.append(row.rstrip())
    return "\n".join(lines) + "\n"
