"""Faults of hooks: left out, in another order or place, at another time, with other arguments."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faulty.fault import Fault

Config = dict[str, Any]

_STEPS = {
    "prestart": "step03-prestart",
    "createRuntime": "step04-createruntime",
    "createContainer": "step05-createcontainer",
    "startContainer": "step07-startcontainer",
    "poststart": "step09-poststart",
    "poststop": "step13-poststop",
}


def _each(change: Callable[[Config, str], object], *kinds: str) -> Callable[[Config], None]:
    """Apply `change` to every hook entry of these kinds that takes its socket from the host."""

    def fault(config: Config) -> None:
        for kind in kinds or tuple(_STEPS):
            for entry in config.get("hooks", {}).get(kind, ()):
                change(entry, kind)

    return fault


def _wrapped(*command: str) -> Callable[[Config, str], None]:
    """Run the hook through another program of the host."""

    def change(entry: Config, _kind: str) -> None:
        arguments = [word if word != "{hook}" else entry["path"] for word in command]
        entry.update(path=command[0], args=[*arguments, *entry["args"][1:]])

    return change


def _in_shell(script: str) -> Callable[[Config, str], None]:
    return _wrapped("/bin/sh", "-c", script, "{hook}")


def _moved(source: str, target: str) -> Callable[[Config], None]:
    """Call the hooks of one kind at the time of another."""

    def fault(config: Config) -> None:
        hooks = config.get("hooks", {})
        if source in hooks:
            entries = [_found_on_host(entry, config) for entry in hooks.pop(source)]
            hooks[target] = [*hooks.get(target, []), *entries]

    return fault


def _swapped(first: str, second: str) -> Callable[[Config], None]:
    def fault(config: Config) -> None:
        hooks = config.get("hooks", {})
        if first in hooks and second in hooks:
            hooks[first], hooks[second] = hooks[second], hooks[first]

    return fault


def _found_on_host(entry: Config, config: Config) -> Config:
    """Give a hook of the container namespace the path and socket that it has on the host."""
    if entry["path"] != "/hook":
        return entry
    root = config["root"]["path"]
    base = config["annotations"]["org.example.bundle"]
    arguments = [f"{base}/{root}{word}" if word == "/hooks.sock" else word for word in entry["args"]]
    return entry | {"path": f"{base}/{root}/hook", "args": arguments}


def _reverse(config: Config) -> None:
    for entries in config.get("hooks", {}).values():
        entries.reverse()


def _drop(kind: str) -> Callable[[Config], object]:
    return lambda config: config.get("hooks", {}).pop(kind, None)


def _second_poststop_only_if_first_succeeds(config: Config) -> None:
    del config.get("hooks", {}).get("poststop", [])[1:]


_ARGS = "config.hooks.args.effect"


def _both(kind: str, name: str) -> tuple[str, str]:
    """Return the two places in which the spec says the same of a kind."""
    return f"config.hooks.{kind.lower()}.{name}", f"config.hooks.{kind.lower()}.body-{name}"


def _found_in_rootfs(kind: str) -> Callable[[Config], None]:
    """Execute the container's program where the configured path can be found in both places."""

    def fault(config: Config) -> None:
        hooks = config.get("hooks", {})
        named = any(entry["path"] != "/hook" for entry in hooks.get("startContainer", ())[:1])
        for entry in hooks.get(kind, ()) if named else ():
            entry["path"] = str(Path(entry["args"][1]).with_name("hook"))

    return fault


def _host_hook_in_container(config: Config) -> None:
    """Have the container execute the program that the host has at the configured path."""
    for entry in config.get("hooks", {}).get("startContainer", ()):
        if entry["path"] != "/hook":
            mount = {"destination": "/hook-of-host", "type": "none", "source": entry["path"], "options": ["bind"]}
            config["mounts"].append(mount)
            entry["path"] = "/hook-of-host"


def _another_pid(replacement: str) -> Callable[[Config, str], None]:
    return _in_shell(f'sed \'s/"pid": *[0-9]*/"pid":{replacement}/\' | "$0" "$@"')


