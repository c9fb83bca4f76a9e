"""Execution domains. Source: config-linux.md#personality and linux/personality.h."""

from collections.abc import Mapping
from types import MappingProxyType

DOMAINS: Mapping[str, int] = MappingProxyType({"LINUX": 0x0000, "LINUX32": 0x0008})

PER_MASK = 0x00FF
"""The domain's bits in /proc/PID/personality; those above are flags."""
