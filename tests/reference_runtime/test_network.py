"""linux.netDevices and the loopback device, with real links in private network namespaces."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reference_runtime.effects.stage import Stage
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.rtnetlink import Rtnetlink
from reference_runtime.network.devices import NetworkDevices, plan_network_devices
from reference_runtime.network.loopback import LoopbackUp
from tests.reference_runtime.children import in_child

CLONE_NEWNET = 0x40000000
needs_links = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="making links needs root and ip(8)")


def config(devices: Any, *, kind: str = "network") -> dict[str, Any]:
    return {"linux": {"namespaces": [{"type": kind}], "netDevices": devices}}


@pytest.mark.parametrize(
    ("devices", "names"),
    [
        ({"eth0": {}}, {"eth0": "eth0"}),
        ({"eth0": {"name": None}}, {"eth0": "eth0"}),
        ({"eth0": {"name": "net7"}, "eth1": {"name": "e%d"}}, {"eth0": "net7", "eth1": "e%d"}),
        ({"eth0": {"name": "e%d"}, "eth1": {"name": "e%d"}}, {"eth0": "e%d", "eth1": "e%d"}),
    ],
)
def test_planned(devices: Any, names: dict[str, str]) -> None:
    effect = plan_network_devices(config(devices))
    assert effect.names == names
    assert all(name in effect.describe() for name in names)


@pytest.mark.parametrize(
    ("devices", "where"),
    [
        ({"eth0": {"name": "x" * 16}}, ".eth0"),
        ({"eth0": {"name": "a/b"}}, ".eth0"),
        ({"eth0": {"name": "a b"}}, ".eth0"),
        ({"eth0": {"name": "%s"}}, ".eth0"),
        ({"eth0": {"name": "%d%d"}}, ".eth0"),
        ({"..": {}}, "..."),
        ({"eth0": {"name": "same"}, "eth1": {"name": "same"}}, ".eth0.name"),
        ({"eth0": {"name": 7}}, ".eth0.name"),
        ({"eth0": []}, ".eth0"),
    ],
)
def test_names_that_cannot_be_are_refused(devices: Any, where: str) -> None:
    with pytest.raises(RuntimeFault) as refusal:
        plan_network_devices(config(devices))
    assert refusal.value.where == f"$.linux.netDevices{where}"


def test_a_container_in_the_runtimes_namespace_can_be_given_no_devices() -> None:
    with pytest.raises(RuntimeFault, match="network namespace"):
        plan_network_devices(config({"eth0": {}}, kind="uts"))


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def seen(*command: str) -> list[dict[str, Any]]:
    done = subprocess.run([*command, "ip", "-json", "address", "show"], check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def in_new_namespace(action: Callable[[], object]) -> None:
    """Run `action` in a child with a network namespace of its own."""

    def enter() -> str:
        assert ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
        action()
        return "done"

    assert in_child(enter) == "done"


@contextmanager
def container(*commands: tuple[str, ...]) -> Iterator[int]:
    """Start a process in a network namespace of its own, in which ip(8) has been called as told."""
    process = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; read x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        for command in commands:
            subprocess.run(["nsenter", f"--net=/proc/{process.pid}/ns/net", "ip", *command], check=True)
        yield process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def inside(pid: int) -> dict[str, dict[str, Any]]:
    return {link["ifname"]: link for link in seen("nsenter", f"--net=/proc/{pid}/ns/net")}


def addresses(link: dict[str, Any]) -> set[tuple[str, int, str]]:
    return {(each["local"], each["prefixlen"], each["scope"]) for each in link["addr_info"]}


def link_with_addresses(name: str) -> None:
    """Make one end of a veth pair, since not every kernel has dummy links; the other end is called the same with "-"."""
    ip("link", "add", name, "mtu", "1400", "type", "veth", "peer", "name", f"{name}-")
    ip("link", "set", f"{name}-", "up")
    ip("link", "set", name, "address", "02:00:00:00:00:07", "up")
    ip("address", "add", "192.0.2.7/24", "broadcast", "192.0.2.255", "label", f"{name}:x", "dev", name)
    ip("address", "add", "192.0.2.8/24", "dev", name)
    ip("address", "add", "2001:db8::7/64", "nodad", "dev", name)
    ip("address", "add", "10.9.9.9/32", "scope", "link", "dev", name)
    ip("address", "add", "192.0.2.99/24", "valid_lft", "1000", "preferred_lft", "1000", "dev", name)


def shown(link: dict[str, Any]) -> tuple[str, bool, set[tuple[str, int, str]]]:
    """Return what does not change by itself within a moment."""
    return link["ifname"], "UP" in link["flags"], {each for each in addresses(link) if not each[0].startswith("fe80:")}


GLOBAL = {("192.0.2.7", 24, "global"), ("192.0.2.8", 24, "global"), ("2001:db8::7", 64, "global")}


@needs_links
@pytest.mark.parametrize("name", ["eth0", "net9", "new%d"])
def test_a_device_keeps_what_it_is_and_gets_its_name(name: str) -> None:
    def action() -> None:
        link_with_addresses("eth0")
        with container(("link", "add", "new0", "type", "veth", "peer", "name", "new0-")) as pid:
            NetworkDevices({"eth0": name}).execute(pid)
            moved = inside(pid)[name.replace("%d", "1")]
            assert "UP" in moved["flags"]
            assert (moved["mtu"], moved["address"]) == (1400, "02:00:00:00:00:07")
            # Neither the address of a smaller scope nor the one with a lifetime; the link-local one is the kernel's.
            kept = {each for each in addresses(moved) if not each[0].startswith("fe80:")}
            assert kept == GLOBAL
            first = next(each for each in moved["addr_info"] if each["local"] == "192.0.2.7")
            assert (first["broadcast"], first["label"]) == ("192.0.2.255", f"{moved['ifname']}:x")
            assert {link["ifname"] for link in seen()} == {"lo", "eth0-"}

    in_new_namespace(action)


@needs_links
def test_a_veth_end_moves_and_carries_traffic() -> None:
    def action() -> None:
        ip("link", "add", "here", "type", "veth", "peer", "name", "there")
        ip("address", "add", "198.51.100.1/24", "dev", "here")
        ip("link", "set", "here", "up")
        ip("address", "add", "198.51.100.2/24", "dev", "there")
        with container() as pid:
            NetworkDevices({"there": "eth0"}).execute(pid)
            program = "import socket; socket.create_connection(('198.51.100.1', 4000), 10).send(b'x')"
            with socket.create_server(("198.51.100.1", 4000)) as server:
                subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, "-ISc", program], check=True)
                connection, peer = server.accept()
                assert (connection.recv(1), peer[0]) == (b"x", "198.51.100.2")
                connection.close()
            assert ("198.51.100.2", 24, "global") in addresses(inside(pid)["eth0"])
            assert inside(pid)["eth0"]["operstate"] == "UP"

    in_new_namespace(action)


@needs_links
def test_a_name_that_the_container_has_is_refused_before_anything_moves() -> None:
    def action() -> None:
        link_with_addresses("eth0")
        link_with_addresses("eth1")
        before = seen()
        with container(("link", "add", "taken", "type", "veth", "peer", "name", "taken-")) as pid:
            for names, where in (({"eth0": "free", "eth1": "taken"}, "eth1"), ({"eth0": "free", "none": "x"}, "none")):
                with pytest.raises(RuntimeFault) as refusal:
                    NetworkDevices(names).execute(pid)
                assert refusal.value.where == f"$.linux.netDevices.{where}"
            assert sorted(inside(pid)) == ["lo", "taken", "taken-"]
        assert [shown(link) for link in seen()] == [shown(link) for link in before]

    in_new_namespace(action)


@needs_links
def test_devices_that_moved_come_back_when_another_cannot() -> None:
    """The loopback device cannot be moved: the one before it is given back with name, state and addresses."""

    def action() -> None:
        link_with_addresses("eth0")
        with container() as pid:
            with pytest.raises(RuntimeFault, match="cannot be moved") as refusal:
                NetworkDevices({"eth0": "net0", "lo": "lo%d"}).execute(pid)
            assert refusal.value.where == "$.linux.netDevices.lo"
            assert list(inside(pid)) == ["lo"]
        back = next(link for link in seen() if link["ifname"] == "eth0")
        assert "UP" in back["flags"]
        assert addresses(back) >= GLOBAL

    in_new_namespace(action)


@needs_links
def test_devices_come_back_when_the_creation_fails_later() -> None:
    def action() -> None:
        link_with_addresses("eth0")
        ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth1-")
        with container() as pid:
            effect = NetworkDevices({"eth0": "net0", "eth1": "net1"})
            effect.execute(pid)
            assert sorted(inside(pid)) == ["lo", "net0", "net1"]
            effect.undo()
            assert list(inside(pid)) == ["lo"]
        links = {link["ifname"]: link for link in seen()}
        assert addresses(links["eth0"]) >= GLOBAL
        assert ["UP" in links[name]["flags"] for name in ("eth0", "eth1")] == [True, False]

    in_new_namespace(action)


@needs_links
def test_the_loopback_device_is_set_up() -> None:
    def action() -> None:
        effect = LoopbackUp()
        assert "UP" not in seen()[0]["flags"]
        effect.execute(Stage(own_mounts=True, user_namespace=False))
        assert "UP" in seen()[0]["flags"]
        assert ("127.0.0.1", 8, "host") in addresses(seen()[0])

    in_new_namespace(action)


def test_the_kernels_error_is_told() -> None:
    rtnetlink = Rtnetlink()
    with pytest.raises(OSError, match="No such device"):
        rtnetlink.set_up(0x7FFFFFFF, up=True)
    rtnetlink.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_without_the_right_to_it_nothing_is_set_up() -> None:
    def action() -> object:
        os.setresuid(65534, 65534, 65534)
        with pytest.raises(RuntimeFault, match="loopback"):
            LoopbackUp().execute(Stage(own_mounts=True, user_namespace=False))
        return "refused"

    assert in_child(action) == "refused"
