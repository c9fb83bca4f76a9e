"""Plans a process that enters a container: its last calls, by the container's config and what this machine grants."""

import posix

from reference_runtime.kernel.credentials import last_capability, permitted_capabilities
from reference_runtime.plan.capabilities import plan_capabilities
from reference_runtime.plan.credentials import Privileges
from reference_runtime.plan.labels import labels_for
from reference_runtime.plan.last_calls import Descriptors, LastCalls
from reference_runtime.plan.namespaces import plan_namespaces
from reference_runtime.plan.program import plan_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.container.state import Container
    from reference_runtime.seccomp.compile import Filter


def privileges_for(process: "dict[str, Any]", config: "dict[str, Any]") -> "tuple[Privileges, list[str]]":
    """Return what a process of this config may become here, and warnings about what cannot be granted."""
    namespaces = plan_namespaces(config)
    last = last_capability()
    held = (1 << last + 1) - 1 if "user" in namespaces else permitted_capabilities()
    capabilities, warnings = plan_capabilities(process.get("capabilities") or {}, available=held)
    set_groups = True
    if "user" in namespaces:
        from reference_runtime.init.mappings import denies_groups

        set_groups = not denies_groups(namespaces)
    return Privileges(capabilities=capabilities, held=held, last=last, set_groups=set_groups), warnings


def plan_entry(
    container: "Container",
    process: "dict[str, Any]",
    *,
    path: "str | None" = None,
    preserved: int = 0,
    filter_: "Filter | None" = None,
) -> "tuple[LastCalls, Descriptors]":
    """Return the last calls of a process that enters; `path` is what is executed if it isn't what args[0] says."""
    privileges, _ = privileges_for(process, container.config())
    descriptors = Descriptors(preserved)
    calls = plan_program(
        process,
        machine=posix.uname().machine,
        privileges=privileges,
        descriptors=descriptors,
        filter_=filter_,
        exec_labels=labels_for(process),
        enters=True,
        enters_pid_namespace="pid" in container.document["namespaces"],
        path=path,
    )
    return calls, descriptors
