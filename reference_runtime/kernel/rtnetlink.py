"""Links and addresses of a network namespace: rtnetlink(7), as linux/rtnetlink.h, if_link.h and if_addr.h lay its messages out.

A socket belongs for good to the network namespace that it was made in, so one can hold sockets of several.
"""

import _socket  # built into the interpreter; socket around it costs 5 ms
import posix
from _struct import calcsize, pack, unpack_from  # built into the interpreter as well

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

RTM_NEWLINK, RTM_GETLINK, RTM_SETLINK, RTM_NEWADDR, RTM_GETADDR = 16, 18, 19, 20, 22
IFF_UP = 1
IFA_F_PERMANENT = 0x80
RT_SCOPE_UNIVERSE = 0

_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_DUMP, _NLM_F_EXCLUSIVE_CREATE = 0x01, 0x04, 0x300, 0x600
_IFLA_IFNAME, _IFLA_NET_NS_FD = 3, 28
_IFA_ADDRESS, _IFA_LOCAL, _IFA_LABEL, _IFA_BROADCAST, _IFA_CACHEINFO, _IFA_FLAGS, _IFA_RT_PRIORITY, _IFA_PROTO = (
    1,
    2,
    3,
    4,
    6,
    8,
    9,
    11,
)
_KEPT_ATTRIBUTES = (_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_CACHEINFO, _IFA_RT_PRIORITY, _IFA_PROTO)
_STATUS_FLAGS = IFA_F_PERMANENT | 0x01 | 0x08 | 0x20 | 0x40
"""What the kernel says about an address, not what one asks of it: permanent, secondary, failed, deprecated or tentative."""

_HEADER = "<IHHII"
_LINK = "<BxHiII"
_ADDRESS = "<BBBBI"
_BUFFER = 1 << 17


class Link:
    """A network device: its index, name and flags (IFF_*)."""

    __slots__ = ("flags", "index", "name")

    def __init__(self, *, index: int, name: str, flags: int) -> None:
        self.index = index
        self.name = name
        self.flags = flags


class Address:
    """An address of a link, as the kernel lays it out: its attributes by number."""

    __slots__ = ("attributes", "family", "flags", "index", "prefix", "scope")

    def __init__(self, *, family: int, prefix: int, flags: int, scope: int, index: int, attributes: "dict[int, bytes]") -> None:
        self.family = family
        self.prefix = prefix
        self.flags = flags
        self.scope = scope
        self.index = index
        self.attributes = attributes


class Rtnetlink:
    """A socket in the network namespace that the caller is in now."""

    __slots__ = ("_sequence", "_socket")

    def __init__(self) -> None:
        self._socket = _socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, 0)
        self._sequence = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def links(self) -> "list[Link]":
        """Return all network devices. Raises OSError."""
        found = []
        for body in self._request(RTM_GETLINK, _NLM_F_DUMP, pack(_LINK, 0, 0, 0, 0, 0)):
            _, _, index, flags, _ = unpack_from(_LINK, body)
            attributes = dict(_attributes(body[calcsize(_LINK) :]))
            found.append(
                Link(index=index, name=attributes[_IFLA_IFNAME].rstrip(b"\0").decode(errors="surrogateescape"), flags=flags)
            )
        return found

    def set_up(self, index: int, *, up: bool) -> None:
        """Set a link up or down. Raises OSError."""
        self._request(RTM_NEWLINK, _NLM_F_ACK, pack(_LINK, 0, 0, index, IFF_UP if up else 0, IFF_UP))

    def move(self, index: int, namespace: int, name: str) -> None:
        """Move a link to the namespace of an open file, where it is called `name`; %d in it stands for a free number.

        Raises OSError; EEXIST if the name is taken.
        """
        attributes = _attribute(_IFLA_NET_NS_FD, namespace.to_bytes(4, "little")) + _attribute(_IFLA_IFNAME, _name(name))
        self._request(RTM_SETLINK, _NLM_F_ACK, pack(_LINK, 0, 0, index, 0, 0) + attributes)

    def addresses(self) -> "list[Address]":
        """Return the addresses of all links. Raises OSError."""
        found = []
        for body in self._request(RTM_GETADDR, _NLM_F_DUMP, pack(_ADDRESS, 0, 0, 0, 0, 0)):
            family, prefix, flags, scope, index = unpack_from(_ADDRESS, body)
            attributes = dict(_attributes(body[calcsize(_ADDRESS) :]))
            if _IFA_FLAGS in attributes:
                flags = int.from_bytes(attributes[_IFA_FLAGS], "little")
            found.append(Address(family=family, prefix=prefix, flags=flags, scope=scope, index=index, attributes=attributes))
        return found

    def add_address(self, index: int, address: Address, *, label: str) -> None:
        """Give a link an address that another link had, or the same in another namespace. Raises OSError.

        `label` is the name that old programs see the address under; only IPv4 has one.
        """
        flags = address.flags & ~_STATUS_FLAGS
        attributes = {kind: value for kind, value in address.attributes.items() if kind in _KEPT_ATTRIBUTES}
        attributes[_IFA_FLAGS] = flags.to_bytes(4, "little")
        if _IFA_LABEL in address.attributes:
            attributes[_IFA_LABEL] = _name(label)
        head = pack(_ADDRESS, address.family, address.prefix, flags & 0xFF, address.scope, index)
        body = head + b"".join(_attribute(kind, value) for kind, value in attributes.items())
        self._request(RTM_NEWADDR, _NLM_F_ACK | _NLM_F_EXCLUSIVE_CREATE, body)

    def _request(self, kind: int, flags: int, body: bytes) -> "list[bytes]":
        """Send one request; returns the bodies of what comes back before its end. Raises OSError."""
        self._sequence += 1
        header = pack(_HEADER, calcsize(_HEADER) + len(body), kind, flags | _NLM_F_REQUEST, self._sequence, 0)
        self._socket.send(header + body)
        found: list[bytes] = []
        while True:
            for answer, payload in _messages(self._socket.recv(_BUFFER)):
                if answer == _NLMSG_DONE:
                    return found
                if answer == _NLMSG_ERROR:
                    error = -int(unpack_from("<i", payload)[0])
                    if error:
                        raise OSError(error, posix.strerror(error))
                    return found
                found.append(payload)


def label_of(address: Address) -> str:
    """Return an address's label, "" if it has none."""
    return address.attributes.get(_IFA_LABEL, b"").rstrip(b"\0").decode(errors="surrogateescape")


def _messages(data: bytes) -> "Iterator[tuple[int, bytes]]":
    """Yield (type, body) of the messages of one datagram; they are aligned to four bytes."""
    at = 0
    while at < len(data):
        length, kind, _, _, _ = unpack_from(_HEADER, data, at)
        yield kind, data[at + calcsize(_HEADER) : at + length]
        at += (length + 3) & ~3


def _attributes(data: bytes) -> "Iterator[tuple[int, bytes]]":
    at = 0
    while at + 4 <= len(data):
        length, kind = unpack_from("<HH", data, at)
        yield kind & 0x3FFF, data[at + 4 : at + length]
        at += (length + 3) & ~3


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    header: Any = pack("<HH", length, kind)
    return bytes(header + value + bytes(-length & 3))


def _name(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape") + b"\0"
