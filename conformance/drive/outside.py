"""What there is around a container of the things that its config moves into it."""

import contextlib
from collections.abc import Iterable

from conformance.observe import network
from conformance.record.config import Config, lookup
from conformance.record.snapshot import Link


def links(config: Config, namespace_paths: Iterable[str]) -> dict[str, tuple[Link, ...]]:
    """Return the network interfaces here (under "") and in each network namespace that the config joins by path."""
    found = {"": network.observe()}
    for path in namespace_paths:
        if _is_joined_network(config, path):
            # What is no network namespace can't be joined either.
            with contextlib.suppress(OSError):
                found[path] = network.observe_at(path)
    return found


def _is_joined_network(config: Config, path: str) -> bool:
    entries = lookup(config, "/linux/namespaces") or ()
    return path.startswith("/") and {"type": "network", "path": path} in entries
