"""Properties that cannot be applied: create has to fail, and to leave no container."""

from conformance.cases.case import Case
from conformance.cases.defects import defective

CASES: tuple[Case, ...] = (
    defective("mount-type-unknown", name="unappliable/filesystem-type"),
    defective("mount-source-missing", name="unappliable/bind-source"),
    defective("sysctl-unknown", name="unappliable/sysctl"),
    defective("namespace-missing", name="unappliable/namespace-path"),
)
