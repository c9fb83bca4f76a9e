"""mountinfo: real mounts with awkward names and every propagation, in a private mount namespace."""

import pytest

from conformance.observe.mounts import parse_mountinfo, unescape
from conformance.observe.snapshot import snapshot
from tests.observe.containers import IDLE, child, needs_root

SCRIPT = r"""
set -e
mount -t tmpfs 'a b#c\d' /mnt; mkdir '/mnt/new
line' /mnt/-\ - /mnt/slave /mnt/unbindable /mnt/plain
mount -t tmpfs -o size=4096,mode=711,nosuid none '/mnt/new
line'
mount -t tmpfs none '/mnt/- -'; mount --make-shared '/mnt/- -'
mount --bind '/mnt/- -' /mnt/slave; mount --make-slave /mnt/slave
mount -t tmpfs none /mnt/unbindable; mount --make-unbindable /mnt/unbindable
mkdir '/mnt/- -/sub'; mount --bind '/mnt/- -/sub' /mnt/plain
mount -o remount,bind,ro,noexec /mnt/plain; mount --make-private /mnt/plain
exec "$@"
"""


@needs_root
def test_real_mounts() -> None:
    with child(IDLE, prefix=["unshare", "--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh"]) as running:
        seen = snapshot(running.pid)
        top, newline, shared, slave, unbindable, plain = (
            seen.mount_at(point)
            for point in ("/mnt", "/mnt/new\nline", "/mnt/- -", "/mnt/slave", "/mnt/unbindable", "/mnt/plain")
        )
        assert top and newline and shared and slave and unbindable and plain  # noqa: PT018  # narrows the types
        assert top.source == r"a b#c\d"
        assert newline.parent == top.id
        assert "nosuid" in newline.options
        assert {"size=4k", "mode=711"} <= set(newline.super_options)
        assert (top.shared, top.master, top.unbindable) == (None, None, False)
        assert shared.shared is not None
        assert (slave.master, slave.shared) == (shared.shared, None)
        assert unbindable.unbindable
        assert (plain.root, plain.device) == ("/sub", shared.device)
        assert {"ro", "noexec"} <= set(plain.options)
        assert "rw" in plain.super_options
        assert plain.shared is None


def test_optional_fields_end_at_the_separator() -> None:
    line = b"36 35 98:0 /mnt1 /mnt2 rw,noatime shared:7 master:3 propagate_from:2 - ext3 /dev/root rw,errors=continue\n"
    (mount,) = parse_mountinfo(line)
    assert (mount.id, mount.parent, mount.device, mount.root, mount.point) == (36, 35, (98, 0), "/mnt1", "/mnt2")
    assert (mount.shared, mount.master, mount.fstype, mount.source) == (7, 3, "ext3", "/dev/root")


def test_empty_source() -> None:
    (mount,) = parse_mountinfo(b"1 1 0:1 / / rw - tmpfs  rw\n")
    assert (mount.source, mount.super_options) == ("", ("rw",))


def test_undecodable_and_odd_characters() -> None:
    (mount,) = parse_mountinfo(b"1 1 0:1 / /\xff\x0b\xc2\x85 rw - tmpfs none rw\n")
    assert mount.point == "/\udcff\x0b\x85"


@pytest.mark.parametrize("line", [b"1 1 0:1 / / rw tmpfs none rw\n", b"\n", b"x 1 0:1 / / rw - tmpfs none rw\n"])
def test_another_form_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_mountinfo(line)


def test_unescape() -> None:
    assert unescape(r"a\040b\011c\012d\134e\043") == "a b\tc\nd\\e#"
    assert unescape(r"\134040") == r"\040"
