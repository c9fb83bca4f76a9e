"""Putting device rules into force: lists on v1, a program on v2."""

import posix

from reference_runtime.cgroups.setting import WHERE
from reference_runtime.fault import RuntimeFault
from reference_runtime.kernel.files import write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_runtime.cgroups.device_rules import Rule

_DEVICES = f"{WHERE}.devices"


def restrict(directories: "dict[str, str]", rules: "Sequence[Rule]") -> None:
    """Replace the device rules of a cgroup. `directories` are by controller, that of v2 by "". Raises RuntimeFault."""
    try:
        if "devices" in directories:
            _write_lists(directories["devices"], rules)
        elif "" in directories:
            _attach_program(directories[""], rules)
        else:
            raise RuntimeFault("no hierarchy here can restrict devices", where=_DEVICES)
    except OSError as error:
        raise RuntimeFault.of("cannot restrict devices", error, where=_DEVICES) from None


def _write_lists(directory: str, rules: "Sequence[Rule]") -> None:
    from reference_runtime.cgroups.devices_v1 import plan

    files: dict[str, list[str]] = {}
    for file, line in plan(rules):
        files.setdefault(file, []).append(line)
    for file, lines in files.items():
        write_file(f"{directory}/{file}", *lines)


def _attach_program(directory: str, rules: "Sequence[Rule]") -> None:
    """Attach the new program before the old ones go: there is no moment without any."""
    from reference_runtime.cgroups.devices_v2 import program
    from reference_runtime.kernel import bpf

    opened = posix.open(directory, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    descriptors = [opened]
    try:
        old = bpf.attached(opened)
        descriptors += old
        new = bpf.load_device_program(program(rules))
        descriptors.append(new)
        bpf.attach(opened, new)
        for each in old:
            bpf.detach(opened, each)
    finally:
        for descriptor in descriptors:
            posix.close(descriptor)
