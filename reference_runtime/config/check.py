"""Checks a config as a whole, chapter by chapter. Resources, seccomp and the like are checked by those who plan them."""

from reference_runtime import SPEC_VERSION
from reference_runtime.config.check_hooks import HOOKS
from reference_runtime.config.check_linux import LINUX, check_linux
from reference_runtime.config.check_mounts import MOUNTS, check_mounts
from reference_runtime.config.check_process import PROCESS, check_process
from reference_runtime.config.shape import flag, mapping, name, record, text
from reference_runtime.fault import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NEWEST = (1, 3)
"""The newest minor version that is supported; patch releases change nothing for a runtime."""

_FOREIGN = ("freebsd", "solaris", "vm", "windows", "zos")

_CONFIG = record(
    {
        "ociVersion": text,
        "root": record({"path": name, "readonly": flag}, required=("path",)),
        "mounts": MOUNTS,
        "process": PROCESS,
        "hostname": text,
        "domainname": text,
        "linux": LINUX,
        "hooks": HOOKS,
        "annotations": mapping(text),
    },
    required=("ociVersion", "root"),
)


def check(config: "Any") -> None:
    """Raise RuntimeFault for the first value that is invalid, or valid but not supported. Nothing outside is looked at."""
    _CONFIG(config, "$")
    check_version(config["ociVersion"])
    for platform in _FOREIGN:
        if config.get(platform) is not None:
            raise RuntimeFault("only containers of Linux are supported", where=f"$.{platform}")
    check_mounts(config)
    check_linux(config)
    check_process(config)


def check_version(version: str) -> None:
    """Raise RuntimeFault unless this is a version in SemVer 2.0.0 format whose configs can be understood."""
    core, _, build = version.partition("+")
    core, dash, pre = core.partition("-")
    numbers = core.split(".")
    valid = len(numbers) == 3 and all(_is_number(number) for number in numbers)
    valid &= not dash or all(_is_identifier(part) and (not part.isdigit() or _is_number(part)) for part in pre.split("."))
    valid &= "+" not in version or all(_is_identifier(part) for part in build.split("."))
    if not valid:
        raise RuntimeFault(f"{version!r} is no version in SemVer 2.0.0 format", where="$.ociVersion")
    major, minor = int(numbers[0]), int(numbers[1])
    if major != NEWEST[0] or minor > NEWEST[1]:
        raise RuntimeFault(f"version {version} is not supported, the newest that is is {SPEC_VERSION}", where="$.ociVersion")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") and len(text) < 10


def _is_identifier(text: str) -> bool:
    return text.isascii() and bool(text) and text.replace("-", "a").isalnum()
