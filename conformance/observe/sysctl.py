"""Kernel parameters as the calling thread's namespaces have them; proc_sys(5), sysctl(8) for the spelling of names."""

import os
from collections.abc import Iterable


def observe(names: Iterable[str]) -> dict[str, str]:
    """Read each parameter; to be called within the container's namespaces. What cannot be read is left out."""
    return {name: value for name in names if (value := _read(path_of(name))) is not None}


def path_of(name: str) -> str | None:
    """Return the path below /proc/sys, or None for a name that leads elsewhere.

    Dots separate ("net.ipv4.ip_forward"), unless a slash comes first ("net/ipv4/conf/eth0.1/forwarding"); in the dotted
    form a slash stands for a dot within a part.
    """
    first = next((character for character in name if character in "./"), ".")
    exchanged = name if first == "/" else name.translate(str.maketrans("./", "/."))
    parts = exchanged.split("/")
    return None if any(part in {"", ".", ".."} or "\0" in part for part in parts) else "/proc/sys/" + exchanged


def _read(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read()).strip()
    except OSError:
        return None
