"""What a container left behind."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that is there now and was not before the first operation on the container."""

    kind: Literal["mount", "process", "cgroup", "state", "descriptor", "bundle"]
    what: str
