"""Hooks: who is called, when, where, with what; and what a failing one does."""

from typing import Any

from conformance.cases.case import Case, Container, lifecycle
from conformance.expectations.hooks import KINDS
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
        aims=("runtime.lifecycle.step13-poststop-fail-continue",),
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
            ("createRuntime", "runtime.lifecycle.step04-createruntime-fail"),
            ("createContainer", "runtime.lifecycle.step05-createcontainer-fail"),
            ("startContainer", "runtime.lifecycle.step07-startcontainer-fail"),
        )
    ),
)
