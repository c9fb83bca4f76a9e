"""What the command line asks of a hunt. Parsing is pure; every error is a ValueError of one line."""

import re
import secrets
from dataclasses import dataclass

QUICK_SECONDS = 120.0
"""The quick profile: minutes, all campaigns together."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}


@dataclass(frozen=True, slots=True)
class Shard:
    """One machine's part of a hunt, counted from 1."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Parse `3/16`."""
        found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text)
        if not found or int(found[1]) > int(found[2]):
            raise ValueError(f"{text!r} is no shard like 3/16")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to hunt."""

    seconds: float
    """Of all campaigns that were chosen, together."""
    examples: int | None
    """Of each campaign in each worker; None for as many as there is time for."""
    seed: int
    seed_given: bool
    """The user chose the seed: a journal of another one is not resumed."""
    shard: Shard
    corpus: str
    state: str


def seconds(text: str) -> float:
    """Parse a duration: `90`, `90s`, `30m`, `8h`, `2d`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not found or float(found[1]) <= 0:
        raise ValueError(f"{text!r} is no duration like 90s, 30m or 8h")
    return float(found[1]) * _UNITS[found[2]]


def seed(text: str) -> int:
    """Parse a seed; `auto` draws a fresh one."""
    if text == "auto":
        return secrets.randbits(48)
    if not re.fullmatch(r"\d{1,18}", text):
        raise ValueError(f"{text!r} is no seed: give a number, or auto")
    return int(text)
