"""Found cases as plain files, one each: read by people, replayed by every run.

A file holds what the case is made of, what it violates, where and how it was found, and, once a person has examined it,
the `reason` why it is real and the `url` where that is discussed. Whether it turns a run red is the waivers' business.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from conformance.record.runtime import RuntimeFacts
from fuzz.engine.journal import write_json
from fuzz.engine.symptom import Key

DIRECTORY = Path(__file__).parents[1] / "corpus"


class CorpusError(ValueError):
    """A file that is no found case; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One found case."""

    campaign: str
    """configs, defects, contents or lifecycles: says how to read `example`."""
    example: Any
    """What the case is made of, as JSON."""
    requirement: str
    symptom: str
    runtime: str
    """The adapter's name for it."""
    version: str
    lane: str
    seed: int
    reason: str = ""
    url: str = ""

    @property
    def key(self) -> Key:
        """What makes the find."""
        return Key(self.requirement, self.symptom)

    @property
    def name(self) -> str:
        """A file name: readable, and unique by what is found on which runtime."""
        whole = "\0".join((self.campaign, self.requirement, self.symptom, self.runtime))
        readable = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{self.requirement}--{self.runtime}")
        return f"{readable}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"

    def concerns(self, facts: RuntimeFacts) -> bool:
        """Whether it was found on this runtime, in whichever version."""
        return self.runtime == facts.name


def save(directory: Path, found: Found) -> Path:
    """Write the case unless it is there already, and return its file. A reason that a person gave is never overwritten."""
    path = directory / f"{found.name}.json"
    if not path.exists():
        write_json(path, asdict(found))
    return path


def read(path: Path) -> Found:
    """Read one file. Raises CorpusError for one that holds no found case."""
    try:
        return Found(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise CorpusError(f"{path}: {error}") from error


def load(directory: Path) -> Iterator[tuple[Path, Found]]:
    """Yield every case of a corpus, by file name; a single file is a corpus too. Raises CorpusError as `read` does."""
    for path in [directory] if directory.is_file() else sorted(directory.glob("*.json")):
        yield path, read(path)
