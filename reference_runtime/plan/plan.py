"""Plans a whole container: what is done in which order on the way from a config to a process that waits for `start`."""

from reference_runtime.effects.container_hooks import ContainerHooks
from reference_runtime.effects.mounts import Mount
from reference_runtime.plan.devices import plan_devices
from reference_runtime.plan.kernel_parameters import plan_kernel_parameters
from reference_runtime.plan.mounts import binds, plan_mounts
from reference_runtime.plan.namespaces import plan_namespaces
from reference_runtime.plan.process import plan_outside, plan_process, plan_terminal
from reference_runtime.plan.rootfs import plan_paths, plan_root, plan_root_change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.effects.binds import Bind
    from reference_runtime.effects.stage import Effect
    from reference_runtime.plan.last_calls import LastCalls
    from reference_runtime.request import Request
    from reference_runtime.seccomp.compile import Filter


class Plan:
    """The effects of a config, by where they take place."""

    __slots__ = (
        "attach", "calls", "container_hooks", "devices", "environment", "filter", "hooks", "inside", "machine", "mounts",
        "namespaces", "outside", "process", "runtime_hooks", "terminal",
    )  # fmt: skip

    def __init__(self, config: "dict[str, Any]", request: "Request", *, container_id: str, bundle: str, machine: str) -> None:
        """`config` has been checked; `bundle` is an absolute path; `machine` is as uname(2) names it."""
        self.machine = machine
        self.hooks: dict[str, Any] = config.get("hooks") or {}
        self.runtime_hooks = bool(self.hooks.get("prestart") or self.hooks.get("createRuntime"))
        self.namespaces = plan_namespaces(config)
        self.outside = plan_outside(config, container_id=container_id)
        """By the runtime, on the process that does nothing yet."""
        keep, self.attach = plan_root(config, bundle=bundle)
        self.mounts = plan_mounts(config, bundle=bundle)
        self.environment: list[Effect] = [keep, self.attach, *self.mounts]
        """In the container's namespaces, with the host's files still in reach."""
        self.devices: list[Effect] = [*plan_devices(config), *plan_kernel_parameters(config)]
        """There as well, once the cgroup's device rules are complete: while they are written no node can be made."""
        self.terminal = plan_terminal(config.get("process") or {}, console=True)
        terminal = [self.terminal] if self.terminal else []
        change = plan_root_change(config, pivot=request.pivot and self.namespaces.has_new("mount"))
        self.container_hooks = ContainerHooks(self.hooks.get("createContainer") or ())
        self.inside: list[Effect] = [self.container_hooks, *terminal, *plan_paths(config), *change]
        """After the hooks of the runtime's namespaces."""
        self.process = plan_process(config, container_id=container_id, keyring=request.keyring)
        """About the first process alone."""
        self.filter = plan_filter(config, machine)
        self.calls: LastCalls
        """What the stub does; it depends on what this machine grants, so it comes last."""

    def waits_before_mounts(self) -> bool:
        """Whether the first process needs what the runtime does from outside before it can begin: ids, network devices, rules."""
        mapped = any(bind.options.id_map for bind in self.binds())
        copies_nodes = any(mount.options.copy_up for mount in self.mounts if isinstance(mount, Mount))
        return "user" in self.namespaces or bool(self.outside) or mapped or copies_nodes

    def binds(self) -> "list[Bind]":
        """Return the bind mounts."""
        return binds(self.mounts)

    def describe(self) -> "list[str]":
        """Return a line for each effect, in the order in which they take place."""
        lines = [self.namespaces.describe(), *(effect.describe() for effect in self.outside)]
        lines += [effect.describe() for effect in (*self.environment, *self.devices, *self.inside, *self.process)]
        return lines + ([self.filter.describe()] if self.filter else []) + self.calls.describe()


def plan_filter(config: "dict[str, Any]", machine: str) -> "Filter | None":
    """Return the compiled linux.seccomp, if there is any. Raises RuntimeFault."""
    seccomp = (config.get("linux") or {}).get("seccomp")
    if not seccomp:
        return None
    from reference_runtime.seccomp.compile import compile_filter

    return compile_filter(seccomp, machine=machine)
