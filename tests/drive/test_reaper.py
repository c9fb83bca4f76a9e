"""What a runtime left is removed, and nothing else."""

from pathlib import Path

from conformance.drive.reaper import remove
from conformance.record.leak import Leak


def test_of_a_symlink_among_the_state_only_the_link_goes(tmp_path: Path) -> None:
    precious, state = tmp_path / "precious", tmp_path / "state"
    (precious / "deep").mkdir(parents=True)
    (state / "left" / "deep").mkdir(parents=True)
    (state / "left" / "deep" / "file").touch()
    (state / "left" / "link").symlink_to(precious)
    (state / "file").touch()
    (state / "link").symlink_to(precious)
    remove(Leak("state", str(state / name)) for name in ("left", "file", "link", "gone"))
    assert not list(state.iterdir())
    assert (precious / "deep").is_dir()
