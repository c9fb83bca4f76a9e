"""Network devices move into the container: linux.netDevices, checked, planned and carried out.

A device keeps its attributes and its permanent addresses of global scope, gets the name that the config gives it, and is up
at last. The runtime never takes it back from a container that was made: when the namespace ends, the kernel returns
physical devices and destroys the others. Only a creation that fails gives devices back, as they were.
"""

import posix

from reference_runtime.config.shape import mapping, record, text
from reference_runtime.fault import RuntimeFault, reason
from reference_runtime.kernel.processes import CLONE_NEWNET, setns
from reference_runtime.kernel.rtnetlink import IFA_F_PERMANENT, IFF_UP, RT_SCOPE_UNIVERSE, Rtnetlink, label_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.kernel.rtnetlink import Address, Link

_WHERE = "$.linux.netDevices"
_LONGEST_NAME = 15
"""IFNAMSIZ without the NUL."""
_DEVICES = mapping(record({"name": text}))


def plan_network_devices(config: "dict[str, Any]") -> "NetworkDevices":
    """Return the effect that moves the devices of linux.netDevices. Raises RuntimeFault."""
    linux = config.get("linux") or {}
    given = linux["netDevices"]
    _DEVICES(given, _WHERE)
    if not any(each["type"] == "network" for each in linux.get("namespaces") or ()):
        raise RuntimeFault("devices need a network namespace of the container's own", where=_WHERE)
    names = {host: each.get("name") or host for host, each in given.items()}
    uses: dict[str, int] = {}
    for name in names.values():
        uses[name] = uses.get(name, 0) + 1
    for host, name in names.items():
        for each in (host, name):
            _check_name(each, f"{_WHERE}.{host}")
        if "%" not in name and uses[name] > 1:
            raise RuntimeFault(f"two devices would be called {name}", where=f"{_WHERE}.{host}.name")
    return NetworkDevices(names)


def _check_name(name: str, where: str) -> None:
    """Refuse what the kernel takes for no name, or for a template other than one %d."""
    if name in (".", "..") or len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        raise RuntimeFault(f"{name!r} is no name of a network device", where=where)
    if "/" in name or ":" in name or name.split() != [name]:
        raise RuntimeFault(f"{name!r} is no name of a network device", where=where)
    if "%" in name.replace("%d", "", 1):
        raise RuntimeFault(f"{name!r} has another template than one %d", where=where)


class Moved:
    """A device that is in the container: its index there, and what it was before."""

    __slots__ = ("addresses", "flags", "index", "name")

    def __init__(self, link: "Link", addresses: "list[Address]", index: int) -> None:
        self.index = index
        self.name = link.name
        self.flags = link.flags
        self.addresses = addresses


class NetworkDevices:
    """Names in the runtime's network namespace to names in the container, perhaps with %d for a number of the kernel's choice."""

    __slots__ = ("_moved", "_namespaces", "names")

    def __init__(self, names: "dict[str, str]") -> None:
        self.names = names
        self._moved: list[Moved] = []
        self._namespaces: _Namespaces | None = None

    def describe(self) -> str:
        """Return one line for --plan."""
        return "move network devices: " + ", ".join(f"{host} as {name}" for host, name in self.names.items())

    def execute(self, pid: int) -> None:
        """Move them to the network namespace of a process. Raises RuntimeFault; then all are where they were."""
        try:
            self._namespaces = _Namespaces(pid)
        except OSError as error:
            raise RuntimeFault.of("cannot enter the container's network namespace", error, where=_WHERE) from None
        try:
            self._move(self._namespaces)
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Give all back, the last first; what the kernel refuses stays, since there is no better place for it."""
        namespaces, self._namespaces = self._namespaces, None
        if namespaces is None:
            return
        for device in reversed(self._moved):
            try:
                _give_back(namespaces, device)
            except OSError:
                continue
        namespaces.close()

    def lasting(self) -> "list[str]":
        """Return no directories: the devices are the container's, and the kernel's when it ends."""
        return []

    def _move(self, namespaces: "_Namespaces") -> None:
        """Check that all can be moved, then do it."""
        links = {link.name: link for link in namespaces.outside.links()}
        taken = {link.name for link in namespaces.inside.links()}
        for host, name in self.names.items():
            if host not in links:
                raise RuntimeFault("there is no such network device", where=f"{_WHERE}.{host}")
            if name in taken:
                raise RuntimeFault(f"the container has a network device {name} already", where=f"{_WHERE}.{host}")
        addresses = [each for each in namespaces.outside.addresses() if _is_kept(each)]
        for host, name in self.names.items():
            link = links[host]
            own = [each for each in addresses if each.index == link.index]
            try:
                _move_one(namespaces, link, name, own, self._moved)
            except OSError as error:
                raise RuntimeFault("cannot be moved", where=f"{_WHERE}.{host}", why=reason(error)) from None


def _is_kept(address: "Address") -> bool:
    return bool(address.flags & IFA_F_PERMANENT) and address.scope == RT_SCOPE_UNIVERSE


def _move_one(namespaces: "_Namespaces", link: "Link", name: str, addresses: "list[Address]", moved: "list[Moved]") -> None:
    """Move one device; as soon as it has left, it is among `moved`. Raises OSError."""
    before = {each.index for each in namespaces.inside.links()}
    try:
        # The kernel sets it down on its way, takes its addresses away, and renames it on arrival.
        namespaces.outside.move(link.index, namespaces.inside_file, name)
    finally:
        # Even if that failed: the name may have been taken in between, then the device has left all the same.
        arrived = next((each for each in namespaces.inside.links() if each.index not in before), None)
        if arrived is not None:
            moved.append(Moved(link, addresses, arrived.index))
    if arrived is not None:
        _add_addresses(namespaces.inside, moved[-1], arrived.name)
        namespaces.inside.set_up(arrived.index, up=True)


def _add_addresses(there: Rtnetlink, device: Moved, name: str) -> None:
    """Add the addresses anew. A label that began with the old name begins with the new one."""
    for address in device.addresses:
        there.add_address(device.index, address, label=(name + label_of(address).removeprefix(device.name))[:_LONGEST_NAME])


def _give_back(namespaces: "_Namespaces", device: Moved) -> None:
    """Make a device what it was: its name, addresses and state. Raises OSError."""
    there = namespaces.outside
    namespaces.inside.move(device.index, namespaces.outside_file, device.name)
    device.index = next(each.index for each in there.links() if each.name == device.name)
    _add_addresses(there, device, device.name)
    if device.flags & IFF_UP:
        there.set_up(device.index, up=True)


class _Namespaces:
    """The runtime's network namespace and the container's: a file and a socket of each."""

    __slots__ = ("inside", "inside_file", "outside", "outside_file")

    def __init__(self, pid: int) -> None:
        """Make a socket in each, by entering the container's for a moment. Raises OSError."""
        self.outside_file = posix.open("/proc/self/ns/net", posix.O_RDONLY | posix.O_CLOEXEC)
        self.inside_file = posix.open(f"/proc/{pid}/ns/net", posix.O_RDONLY | posix.O_CLOEXEC)
        self.outside = Rtnetlink()
        setns(self.inside_file, CLONE_NEWNET)
        try:
            self.inside = Rtnetlink()
        finally:
            setns(self.outside_file, CLONE_NEWNET)

    def close(self) -> None:
        """Close all four."""
        self.outside.close()
        self.inside.close()
        posix.close(self.outside_file)
        posix.close(self.inside_file)
