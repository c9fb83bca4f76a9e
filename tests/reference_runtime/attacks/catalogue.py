"""All attacks by name."""

from tests.reference_runtime.attacks import on_mounts, on_paths, on_processes
from tests.reference_runtime.attacks.ground import Attack

ATTACKS: dict[str, Attack] = {**on_mounts.ATTACKS, **on_paths.ATTACKS, **on_processes.ATTACKS}
