"""Makes a bundle movable: paths that only the run knew become paths below a working directory, hooks become small shell scripts.

In a relocated config `@WORK@` stands for that directory. Pure: config in, config and script texts out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.record.config import Config
from conformance.record.hook import HookCall

WORK = "@WORK@"
"""What the script replaces by its working directory."""


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute paths that the run used, to names below the working directory, longest path first."""

    names: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, bundle: str, places: Mapping[str, str]) -> "Places":
        """Take placeholders as cases spell them (`host`, `ns:NAME`, `hooks`) with their paths; `ns:NAME` becomes `ns/NAME`."""
        named = {path: name.replace(":", "/") for name, path in places.items()} | {bundle: "bundle"}
        return cls(tuple(sorted(named.items(), key=lambda item: -len(item[0]))))

    def replace(self, text: str, work: str = WORK) -> str:
        """Return `text` with every path of the run replaced; /tmp/c1.pid is none, where /tmp/c1 is."""
        for path, name in self.names:
            text = re.sub(rf"{re.escape(path)}(?![\w.-])", lambda _: f"{work}/{name}", text)  # noqa: B023  # called at once
        return text

    def replace_bytes(self, content: bytes) -> bytes:
        """Do the same to what need not be text."""
        return self.replace(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Relocated:
    """A config that can be used elsewhere, the hook scripts that it names, and what had to be left out."""

    config: dict[str, Any]
    hooks: Mapping[str, str]
    """File name to content."""
    notes: tuple[str, ...]
    altered: bytes | None = None
    """What config.json holds instead of `config`, where the case altered its bytes."""

    @property
    def content(self) -> bytes:
        """What config.json holds."""
        return document(self.config) if self.altered is None else self.altered


def document(value: Any) -> bytes:
    """Return a JSON document for people to read."""
    return (json.dumps(value, indent=2) + "\n").encode()


def relocate(config: Config, places: Places, calls: list[HookCall]) -> Relocated:
    """Return the config with its paths below `@WORK@`.

    A hook becomes a script that appends its kind and its stdin to hooks.log and ends as the original was told to. startContainer
    hooks are left out: their program runs inside the container, where there is no shell.
    """
    moved: dict[str, Any] = _moved(config, places)
    exits = {(call.kind, call.index): call.exit_status for call in calls}
    scripts: dict[str, str] = {}
    notes = []
    if moved.get("hooks", {}).pop("startContainer", None):
        notes.append("startContainer hooks are left out: they answer to the harness from inside the container")
    for kind, index, hook in _hooks(moved):
        name = f"hook-{kind}-{index}.sh"
        scripts[name] = _hook_script(f"'== {kind} {index}'", exits.get((kind, index), 0))
        hook["path"] = f"{WORK}/{name}"
    return Relocated(moved, scripts, tuple(notes))


def relocate_altered(altered: bytes, config: Config, places: Places) -> Relocated:
    """Return bytes that need be no config, made of `config`, with their paths below `@WORK@`.

    Which hook is which is not to be seen in bytes: they share one script, which goes by the arguments that the harness gave.
    """
    hooks = {"host/hook": _hook_script('"== $2 $3"', 0)} if "hooks" in config else {}
    note = "startContainer hooks fail: they answer to the harness from inside the container"
    notes = (note,) if "startContainer" in config.get("hooks", ()) else ()
    return Relocated(_moved(config, places), hooks, notes, places.replace_bytes(altered))


def bind_sources(config: Config) -> list[str]:
    """Return sources of mounts that have to exist below the working directory: sockets of the harness, made as empty files."""
    sources = (mount.get("source", "") for mount in config.get("mounts") or ())
    return [
        source for source in sources if source.startswith(f"{WORK}/") and not source.startswith((f"{WORK}/bundle", f"{WORK}/ns/"))
    ]


def _moved(value: Any, places: Places) -> Any:
    if isinstance(value, str):
        return places.replace(value)
    if isinstance(value, Mapping):
        return {key: _moved(item, places) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_moved(item, places) for item in value]
    return value


def _hooks(config: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for kind, hooks in config.get("hooks", {}).items():
        for index, hook in enumerate(hooks):
            yield kind, index, hook


def _hook_script(title: str, status: int) -> str:
    return f"#!/bin/sh\n{{ echo {title}; /bin/cat; echo; }} >>{WORK}/hooks.log\nexit {status}\n"
