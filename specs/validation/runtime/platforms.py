"""Rules on the sections of config.json for FreeBSD, Windows and z/OS."""

from collections.abc import Iterator
from typing import Any

from specs.validation.finding import Breach, shown
from specs.validation.rules import EACH, Rule, find, repeated


def _vnet(config: Any) -> Iterator[Breach]:
    for path, jail in find(config, "freebsd", "jail"):
        if not isinstance(jail, dict):
            continue
        if jail.get("vnet") == "new":
            for name in ("ip4", "ip6"):
                if name in jail:
                    message = f"expected no {name} beside an own vnet, found {shown(jail[name])}"
                    yield Breach((*path, name), "freebsd.jail.own-vnet-config", message)
        if jail.get("vnet") == "inherit":
            message = "expected no vnet where the network is shared, with ip4 and ip6 inherited, found 'inherit'"
            yield Breach((*path, "vnet"), "freebsd.jail.shared-vnet-config", message)


def _cpu(config: Any) -> Iterator[Breach]:
    for path, cpu in find(config, "windows", "resources", "cpu"):
        given = [name for name in ("count", "shares", "maximum", "affinity") if isinstance(cpu, dict) and name in cpu]
        if len(given) > 1:
            yield Breach(path, "windows.cpu.exclusive", f"expected one of them, found {', '.join(given)}")


def _network(config: Any) -> Iterator[Breach]:
    others = ("endpointList", "allowUnqualifiedDNSQuery", "DNSSearchList", "networkSharedContainerName")
    for path, network in find(config, "windows", "network"):
        given = [name for name in others if isinstance(network, dict) and name in network]
        if given and "networkNamespace" in network:
            message = f"expected networkNamespace alone, found {', '.join(given)} too"
            yield Breach(path, "windows.network.namespace-alone", message)


def _namespaces(config: Any) -> Iterator[Breach]:
    for path, value in repeated(find(config, "zos", "namespaces", EACH, "type")):
        yield Breach(path, "zos.namespaces.duplicate-error", f"the namespace {shown(value)} is listed more than once")


RULES = (
    Rule(("freebsd.jail.own-vnet-config", "freebsd.jail.shared-vnet-config"), _vnet),
    Rule(("windows.cpu.exclusive",), _cpu),
    Rule(("windows.network.namespace-alone",), _network),
    Rule(("zos.namespaces.duplicate-error",), _namespaces),
)
