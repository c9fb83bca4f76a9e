"""Plans linux.sysctl, hostname and domainname, and the loopback device of a new network namespace."""

from reference_runtime.network.loopback import LoopbackUp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.effects.stage import Effect


def plan_kernel_parameters(config: "dict[str, Any]") -> "list[Effect]":
    """Return the effects that change what the container's namespaces tell of the machine."""
    effects: list[Effect] = []
    if any(each["type"] == "network" and not each.get("path") for each in (config.get("linux") or {}).get("namespaces") or ()):
        effects.append(LoopbackUp())
    sysctl = (config.get("linux") or {}).get("sysctl") or {}
    if not (config.get("hostname") or config.get("domainname") or sysctl):
        return effects
    from reference_runtime.effects.kernel_parameters import Hostname, Sysctl

    if config.get("hostname"):
        effects.append(Hostname("sethostname", config["hostname"]))
    if config.get("domainname"):
        effects.append(Hostname("setdomainname", config["domainname"]))
    effects += [Sysctl(name, value) for name, value in sysctl.items()]
    return effects