FAULTS = (
    *(
        Fault(
            name=f"hooks-without-{kind.lower()}",
            config=_drop(kind),
            reddens=(f"runtime.lifecycle.{step}", "features.hooks.supported"),
        )
        for kind, step in _STEPS.items()
    ),
    Fault(name="hooks-reversed", config=_reverse, reddens=("config.hooks.order",)),
    Fault(name="hooks-with-another-argument", config=_each(lambda entry, _kind: entry["args"].append("extra")), reddens=(_ARGS,)),
    Fault(
        name="hooks-without-env",
        config=_each(lambda entry, _kind: entry.pop("env", None)),
        reddens=("config.hooks.env.effect",),
    ),
    Fault(
        name="hooks-without-state",
        config=_each(_in_shell('exec "$0" "$@" </dev/null'), "createRuntime"),
        reddens=("config.hooks.state-on-stdin", _ARGS),
    ),
    *(
        Fault(
            name=f"hooks-{kind.lower()}-in-another-uts",
            config=_each(_wrapped("/usr/bin/unshare", "--uts", "--", "{hook}"), kind),
            reddens=(*_both(kind, "exec-ns"), _ARGS),
        )
        for kind in ("prestart", "createRuntime", "poststart", "poststop")
    ),
    Fault(
        name="hooks-createcontainer-in-another-mount-namespace",
        config=_each(_wrapped("/usr/bin/unshare", "--mount", "--", "{hook}"), "createContainer"),
        reddens=(*_both("createContainer", "exec-ns"), "config.hooks.createcontainer.before-pivot", _ARGS),
    ),
    Fault(
        name="hooks-startcontainer-after-start",
        real="crun",  # runc 1.1 calls poststart hooks during create
        config=_moved("startContainer", "poststart"),
        reddens=(
            *_both("startContainer", "exec-ns"),
            *_both("startContainer", "path-ns"),
            "runtime.lifecycle.step07-startcontainer-fail",
            _ARGS,
        ),
    ),
    Fault(
        name="hooks-startcontainer-during-create",
        config=_moved("startContainer", "createContainer"),
        reddens=("config.hooks.startcontainer.when", *_both("startContainer", "path-ns"), _ARGS),
    ),
    Fault(
        name="hooks-prestart-after-start",
        real="crun",  # runc 1.1 calls poststart hooks during create
        config=_moved("prestart", "poststart"),
        reddens=(
            "config.hooks.prestart.when",
            "config.hooks.prestart.before-createruntime",
            "runtime.lifecycle.step03-prestart-during-create",
            "runtime.lifecycle.step03-prestart-fail",
        ),
    ),
    Fault(
        name="hooks-createruntime-after-start",
        real="crun",  # runc 1.1 calls poststart hooks during create
        config=_moved("createRuntime", "poststart"),
        reddens=(
            "config.hooks.createruntime.when",
            "config.hooks.createcontainer.after-createruntime",
            "runtime.lifecycle.step04-createruntime-fail",
        ),
    ),
    Fault(
        name="hooks-createcontainer-after-start",
        real="crun",  # runc 1.1 calls poststart hooks during create
        config=_moved("createContainer", "poststart"),
        reddens=(
            "config.hooks.createcontainer.when",
            "config.hooks.createcontainer.before-pivot",
            *_both("createContainer", "exec-ns"),
            "runtime.lifecycle.step05-createcontainer-fail",
        ),
    ),
    Fault(
        name="hooks-poststart-during-create",
        config=_moved("poststart", "createRuntime"),
        reddens=("config.hooks.poststart.when",),
    ),
    Fault(
        name="hooks-poststop-after-start",
        config=_moved("poststop", "poststart"),
        reddens=("config.hooks.poststop.when",),
    ),
    Fault(
        name="hooks-prestart-last",
        config=_swapped("prestart", "createRuntime"),
        reddens=("config.hooks.prestart.before-createruntime",),
    ),
    Fault(
        name="hooks-createcontainer-before-createruntime",
        config=_swapped("createRuntime", "createContainer"),
        reddens=(
            "config.hooks.createcontainer.after-createruntime",
            "config.hooks.createcontainer.before-pivot",
            *_both("createRuntime", "exec-ns"),
            *_both("createContainer", "exec-ns"),
        ),
    ),
    *(
        Fault(
            name=f"hooks-{kind.lower()}-failure-ignored",
            config=_each(_in_shell('"$0" "$@" || :'), kind),
            reddens=(requirement, _ARGS),
        )
        for kind, requirement in (
            ("prestart", "runtime.lifecycle.step03-prestart-fail"),
            ("createRuntime", "runtime.lifecycle.step04-createruntime-fail"),
            ("createContainer", "runtime.lifecycle.step05-createcontainer-fail"),
            ("poststart", "runtime.lifecycle.step09-poststart-fail"),
        )
    ),
    Fault(
        name="hooks-poststop-failure-is-an-error",
        behaviour="delete_fails_after_warning",
        reddens=("runtime.lifecycle.step13-poststop-fail-warning",),
    ),
    Fault(
        name="hooks-without-timeout",
        config=_each(lambda entry, _kind: entry.pop("timeout", None)),
        reddens=("config.hooks.timeout.effect",),
    ),
    *(
        Fault(
            name=f"hooks-{kind.lower()}-found-in-rootfs",
            config=_found_in_rootfs(kind),
            reddens=_both(kind, "path-ns"),
        )
        for kind in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    ),
    Fault(
        name="hooks-startcontainer-found-on-host",
        config=_host_hook_in_container,
        reddens=_both("startContainer", "path-ns"),
    ),
    Fault(
        name="hooks-before-namespaces",
        config=_each(_another_pid("1"), "prestart", "createRuntime"),
        reddens=(
            "config.hooks.prestart.after-namespaces",
            "config.hooks.createruntime.after-namespaces",
            "runtime.state.pid-runtime-ns-hooks",
            _ARGS,
        ),
    ),
    Fault(
        name="hooks-poststart-with-another-pid",
        config=_each(_another_pid("1"), "poststart"),
        reddens=("runtime.state.pid-runtime-ns-hooks", _ARGS),
    ),
    Fault(
        name="hooks-createcontainer-with-another-pid",
        config=_each(_another_pid("77"), "createContainer"),
        reddens=("runtime.state.pid-container-ns-hooks", _ARGS),
    ),
    Fault(
        name="hooks-poststop-stops-at-failure",
        config=_second_poststop_only_if_first_succeeds,
        real="crun",
        reddens=("runtime.lifecycle.step13-poststop-fail-continue", "runtime.lifecycle.step13-poststop"),
    ),
)
