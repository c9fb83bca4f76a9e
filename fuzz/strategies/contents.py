"""Bytes of config.json that are no valid config: truncated, doubled, deep, huge, not UTF-8, not JSON at all.

What a runtime makes of them is its own affair, as long as it neither hangs nor crashes nor leaves anything behind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.case import Case, Container
from conformance.record.host import Host
from fuzz.strategies.config import features
from fuzz.strategies.feature import Feature, compose

AIMS = ("runtime.create.creates", "runtime.errors.leave-env-unchanged")
_DEEPEST = 100_000
_LONGEST = 4_000_000


@dataclass(frozen=True, slots=True)
class Contents:
    """A valid config, and what is done to its bytes."""

    change: str
    """One of CHANGES."""
    amount: int
    """Where, how deep or how much, in millionths of what there is or may be."""
    features: tuple[Feature, ...]


def _at(content: bytes, amount: int) -> int:
    return len(content) * amount // 1_000_001


def _inserted(content: bytes, amount: int, piece: bytes) -> bytes:
    position = _at(content, amount)
    return content[:position] + piece + content[position:]


def _with_member(content: bytes, member: bytes) -> bytes:
    """Put a member in front of all others, the first of two with one name if there is another."""
    return content.replace(b"{", b"{" + member + b", ", 1)


def _repeated(content: bytes, amount: int) -> bytes:
    """Give a member of the top level twice, with another value."""
    names = (b'"process"', b'"linux"', b'"root"', b'"mounts"', b'"ociVersion"')
    return _with_member(content, names[amount % len(names)] + b": {}")


CHANGES: Mapping[str, Callable[[bytes, int], bytes]] = {
    "truncated": lambda content, amount: content[: _at(content, amount)],
    "empty": lambda _content, _amount: b"",
    "repeated": _repeated,
    "deep-arrays": lambda content, amount: _with_member(
        content, b'"deep": ' + b"[" * (_DEEPEST * amount // 1_000_000) + b"]" * (_DEEPEST * amount // 1_000_000)
    ),
    "deep-objects": lambda content, amount: _with_member(
        content, b'"deep": ' + b'{"a":' * (_DEEPEST * amount // 1_000_000) + b"0" + b"}" * (_DEEPEST * amount // 1_000_000)
    ),
    "unclosed": lambda content, amount: content + b"[" * (_DEEPEST * amount // 1_000_000),
    "long-string": lambda content, amount: _with_member(content, b'"long": "' + b"x" * (_LONGEST * amount // 1_000_000) + b'"'),
    "long-number": lambda content, amount: _with_member(content, b'"long": ' + b"9" * (1 + _DEEPEST * amount // 1_000_000)),
    "large-exponent": lambda content, amount: content.replace(b'"uid": 0', b'"uid": 1e%d' % amount, 1),
    "not-utf-8": lambda content, amount: _inserted(content, amount, b"\xff\xfe\xc0\x80"),
    "byte-order-mark": lambda content, _amount: b"\xef\xbb\xbf" + content,
    "utf-16": lambda content, _amount: content.decode().encode("utf-16"),
    "nul": lambda content, amount: _inserted(content, amount, b"\0"),
    "garbage": lambda content, amount: _inserted(content, amount, b'}{][,:"\\u12'),
    "lone-surrogate": lambda content, _amount: _with_member(content, b'"annotations": {"a": "\\ud800"}'),
    "null-members": lambda content, amount: content.replace(
        (b'"root": ', b'"process": ', b'"linux": ')[amount % 3], b'"x": null, "y": ', 1
    ),
    "array": lambda content, _amount: b"[" + content + b"]",
    "twice": lambda content, _amount: content + content,
    "number": lambda _content, amount: b"%d" % amount,
    "string-for-object": lambda content, amount: _with_member(
        content, (b'"process": "x"', b'"linux": "x"', b'"mounts": "x"')[amount % 3]
    ),
}
"""Name to what it makes of the bytes."""


def contents(host: Host) -> SearchStrategy[Contents]:
    """Generate a valid config and something done to its bytes."""
    return st.builds(Contents, st.sampled_from(sorted(CHANGES)), st.integers(0, 1_000_000), features(host))


def case(example: Contents, name: str) -> Case:
    """Make the case: the bytes are changed between building the bundle and create."""
    change = CHANGES[example.change]

    def script(container: Container) -> None:
        container.alter_config(lambda content: change(content, example.amount))
        if container.create().succeeded:
            container.state()
            container.snapshot("created")
            container.kill()
            container.delete()

    valid = compose(example.features, name=name)
    return Case(
        name=name,
        title=f"config.json {example.change}: {valid.title}",
        edits=valid.edits,
        rootfs=valid.rootfs,
        host=valid.host,
        mounts=valid.mounts,
        namespaces=valid.namespaces,
        umask=valid.umask,
        script=script,
        aims=AIMS,
    )
