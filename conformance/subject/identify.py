"""From the value of `--runtime` to a program, and what that program says of itself.

Nothing that it says is trusted: output that is no JSON, no version, endless or absent is what a program that is no
runtime gives, and that is told in one line.
"""

import json
import os
import re
import shutil
import stat
from collections.abc import Mapping
from typing import Any

import conformance
from conformance.record.runtime import RuntimeFacts
from conformance.subject.adapter import Adapter
from conformance.subject.spawn import Finished, spawn
from specs.version import SpecVersion

OLDEST = "1.0.0"
"""The runtime-spec version that every runtime of major version 1 accepts."""
NEWEST = "1.3.0"
"""The newest runtime-spec version that this project knows."""

_SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SECONDS = 10.0
_VERSION_LINE = re.compile(r"\A(\S+) version:? (\S+)")
_SPEC_LINE = re.compile(r"^\s*(?:oci )?specs?: *v?(\S+)", re.IGNORECASE | re.MULTILINE)
_DEV = re.compile(r"[-+]dev\b.*\Z")


class NotARuntime(ValueError):
    """What `--runtime` names cannot be tested; the message is one line for the user."""


def reference_runtime() -> str:
    """Return the path of the runtime that is certified when none is named: the one of this checkout or installation.

    It is found as a file, like any runtime: nothing here may import it. Raises NotARuntime if the file is not there.
    """
    package = os.path.dirname(os.path.abspath(conformance.__file__))
    return find(os.path.join(os.path.dirname(package), "reference_runtime", "reference-runtime"))


def search_path() -> str:
    """Return the PATH to look runtimes up on and to call them with: ours, and the system's directories."""
    ours = [directory for directory in os.environ.get("PATH", "").split(":") if directory.startswith("/")]
    return ":".join(dict.fromkeys([*ours, *_SYSTEM_DIRECTORIES]))


def default_environment() -> dict[str, str]:
    """Return the environment to call runtimes with: what rootless ones and cgroup managers need, nothing that steers one."""
    passed = ("HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    return {"PATH": search_path()} | {name: os.environ[name] for name in passed if name in os.environ}


def find(spec: str) -> str:
    """Return the absolute path of the program that `spec` (a path, or a name on PATH or in /usr/sbin, /sbin) means.

    Raises NotARuntime if there is none that could be executed. Symlinks are kept: a program may go by its name.
    """
    if "/" not in spec:
        found = shutil.which(spec, path=search_path())
        if found is None:
            raise NotARuntime(f"runtime {spec!r} is not on PATH")
        return found
    path = os.path.abspath(spec)
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise NotARuntime(f"runtime {spec!r}: {(error.strerror or 'cannot be read').lower()}") from error
    if stat.S_ISDIR(mode):
        raise NotARuntime(f"runtime {spec!r} is a directory")
    if not stat.S_ISREG(mode):
        raise NotARuntime(f"runtime {spec!r} is not a regular file")
    if not os.access(path, os.X_OK):
        raise NotARuntime(f"runtime {spec!r} is not executable")
    return path


def identify(path: str, adapter: Adapter, *, timeout: float = _SECONDS) -> RuntimeFacts:
    """Ask the program at `path` for its features and its version, each for at most `timeout` seconds.

    Raises NotARuntime if neither tells a runtime-spec version, and the version's first line is not "NAME version V"
    with a name that the adapter is for.
    """
    features_run = _ask(path, adapter, "features", timeout)
    version_run = _ask(path, adapter, "version", timeout)
    features = parse_features(features_run)
    version, spec_version, own_name = parse_version(version_run)
    declared = features["ociVersionMax"] if features else spec_version
    if not declared and own_name not in adapter.match:
        raise NotARuntime(f"{path!r} is no runtime: {_answered('features', features_run)}, {_answered('version', version_run)}")
    return RuntimeFacts(
        name=adapter.runtime_name(path),
        path=path,
        version=version,
        spec_version=_DEV.sub("", declared),
        features=features,
        kernel=adapter.kernel,
    )


def parse_features(finished: Finished) -> Mapping[str, Any] | None:
    """Return the features document that was printed, or None if it is none (features.md: ociVersionMax is required)."""
    if finished.status != 0 or finished.truncated:
        return None
    try:
        document = json.loads(finished.stdout)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    newest = document.get("ociVersionMax")
    return document if isinstance(newest, str) and _is_version(newest) else None


def parse_version(finished: Finished) -> tuple[str, str, str]:
    """Return (version, runtime-spec version, name) as `--version` printed them; empty where it did not."""
    if finished.status != 0:
        return "", "", ""
    text = finished.stdout.decode(errors="replace")
    first = _VERSION_LINE.match(text)
    spec = _SPEC_LINE.search(text)
    declared = spec[1] if spec and _is_version(spec[1]) else ""
    return first[2] if first else "", declared, first[1] if first else ""


def accepted_oci_version(facts: RuntimeFacts, *, newest: str = NEWEST) -> str:
    """Return the ociVersion to write into configs: the one it declares, but none newer than `newest`; "1.0.0" if none.

    A runtime may refuse versions beyond its own: crun 1.8.1 declares 1.0.0 and refuses 1.0.2-dev and 1.1.0.
    """
    declared = facts.spec_version
    if not declared:
        return OLDEST
    return min(declared, newest, key=SpecVersion.parse)


def _is_version(text: str) -> bool:
    try:
        SpecVersion.parse(text)
    except ValueError:
        return False
    return True


def _ask(path: str, adapter: Adapter, operation: str, timeout: float) -> Finished:
    try:
        return spawn((path, *adapter.argv(operation, {})), environment=default_environment(), timeout=timeout)
    except OSError as error:
        raise NotARuntime(f"{path!r} is no runtime: {(error.strerror or str(error)).lower()}") from error


def _answered(operation: str, finished: Finished) -> str:
    if finished.status is None:
        return f"{operation} hangs"
    how = f"exit {finished.status}" if finished.status >= 0 else f"signal {-finished.status}"
    return f"{operation} gives {how} and {'nothing' if not finished.stdout else 'nothing sensible'}"
