"""The kept mount table is the one that there is, whatever happened in between."""

import subprocess
import sys
from pathlib import Path

from tests.observe.containers import needs_root

_CODE = """
import ctypes, sys
sys.path[:0] = sys.argv[1:]
from conformance.observe.mount_table import MountTable
from conformance.observe.procfs import read
libc = ctypes.CDLL(None)
table = MountTable()
MS_MOVE = 8192
steps = [
    lambda: None,
    lambda: libc.mount(b"none", b"/mnt", b"tmpfs", 0, None),
    lambda: libc.mkdir(b"/mnt/a", 0o755),
    lambda: libc.mount(b"none", b"/mnt/a", b"tmpfs", 0, None),
    lambda: libc.mkdir(b"/mnt/b", 0o755),
    lambda: libc.mount(b"/mnt/a", b"/mnt/b", None, MS_MOVE, None),
    lambda: libc.umount(b"/mnt/b"),
    lambda: libc.umount(b"/mnt"),
]
seen = []
for step in steps:
    assert not step()
    assert table.read() == read("/proc/self/mountinfo")
    seen.append(table.read())
print(len(set(seen)), seen[2] is seen[1])
"""


@needs_root
def test_every_change_is_seen() -> None:
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", _CODE, str(Path(__file__).parents[2])]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "4 True\n"  # as many tables as were different, and none read twice
