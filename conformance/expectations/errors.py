"""runtime.md, Errors: what fails leaves everything as if it had never been tried.

Judged is a refused create: what it left, and that there is no container. For cases that aim at it, whose twin shows that
it is not what this runtime always leaves.
"""

from conformance.expectations.contract import Evidence, Expectation, Inconclusive, Unexercised, violated
from conformance.expectations.unappliable import left_of_refusal
from conformance.record.config import Config
from conformance.record.host import Host
from conformance.record.record import Record


def _judge(config: Config, _host: Host, record: Record) -> Evidence:
    create = record.operation("create")
    if create is None or not create.refused:
        raise Unexercised("create was not refused")
    if record.leaks_after_refusal is None:
        raise Inconclusive("nobody looked what the refused create left")
    left = left_of_refusal(config, record.leaks_after_refusal)
    if left:
        violated(expected="nothing left of the refused container", observed=left, evidence=create.describe())
    if record.twin is None or record.twin.running is None:
        raise Inconclusive("the same config without the defect was not accepted: nothing is what this runtime always leaves")
    return Evidence("nothing left of the refused container", "no process, mount, cgroup or state", kind="refused")


EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(requirement="runtime.errors.leave-env-unchanged", judge=_judge, sees="runtime", judges_refusal=True),
)
