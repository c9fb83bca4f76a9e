"""Network interfaces that are moved into the container."""

from conformance.cases.case import Case, Container, HostLink, HostNamespace
from conformance.record.config import Edit, put
from conformance.record.host import Host

_PLAIN = HostLink(name="ocisrc0", mtu=1400, addresses=("192.0.2.11/24", "2001:db8::11/64"))
_OTHER = HostLink(name="ocisrc1", mtu=1300, addresses=("198.51.100.12/25",), up=True)
_RETUNED_MTU = 1280


def _needs(host: Host) -> str:
    return "" if host.veth_links else "network interfaces of the kind veth"


def _joined(*kinds: str) -> Edit:
    return put("/linux/namespaces", [{"type": "network", "path": "{ns:net}"}, *({"type": kind} for kind in kinds)])


_JOINED = _joined("pid", "mount", "ipc", "uts", "cgroup")
_NAMESPACE = HostNamespace("net", "network")


def _retuned(container: Container) -> None:
    """Change an interface of the created container, and look whether it is left so."""
    if not container.create().succeeded:
        return
    container.snapshot("created")
    container.retune("ocisrc0", mtu=_RETUNED_MTU)
    container.snapshot("retuned")
    if container.start().succeeded:
        container.snapshot("running")
    container.kill("KILL")
    container.delete()


CASES: tuple[Case, ...] = (
    Case(
        name="network-devices/moved",
        title="Two network interfaces, one under a new name, one that was up",
        edits=(put("/linux/netDevices", {"ocisrc0": {"name": "ocidst0"}, "ocisrc1": {}}),),
        links=(_PLAIN, _OTHER),
        needs=_needs,
    ),
    Case(
        name="network-devices/numbered",
        title="A network interface whose number the kernel picks",
        edits=(put("/linux/netDevices", {"ocisrc0": {"name": "ocidst%d"}}),),
        links=(_PLAIN,),
        needs=_needs,
    ),
    Case(
        name="network-devices/joined",
        title="A network interface for a network namespace that outlives the container",
        aims=("linux.netdevices.no-move-back",),
        namespaces=(_NAMESPACE,),
        edits=(_JOINED, put("/linux/netDevices", {"ocisrc0": {"name": "ocidst0"}})),
        links=(_PLAIN, HostLink(name="ociown0", namespace="net")),
        needs=_needs,
    ),
    Case(
        name="network-devices/retuned",
        title="A network interface that somebody changes before the program starts",
        aims=("linux.netdevices.no-management",),
        edits=(put("/linux/netDevices", {"ocisrc0": {}}),),
        links=(_PLAIN,),
        script=_retuned,
        needs=_needs,
    ),
    Case(
        name="network-devices/loopback",
        title="The loopback interface, which cannot leave its network namespace",
        aims=("linux.netdevices.check-movable",),
        edits=(put("/linux/netDevices", {"ocisrc0": {}}),),
        links=(_PLAIN,),
        defect=put("/linux/netDevices/lo", {"name": "ocilo0"}),
        needs=_needs,
    ),
    Case(
        name="network-devices/absent",
        title="A network interface that the host does not have",
        aims=("linux.netdevices.check-movable",),
        edits=(put("/linux/netDevices", {"ocisrc0": {}}),),
        links=(_PLAIN,),
        defect=put("/linux/netDevices/ocisrc9", {"name": "ocidst9"}),
        needs=_needs,
    ),
    Case(
        name="network-devices/taken",
        title="A name that an interface of the joined network namespace has",
        aims=("linux.netdevices.name-clash-error",),
        namespaces=(_NAMESPACE,),
        edits=(_JOINED, put("/linux/netDevices", {"ocisrc0": {"name": "ocidst0"}})),
        links=(_PLAIN, HostLink(name="ociown0", namespace="net")),
        defect=put("/linux/netDevices/ocisrc0/name", "ociown0"),
        needs=_needs,
    ),
)
