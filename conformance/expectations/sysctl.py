"""config-linux.md, Sysctl: kernel parameters of the container's own namespaces.

A parameter that belongs to no namespace, or to one that the container shares, would change the host: to refuse it is
right, and what else may happen is not said. Those are left out, as are those whose value the kernel may spell or change in
its own way.
"""

import re

from conformance.expectations.contract import Applicability, Evidence, Expectation, Inconclusive, running, violated
from conformance.expectations.namespaces import is_new
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record

_IPC = re.compile(
    r"fs\.mqueue\..+"
    r"|kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)"
)
_UTS = re.compile(r"kernel\.(hostname|domainname)")
_NETWORK = re.compile(r"net\..+")
# Writing one of these writes others too, so that two of them can contradict each other.
_ENTANGLED = re.compile(r"net\..*(\.conf\.|forward).*")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)")


def _belongs_to(name: str) -> str | None:
    """Return the type of the namespace that a parameter belongs to; see namespaces(7) and the kernel's sysctl pages."""
    owners = ((_IPC, "ipc"), (_UTS, "uts"), (_NETWORK, "network"))
    return next((kind for pattern, kind in owners if pattern.fullmatch(name)), None)


def _parameters(config: Config) -> dict[str, str]:
    """Return the parameters that can be judged. Names with a slash are left out: it stands for a dot, or the reverse."""
    given = lookup(config, "/linux/sysctl") or {}
    entangled = [name for name in given if _ENTANGLED.fullmatch(name)]
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, str)
        and "/" not in name
        and is_new(config, _belongs_to(name) or "")
        and not (name in entangled and len(entangled) > 1)
        and not _set_elsewhere(config, name)
    }


def _set_elsewhere(config: Config, name: str) -> bool:
    return bool(_UTS.fullmatch(name)) and lookup(config, f"/{name.removeprefix('kernel.')}") is not None


def _sets_parameters(config: Config, _host: Host) -> Applicability:
    return bool(_parameters(config))


def _sysctl(config: Config, _host: Host, record: Record) -> Evidence:
    observed = running(record).sysctls or {}
    parameters = _parameters(config)
    verdicts = {name: _agrees(name, value, observed.get(name)) for name, value in parameters.items()}
    wrong = [name for name, agrees in verdicts.items() if agrees is False]
    if wrong:
        violated(expected={name: parameters[name] for name in wrong}, observed={name: observed[name] for name in wrong})
    if not any(verdicts.values()):
        raise Inconclusive("none of these parameters could be read and compared")
    return Evidence(parameters, dict(observed))


def _agrees(name: str, wanted: str, found: str | None) -> bool | None:
    """Compare field by field; None where the two may still mean the same, since the kernel has its own spelling."""
    if found is None:
        return None
    if wanted.split() == found.split():
        return True
    comparable = _UTS.fullmatch(name) or all(_DECIMAL.fullmatch(field) for field in (wanted + " " + found).split())
    return False if comparable else None


EXPECTATIONS = (Expectation(requirement="linux.sysctl.effect", applies=_sets_parameters, judge=_sysctl),)
