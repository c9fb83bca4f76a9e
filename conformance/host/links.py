"""Network interfaces to set a scene with, in the network namespace of the calling thread: made, addressed, changed, moved.

By rtnetlink(7), a request at a time; what the kernel refuses is an OSError that names the interface.
"""

import ipaddress
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conformance.host import kernel

_NLMSG_ERROR = 2
_RTM_NEWLINK, _RTM_NEWADDR = 16, 20
_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_EXCL, _NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400
_IFF_UP = 0x1
_IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 3, 4, 18, 28
_IFLA_INFO_KIND, _IFLA_INFO_DATA = 1, 2
_VETH_INFO_PEER = 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_IFINFO = struct.Struct("=BxHiII")  # ifinfomsg: family, type, index, flags, change
_IFADDR = struct.Struct("=BBBBI")  # ifaddrmsg: family, prefix length, flags, scope, index
_ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type


def make(name: str, *, mtu: int, addresses: tuple[str, ...] = (), up: bool = False) -> None:
    """Make one end of a veth pair, whose other end is called the same with "-": not every kernel has dummy interfaces.

    Addresses are written with their prefix length, and last for ever.
    """
    peer = _IFINFO.pack(0, 0, 0, 0, 0) + _attribute(_IFLA_IFNAME, os.fsencode(f"{name}-") + b"\0")
    data = _attribute(_IFLA_INFO_DATA, _attribute(_VETH_INFO_PEER, peer))
    kind = _attribute(_IFLA_LINKINFO, _attribute(_IFLA_INFO_KIND, b"veth") + data)
    body = _IFINFO.pack(0, 0, 0, _IFF_UP if up else 0, _IFF_UP)
    attributes = _attribute(_IFLA_IFNAME, os.fsencode(name) + b"\0") + _attribute(_IFLA_MTU, struct.pack("=I", mtu)) + kind
    _request(_RTM_NEWLINK, body + attributes, name, flags=_NLM_F_CREATE | _NLM_F_EXCL)
    for address in addresses:
        interface = ipaddress.ip_interface(address)
        family = socket.AF_INET if interface.version == 4 else socket.AF_INET6
        body = _IFADDR.pack(family, interface.network.prefixlen, 0, 0, socket.if_nametoindex(name))
        raw = interface.ip.packed
        attributes = _attribute(_IFA_LOCAL, raw) + _attribute(_IFA_ADDRESS, raw)
        _request(_RTM_NEWADDR, body + attributes, name, flags=_NLM_F_CREATE | _NLM_F_EXCL)


def change(
    name: str, *, mtu: int | None = None, up: bool | None = None, new_name: str = "", namespace: int | None = None
) -> None:
    """Change what is given of an interface; `namespace` is a descriptor of the network namespace that it moves to."""
    attributes = _attribute(_IFLA_MTU, struct.pack("=I", mtu)) if mtu is not None else b""
    attributes += _attribute(_IFLA_IFNAME, os.fsencode(new_name) + b"\0") if new_name else b""
    attributes += _attribute(_IFLA_NET_NS_FD, struct.pack("=I", namespace)) if namespace is not None else b""
    mask = _IFF_UP if up is not None else 0
    _request(_RTM_NEWLINK, _IFINFO.pack(0, 0, socket.if_nametoindex(name), _IFF_UP if up else 0, mask) + attributes, name)


@contextmanager
def elsewhere(path: str | None = None) -> Iterator[None]:
    """Let the calling thread, and what it starts, be in another network namespace meanwhile: in that of a file, or a new one."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if path is None:
            kernel.unshare(kernel.CLONE_NEWNET)
        else:
            other = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                kernel.setns(other, kernel.CLONE_NEWNET)
            finally:
                os.close(other)
        try:
            yield
        finally:
            kernel.setns(home, kernel.CLONE_NEWNET)
    finally:
        os.close(home)


def can_be_made() -> bool:
    """Whether interfaces can be made here, tried in a network namespace that goes away at once."""
    return _in_thread(_try)


def _try() -> bool:
    try:
        kernel.unshare(kernel.CLONE_NEWNET)
        make("try0", mtu=1500)
    except OSError:
        return False
    return True


def _in_thread(work: Callable[[], bool]) -> bool:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found == [True]


def _request(kind: int, body: bytes, name: str, *, flags: int = 0) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as netlink:
        netlink.send(_HEADER.pack(_HEADER.size + len(body), kind, _NLM_F_REQUEST | _NLM_F_ACK | flags, 1, 0) + body)
        answer = netlink.recv(1 << 16)
    if _HEADER.unpack_from(answer)[1] == _NLMSG_ERROR:
        error = -int.from_bytes(answer[_HEADER.size : _HEADER.size + 4], sys.byteorder, signed=True)
        if error:
            raise OSError(error, os.strerror(error), name)


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(-length % 4)
