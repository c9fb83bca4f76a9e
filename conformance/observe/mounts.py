"""The mount table of a process: /proc/PID/mountinfo, see proc_pid_mountinfo(5)."""

import functools
import re

from conformance.record.snapshot import Mount

_OCTAL = re.compile(r"\\([0-7]{3})")


@functools.lru_cache(maxsize=4)  # a container's table is mostly the same when created and when running
def parse_mountinfo(content: bytes) -> tuple[Mount, ...]:
    """Read every line of a mountinfo, in its order; raises ValueError on a line of another form."""
    return tuple(map(_mount, content.decode("utf-8", "surrogateescape").split("\n")[:-1]))


def _mount(line: str) -> Mount:
    """Read one line.

    A hyphen ends the optional fields. It is looked for as a field: a path may well hold " - ", but its spaces are escaped.
    """
    fields = line.split(" ")
    end = fields.index("-", 6)
    tags = dict(tag.partition(":")[::2] for tag in fields[6:end])
    major, minor = fields[2].split(":")
    fstype, source, super_options = fields[end + 1 : end + 4]
    return Mount(
        id=int(fields[0]),
        parent=int(fields[1]),
        device=(int(major), int(minor)),
        root=unescape(fields[3]),
        point=unescape(fields[4]),
        options=tuple(fields[5].split(",")),
        shared=int(tags["shared"]) if "shared" in tags else None,
        master=int(tags["master"]) if "master" in tags else None,
        unbindable="unbindable" in tags,
        fstype=unescape(fstype),
        source=unescape(source),
        super_options=tuple(map(unescape, super_options.split(","))),
    )


def unescape(field: str) -> str:
    r"""Undo the kernel's octal escapes: \\040 space, \\011 tab, \\012 newline, \\134 backslash, \\043 hash."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field) if "\\" in field else field
