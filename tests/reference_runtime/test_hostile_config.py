"""A config.json from somebody who means harm: refused in one line, within 200 MB of memory, and nothing is left."""

import os
from pathlib import Path

import pytest

from tests.reference_runtime.attacks.weakening import SOURCE, Change, weakened
from tests.reference_runtime.hostile_configs import CONTENTS, Refusal, create

MOST_MEMORY = 200_000
"""KiB."""


@pytest.mark.parametrize("name", CONTENTS)
def test_content_is_refused(name: str, tmp_path: Path) -> None:
    content, message = CONTENTS[name]
    (tmp_path / "config.json").write_bytes(content())
    refusal = create(SOURCE / "reference-runtime", tmp_path)
    assert message in refusal.message
    _judge(refusal, tmp_path)


@pytest.mark.parametrize("name", ["/dev/null", "/dev/zero", "a pipe", "a directory", "nothing"])
def test_what_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    place = tmp_path / "config.json"
    if name.startswith("/"):
        place.symlink_to(name)
    elif name == "a pipe":
        os.mkfifo(place)
    elif name == "a directory":
        place.mkdir()
    _judge(create(SOURCE / "reference-runtime", tmp_path), tmp_path)


def test_who_reads_all_needs_more_memory(tmp_path: Path) -> None:
    runtime = weakened(tmp_path, (Change("config/reader.py", "LIMIT = 2 << 20", "LIMIT = 1 << 30"),))
    (tmp_path / "config.json").write_bytes(b"[" + b"[]," * (5 << 20) + b"[]]")
    refusal = create(runtime, tmp_path)
    assert "must be an object" in refusal.message
    assert refusal.memory > MOST_MEMORY


def _judge(refusal: Refusal, directory: Path) -> None:
    assert refusal.status == 1
    assert len(refusal.message.splitlines()) == 1
    assert len(refusal.message) < 8191  # what conmon reads of it
    assert "internal error" not in refusal.message
    assert refusal.memory < MOST_MEMORY
    assert not (directory / "root").exists()
