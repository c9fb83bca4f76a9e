"""Hooks: who is called, when, where, with what; and what a failing one does."""

from typing import Any

from conformance.cases.case import Case, Container, Symlink, lifecycle
from conformance.expectations.hook_calls import KINDS
from conformance.expectations.hook_failures import AFTER_THE_FAILURE
from conformance.record.config import Edit, put


def hook(kind: str, index: int, **members: object) -> dict[str, Any]:
    """Return the entry of a hook that reports to the harness; startContainer hooks are found in the container."""
    inside = kind == "startContainer"
    path, socket = ("/hook", "/hooks.sock") if inside else ("{host}/hook", "{hooks}")
    return {"path": path, "args": ["hook", socket, kind, str(index)], **members}


def _hooks(kinds: tuple[str, ...], count: int, **members: object) -> tuple[Edit, ...]:
    hooks = {kind: [hook(kind, index, **members) for index in range(count)] for kind in kinds}
    return put("/hooks", hooks), put("/annotations", {"org.example.bundle": "{bundle}"})


def _and_state(container: Container) -> None:
    lifecycle(container)
    container.state()


def _poststart_fails(container: Container) -> None:
    if container.create().succeeded:
        container.snapshot("created")
        container.start()
        container.wait(seconds=1.0)
        container.snapshot(AFTER_THE_FAILURE)
    container.kill()
    container.delete()
    container.state()


def hook_anywhere(kind: str) -> dict[str, Any]:
    """Return the entry of a hook whose path and socket can be found on the host and in the container."""
    return {"path": "{host}/hook", "args": ["hook", "{hooks}", kind, "0"]}


CASES = (
    Case(
        name="hooks/every-kind-twice",
        title="Two hooks of every kind are called in order, in the right place, with the state on stdin",
        edits=_hooks(KINDS, 2, env=["HOOK_COLOUR=blue"]),
        script=_and_state,
    ),
    Case(
        name="hooks/poststop-fails",
        title="A failing poststop hook does not keep the others from running",
        edits=_hooks(("poststop",), 2),
        hook_exits=(("poststop", 0, 3),),
        script=_and_state,
        aims=("runtime.lifecycle.step13-poststop-fail-continue", "runtime.lifecycle.step13-poststop-fail-warning"),
    ),
    Case(
        name="hooks/path-in-both-namespaces",
        title="The path of a hook leads to one program on the host, and to another in the container",
        rootfs=(Symlink("{host}/hook", "/hook"), Symlink("{hooks}", "/hooks.sock")),
        edits=(
            put("/hooks", {kind: [hook_anywhere(kind)] for kind in KINDS}),
            put("/annotations", {"org.example.bundle": "{bundle}"}),
        ),
        script=_and_state,
    ),
    *(
        Case(
            name=f"hooks/{kind.lower()}-timeout",
            title=f"A {kind} hook that does not end within its timeout is aborted",
            edits=_hooks((kind,), 1, timeout=1),
            hook_stalls=((kind, 0),),
            script=_and_state,
        )
        for kind in ("createRuntime", "poststop")
    ),
    Case(
        name="hooks/poststart-fails",
        title="A failing poststart hook stops the container",
        edits=_hooks(("poststart",), 1),
        hook_exits=(("poststart", 0, 3),),
        script=_poststart_fails,
        aims=("runtime.lifecycle.step09-poststart-fail",),
    ),
    *(
        Case(
            name=f"hooks/{kind.lower()}-fails",
            title=f"A failing {kind} hook stops the container before its program runs",
            edits=_hooks((kind,), 1),
            hook_exits=((kind, 0, 3),),
            script=_and_state,
            aims=(aim,),
        )
        for kind, aim in (
            ("prestart", "runtime.lifecycle.step03-prestart-fail"),
            ("createRuntime", "runtime.lifecycle.step04-createruntime-fail"),
            ("createContainer", "runtime.lifecycle.step05-createcontainer-fail"),
            ("startContainer", "runtime.lifecycle.step07-startcontainer-fail"),
        )
    ),
)
