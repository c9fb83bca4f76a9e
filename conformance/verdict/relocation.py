"""Makes a bundle movable: paths that only the run knew become paths below a working directory, hooks become small shell scripts.

In a relocated config `@WORK@` stands for that directory. Pure, but for nothing: config in, config and script texts out.
"""

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
        """Return `text` with every path of the run replaced."""
        for path, name in self.names:
            text = text.replace(path, f"{work}/{name}")
        return text


@dataclass(frozen=True, slots=True)
class Relocated:
    """A config that can be used elsewhere, the hook scripts that it names, and what had to be left out."""

    config: dict[str, Any]
    hooks: Mapping[str, str]
    """File name to content."""
    notes: tuple[str, ...]


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
        scripts[name] = _hook_script(kind, index, exits.get((kind, index), 0))
        hook["path"] = f"{WORK}/{name}"
    return Relocated(moved, scripts, tuple(notes))


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


def _hook_script(kind: str, index: int, status: int) -> str:
    return f"#!/bin/sh\n{{ echo '== {kind} {index}'; /bin/cat; echo; }} >>{WORK}/hooks.log\nexit {status}\n"
