"""Masked and read-only paths: files, directories, the kernel's own, missing ones, symlinks on the way."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Entry, RegularFile, Symlink
from conformance.record.config import put
from conformance.record.host import Host
from fuzz.strategies.feature import Feature, Property

_FILES: tuple[Entry, ...] = (
    RegularFile("secret", b"not to be read\n"),
    RegularFile("hidden/within", b"nor this\n"),
    RegularFile("hidden/deep/file", b"nor that\n"),
    Symlink("pointer", "/secret"),
    Symlink("way", "hidden"),
)
_PATHS = ("/secret", "/hidden", "/hidden/within", "/hidden/deep", "/pointer", "/way/deep", "/missing", "/missing/deep", "/srv")
_OF_THE_KERNEL = ("/proc/cpuinfo", "/proc/sys", "/proc/keys", "/sys/firmware", "/proc/sys/kernel", "/sys/kernel")


def _listed(member: str) -> Callable[[Host], SearchStrategy[Feature]]:
    def strategy(_host: Host) -> SearchStrategy[Feature]:
        chosen = st.lists(st.sampled_from(_PATHS + _OF_THE_KERNEL), min_size=1, max_size=4, unique=True)
        return chosen.map(
            lambda paths: Feature(
                name=f"linux.{member}",
                shows=(f"linux.{member.lower()}.effect",),
                rootfs=_FILES,
                edits=(put(f"/linux/{member}", paths),),
                needs=frozenset({"mount"}),
            )
        )

    return strategy


PROPERTIES = (
    Property("linux.maskedPaths", _listed("maskedPaths")),
    Property("linux.readonlyPaths", _listed("readonlyPaths")),
)
