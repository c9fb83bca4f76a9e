"""The network interfaces of the calling thread's network namespace, or of another, asked of the kernel by rtnetlink(7)."""

import socket
import struct
import sys
from collections.abc import Iterator, Mapping

from conformance.host import links
from conformance.record.snapshot import Link

_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_RTM_NEWLINK, _RTM_GETLINK = 16, 18
_RTM_NEWADDR, _RTM_GETADDR = 20, 22
_NLM_F_REQUEST_DUMP = 0x301
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU = 1, 3, 4
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_IFA_F_PERMANENT = 0x80
_RT_SCOPE_UNIVERSE = 0
_TYPE_MASK = 0x3FFF
"""The two upper bits of an attribute's type are flags."""

_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_IFINFO = struct.Struct("=BxHiII")  # ifinfomsg: family, type, index, flags, change
_IFADDR = struct.Struct("=BBBBI")  # ifaddrmsg: family, prefix length, flags, scope, index
_ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type

Attributes = Mapping[int, bytes]


def observe() -> tuple[Link, ...]:
    """Return all interfaces by index, with their addresses; to be called within the container's namespaces."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as netlink:
        interfaces = [_link(body) for body in _dump(netlink, _RTM_GETLINK, _RTM_NEWLINK)]
        addresses = [_address(body) for body in _dump(netlink, _RTM_GETADDR, _RTM_NEWADDR)]
    return tuple(
        Link(
            index=index,
            name=attributes[_IFLA_IFNAME].rstrip(b"\0").decode("utf-8", "backslashreplace"),
            flags=flags,
            mtu=int.from_bytes(attributes.get(_IFLA_MTU, b""), sys.byteorder),
            address=attributes.get(_IFLA_ADDRESS, b"").hex(":"),
            addresses=tuple(address for owner, address, _ in addresses if owner == index),
            lasting=tuple(address for owner, address, lasting in addresses if owner == index and lasting),
        )
        for index, flags, attributes in sorted(interfaces, key=lambda link: link[0])
    )


def observe_at(path: str) -> tuple[Link, ...]:
    """Return all interfaces of the network namespace that the file leads to; raises OSError."""
    with links.elsewhere(path):
        return observe()


def _dump(netlink: socket.socket, request: int, reply: int) -> Iterator[bytes]:
    """Ask for a whole table and yield the bodies of its messages; raises OSError if the kernel refuses."""
    netlink.send(_HEADER.pack(_HEADER.size + 16, request, _NLM_F_REQUEST_DUMP, 1, 0) + bytes(16))
    while True:
        datagram = netlink.recv(1 << 17)
        offset = 0
        while offset < len(datagram):
            length, kind, _, _, _ = _HEADER.unpack_from(datagram, offset)
            body = datagram[offset + _HEADER.size : offset + length]
            if kind == _NLMSG_DONE:
                return
            if kind == _NLMSG_ERROR:
                raise OSError(-int.from_bytes(body[:4], sys.byteorder, signed=True), "rtnetlink")
            if kind == reply:
                yield body
            offset += _aligned(length)


def _link(body: bytes) -> tuple[int, int, Attributes]:
    _, _, index, flags, _ = _IFINFO.unpack_from(body)
    return index, flags, _attributes(body, _IFINFO.size)


def _address(body: bytes) -> tuple[int, str, bool]:
    family, prefix, flags, scope, index = _IFADDR.unpack_from(body)
    attributes = _attributes(body, _IFADDR.size)
    # On a point-to-point link IFA_ADDRESS is the peer's; IFA_LOCAL, where there is one, is always our own.
    raw = attributes.get(_IFA_LOCAL) or attributes[_IFA_ADDRESS]
    lasting = bool(flags & _IFA_F_PERMANENT) and scope == _RT_SCOPE_UNIVERSE
    return index, f"{socket.inet_ntop(family, raw)}/{prefix}", lasting


def _attributes(body: bytes, offset: int) -> Attributes:
    found = {}
    while offset + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, offset)
        if length < _ATTRIBUTE.size:
            break
        found[kind & _TYPE_MASK] = body[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)
    return found


def _aligned(length: int) -> int:
    return length + 3 & ~3
