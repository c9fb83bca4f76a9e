"""The features document: what this runtime recognises, whatever the host can do. Source: features.md, features-linux.md.

Every list comes from where the names are acted upon. Only `supportedFlags` asks the running kernel, as the text wants it.
"""

from reference_runtime import SPEC_VERSION
from reference_runtime.config.check_hooks import HOOK_KINDS
from reference_runtime.config.check_linux import NAMESPACES
from reference_runtime.plan import capabilities, memory_policy
from reference_runtime.plan.mount_options import recognised
from reference_runtime.seccomp.architectures import ARCHITECTURES
from reference_runtime.seccomp.constants import ACTIONS, FLAGS, NEW_LISTENER, OPERATORS
from reference_runtime.seccomp.support import knows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OLDEST = "1.0.0"


def document() -> "dict[str, Any]":
    """Return the document, ready to be written as JSON."""
    return {
        "ociVersionMin": OLDEST,
        "ociVersionMax": SPEC_VERSION,
        "hooks": list(HOOK_KINDS),
        "mountOptions": recognised(),
        "linux": {
            "namespaces": sorted(NAMESPACES),
            "capabilities": [f"CAP_{name}" for name in capabilities.NAMES],
            # Managers stand behind one interface; systemd's is not written.
            "cgroup": {"v1": True, "v2": True, "systemd": False, "systemdUser": False, "rdma": True},
            "seccomp": _seccomp(),
            "apparmor": {"enabled": True},
            "selinux": {"enabled": True},
            "intelRdt": {"enabled": True, "schemata": True, "monitoring": True},
            "memoryPolicy": {"modes": list(memory_policy.MODES), "flags": list(memory_policy.FLAGS)},
            "mountExtensions": {"idmap": {"enabled": True}},
            "netDevices": {"enabled": True},
        },
        "potentiallyUnsafeConfigAnnotations": [],
    }


def _seccomp() -> "dict[str, Any]":
    return {
        "enabled": True,
        "actions": sorted(ACTIONS),
        "operators": sorted(OPERATORS),
        "archs": sorted(ARCHITECTURES),
        "knownFlags": sorted(FLAGS),
        "supportedFlags": sorted(name for name in FLAGS if _supported(name)),
    }


def _supported(name: str) -> bool:
    """Ask the kernel; a flag about notifications is known only together with the one that asks for them."""
    return knows(FLAGS[name]) or knows(FLAGS[name] | NEW_LISTENER)
