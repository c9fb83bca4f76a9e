"""Who the program runs as, and what it may do."""

from conformance.cases.case import Case
from conformance.cases.defects import defective
from conformance.record.config import put
from conformance.record.host import Host

_CAP_SYS_RESOURCE = 24
_SETS_OF_THE_BASE_CONFIG = tuple(
    f"config.process.capabilities.{which}.effect" for which in ("bounding", "effective", "permitted")
)


def _may_not_raise_limits(host: Host) -> str:
    return "the harness itself may have CAP_SYS_RESOURCE" if host.can(_CAP_SYS_RESOURCE) else ""


CASES: tuple[Case, ...] = (
    Case(
        name="credentials/ids",
        title="A user, a group, additional groups and a umask",
        edits=(
            put("/process/user", {"uid": 1000, "gid": 1001, "umask": 0o037, "additionalGids": [10, 4242, 70000]}),
            put("/process/noNewPrivileges", value=True),
        ),
        aims=("config.process.user.uid.effect", "config.process.user.gid.effect"),
    ),
    Case(
        name="credentials/ambient",
        title="A user other than root with ambient capabilities",
        edits=(
            put("/process/user", {"uid": 1000, "gid": 1000}),
            put(
                "/process/capabilities",
                {
                    "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SYS_CHROOT"],
                    "effective": ["CAP_KILL", "CAP_NET_BIND_SERVICE"],
                    "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
                    "inheritable": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
                    "ambient": ["CAP_KILL", "CAP_NET_BIND_SERVICE"],
                },
            ),
        ),
        aims=_SETS_OF_THE_BASE_CONFIG,
    ),
    Case(
        name="credentials/root",
        title="Root with different capability sets, unable to gain more by execve",
        edits=(
            put("/process/noNewPrivileges", value=True),
            put(
                "/process/capabilities",
                {
                    "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SYS_CHROOT"],
                    "effective": ["CAP_CHOWN", "CAP_KILL"],
                    "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
                    "inheritable": ["CAP_KILL"],
                    "ambient": [],
                },
            ),
        ),
        aims=_SETS_OF_THE_BASE_CONFIG,
    ),
    defective(
        "capability-unknown",
        name="credentials/capability-unknown",
        title="A capability that no kernel has is no reason to fail",
    ),
    defective(
        "capability-ungrantable",
        name="credentials/capability-ungrantable",
        title="A capability that the runtime lacks itself is no reason to fail",
        needs=_may_not_raise_limits,
    ),
)
