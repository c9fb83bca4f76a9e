"""Versions of the specs, as runtimes and documents spell them."""

import functools
import re
from dataclasses import dataclass, field

_VERSION = re.compile(
    r"v?(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)(?:-rc\.?(?P<candidate>\d+)|-(?!dev\b)(?P<early>[0-9A-Za-z.-]+))?"
    r"(?:-dev)?(?:\+[0-9A-Za-z.-]+)?",
    re.ASCII,
)
_RELEASED = 1 << 30
"""Sorts a release behind each of its candidates."""


@dataclass(frozen=True, slots=True, order=True)
class SpecVersion:
    """A version of a spec, ordered as SemVer orders them, but for `-dev`.

    runtime-spec's own habit is to set `1.0.2-dev` right after the release of 1.0.2 (specs-go/version.go). It is the state after
    that release, so it counts as the version that it names. Candidates (`-rc.1`, in 1.0.0 days `-rc1`) come before their release.
    """

    major: int
    minor: int
    patch: int
    candidate: int = _RELEASED
    """N of `-rc.N`; 0 for any other pre-release."""
    text: str = field(default="", compare=False)
    """As it was written."""

    @classmethod
    def parse(cls, text: str) -> "SpecVersion":
        """Parse `1.0.2`, `v1.0.2`, `1.0.2-dev`, `1.3.0+dev`, `1.1.0-rc.1`; raises ValueError for anything else."""
        return _parse(text)

    @property
    def released(self) -> bool:
        """Whether it is no pre-release."""
        return self.candidate == _RELEASED

    def __str__(self) -> str:
        return self.text or f"{self.major}.{self.minor}.{self.patch}" + ("" if self.released else f"-rc.{self.candidate}")


def covers(declared: SpecVersion | str, since: SpecVersion | str) -> bool:
    """Whether `declared` includes what came with `since`; raises ValueError for a malformed one."""
    return _version(since) <= _version(declared)


def _version(value: SpecVersion | str) -> SpecVersion:
    return value if isinstance(value, SpecVersion) else _parse(value)


@functools.lru_cache(maxsize=256)
def _parse(text: str) -> SpecVersion:
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no version like 1.0.2, 1.0.2-dev or 1.1.0-rc.1")
    candidate = int(found["candidate"]) if found["candidate"] else 0 if found["early"] else _RELEASED
    return SpecVersion(int(found["major"]), int(found["minor"]), int(found["patch"]), candidate, text)
