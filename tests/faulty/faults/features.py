"""Faults of a features document: it declares what configs may not use, or says another thing each time."""

from collections.abc import Callable
from typing import Any

from conformance.expectations.features import FEATURE
from tests.faulty.fault import Fault
from tests.faulty.faults.credentials import refuse

Config = dict[str, Any]

_REQUIREMENTS = {
    "namespaces": "features-linux.namespaces.recognized",
    "capabilities": "features-linux.capabilities.recognized",
    "hooks": "features.hooks.supported",
    "ociVersionMin": "features.ociversionmin.accepted",
    "ociVersionMax": "features.ociversionmax.accepted",
    "actions": "features-linux.seccomp.actions.recognized",
    "operators": "features-linux.seccomp.operators.recognized",
    "archs": "features-linux.seccomp.archs.recognized",
}


_CLEARING = (
    *("ratime", "rdev", "rdiratime", "rnorelatime", "rnostrictatime"),
    *("rrelatime", "rrw", "rsuid", "rsymfollow"),
)


def _refused(feature: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        if config.get("annotations", {}).get(FEATURE) == feature:
            refuse(config)

    return change


def _recursive_options_refused(config: Config) -> None:
    """Refuse recursive options, those that clear something among them: that they are taken is all there is to see of these."""
    if config.get("annotations", {}).get(FEATURE) == "mountOptions" and "rnoexec" in str(config["mounts"]):
        refuse(config)


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="declared-mount-options-refused",
        reddens=("features.mountoptions.recognized", *(f"config.mounts.options.{option}" for option in _CLEARING)),
        config=_recursive_options_refused,
    ),
    *(
        Fault(name=f"declared-{feature.lower()}-refused", reddens=(requirement,), config=_refused(feature))
        for feature, requirement in _REQUIREMENTS.items()
    ),
    Fault(name="features-change", behaviour="features_change", reddens=("features.compile-time",)),
    Fault(
        name="features-of-a-later-runtime",
        behaviour="features_of_a_later_runtime",
        reddens=(
            "features-linux.seccomp.knownflags.recognized",
            "features-linux.seccomp.supportedflags.recognized",
            "features-linux.memorypolicy.modes.recognized",
            "features-linux.memorypolicy.flags.recognized",
            "linux.memorypolicy.mode.effect",
        ),
    ),
    Fault(
        name="features-deny-id-mapping",
        behaviour="features_deny_id_mapping",
        reddens=("features-linux.mountextensions.idmap.partial",),
        real="crun",
    ),
)
