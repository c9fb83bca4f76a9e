"""Plans linux.sysctl, hostname and domainname."""

from reference_runtime.effects.kernel_parameters import Hostname, Sysctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.effects.stage import Effect


def plan_kernel_parameters(config: "dict[str, Any]") -> "list[Effect]":
    """Return the effects that change what the container's namespaces tell of the machine."""
    effects: list[Effect] = []
    if config.get("hostname"):
        effects.append(Hostname("sethostname", config["hostname"]))
    if config.get("domainname"):
        effects.append(Hostname("setdomainname", config["domainname"]))
    sysctl = (config.get("linux") or {}).get("sysctl") or {}
    effects += [Sysctl(name, value) for name, value in sysctl.items()]
    return effects
