"""All attacks by name."""

from tests.reference_runtime.attacks import on_mounts
from tests.reference_runtime.attacks.ground import Attack

ATTACKS: dict[str, Attack] = {**on_mounts.ATTACKS}
