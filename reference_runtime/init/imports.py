"""Keeps a process that is about to leave the host's files from importing anything: it would find the container's."""

import sys


def forbid_imports() -> None:
    """Make every import of a module that isn't loaded yet fail."""
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    sys.path.clear()
