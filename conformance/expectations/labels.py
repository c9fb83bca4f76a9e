"""config.md, Linux Process: apparmorProfile and selinuxLabel; and the umask of a process that sets none."""

from conformance.expectations.contract import (
    Applicability,
    Applies,
    Evidence,
    Expectation,
    Inconclusive,
    Judge,
    NotTestable,
    equal,
    running,
)
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.record import Record


def _sets(pointer: str, module: str, name: str) -> Applies:
    def applies(config: Config, host: Host) -> Applicability:
        if not lookup(config, pointer):
            return False
        return True if module in host.lsms else NotTestable(f"{name} is not active on this host")

    return applies


def _labelled(pointer: str) -> Judge:
    def judge(config: Config, _host: Host, record: Record) -> Evidence:
        label = running(record).process.label
        if not label:
            raise Inconclusive("the security module shows no label")
        # AppArmor adds the mode in which the profile is enforced: "name (enforce)".
        return equal(expected=lookup(config, pointer), observed=label.partition(" (")[0], evidence=label)

    return judge


def _leaves_umask(config: Config, _host: Host) -> Applicability:
    return lookup(config, "/process/user") is not None and lookup(config, "/process/user/umask") is None


def _umask_kept(_config: Config, host: Host, record: Record) -> Evidence:
    caller = host.umask if record.umask is None else record.umask
    return equal(expected=f"{caller:04o}", observed=f"{running(record).process.umask:04o}")


EXPECTATIONS = (
    Expectation(
        requirement="config.process.apparmor.effect",
        applies=_sets("/process/apparmorProfile", "apparmor", "AppArmor"),
        judge=_labelled("/process/apparmorProfile"),
    ),
    Expectation(
        requirement="config.process.selinux.effect",
        applies=_sets("/process/selinuxLabel", "selinux", "SELinux"),
        judge=_labelled("/process/selinuxLabel"),
    ),
    Expectation(requirement="config.process.user.umask.unset", applies=_leaves_umask, judge=_umask_kept),
)
