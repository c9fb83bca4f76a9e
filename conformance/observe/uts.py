"""Host and domain name, as the calling thread's UTS namespace has them; uts_namespaces(7)."""

import os

from conformance.record.snapshot import Uts


def observe() -> Uts:
    """Read both names; to be called within the container's namespaces."""
    with open("/proc/sys/kernel/domainname", "rb") as file:
        return Uts(hostname=os.uname().nodename, domainname=os.fsdecode(file.read().removesuffix(b"\n")))
