"""config.md, User, and noNewPrivileges: who the program runs as, asked from inside, so in the ids of the container."""

import struct
from collections.abc import Callable, Sequence

from conformance.expectations.calls import number, results
from conformance.expectations.contract import Applicability, Applies, Evidence, Expectation, Probes, equal, violated
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action, Call, Out, Result
from conformance.record.record import Record

_PR_GET_NO_NEW_PRIVS = 39
_UMASK_BITS = 0o777
_MOST_GROUPS = 1024

_UIDS = Action("getuid and geteuid", (Call("getuid"), Call("geteuid")))
_GIDS = Action("getgid and getegid", (Call("getgid"), Call("getegid")))
_UMASK = Action("read and restore the umask", (Call("umask", (0,)), Call("umask", (Result(0),))))
_GROUPS = Action("getgroups", (Call("getegid"), Call("getgroups", (_MOST_GROUPS, Out(4 * _MOST_GROUPS)))))
_NO_NEW_PRIVS = Action("PR_GET_NO_NEW_PRIVS", (Call("prctl", (_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)),))


def _is_number(pointer: str) -> Applies:
    def applies(config: Config, _host: Host) -> Applicability:
        return isinstance(lookup(config, pointer), int)

    return applies


def _asking(action: Action, applies: Applies) -> Probes:
    def probes(config: Config, host: Host) -> Sequence[Action]:
        return (action,) if applies(config, host) is True else ()

    return probes


def _same_id(action: Action, pointer: str) -> Callable[[Config, Host, Record], Evidence]:
    """Judge the real and the effective id that the action asks for."""

    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        observed = [number(result) for result in results(config, record, action)]
        return equal(expected=[lookup(config, pointer)] * 2, observed=observed)

    return judge


def _umask(config: Config, _host: Host, record: Record) -> Evidence:
    observed = number(results(config, record, _UMASK)[0])
    return equal(expected=oct(lookup(config, "/process/user/umask") & _UMASK_BITS), observed=oct(observed))


def _adds_groups(config: Config, _host: Host) -> Applicability:
    return bool(lookup(config, "/process/user/additionalGids"))


def _groups(config: Config, _host: Host, record: Record) -> Evidence:
    """Each listed group has to be among the program's, the effective one included; more than these are not excluded."""
    effective, supplementary = results(config, record, _GROUPS)
    count = number(supplementary)
    observed = {number(effective), *struct.unpack_from(f"<{count}I", supplementary.data)}
    missing = sorted(set(lookup(config, "/process/user/additionalGids")) - observed)
    if missing:
        violated(expected={"groups": missing}, observed=sorted(observed))
    return Evidence(lookup(config, "/process/user/additionalGids"), sorted(observed))


def _forbids_new_privileges(config: Config, _host: Host) -> Applicability:
    return lookup(config, "/process/noNewPrivileges") is True


def _no_new_privileges(config: Config, _host: Host, record: Record) -> Evidence:
    return equal(expected=1, observed=number(results(config, record, _NO_NEW_PRIVS)[0]))


_HAS_UID, _HAS_GID = _is_number("/process/user/uid"), _is_number("/process/user/gid")
_HAS_UMASK = _is_number("/process/user/umask")

EXPECTATIONS = (
    Expectation(
        requirement="config.process.user.uid.effect",
        applies=_HAS_UID,
        probes=_asking(_UIDS, _HAS_UID),
        judge=_same_id(_UIDS, "/process/user/uid"),
        sees="probe",
    ),
    Expectation(
        requirement="config.process.user.gid.effect",
        applies=_HAS_GID,
        probes=_asking(_GIDS, _HAS_GID),
        judge=_same_id(_GIDS, "/process/user/gid"),
        sees="probe",
    ),
    Expectation(
        requirement="config.process.user.umask.effect",
        applies=_HAS_UMASK,
        probes=_asking(_UMASK, _HAS_UMASK),
        judge=_umask,
        sees="probe",
    ),
    Expectation(
        requirement="config.process.user.additionalgids.effect",
        applies=_adds_groups,
        probes=_asking(_GROUPS, _adds_groups),
        judge=_groups,
        sees="probe",
    ),
    Expectation(
        requirement="config.process.nonewprivileges.effect",
        applies=_forbids_new_privileges,
        probes=_asking(_NO_NEW_PRIVS, _forbids_new_privileges),
        judge=_no_new_privileges,
        sees="probe",
    ),
)
