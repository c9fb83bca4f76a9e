"""Configs from somebody who means harm, and what a call of create comes to.

`python -m tests.reference_runtime.hostile_configs` is the benchmark: seconds and peak memory of each refusal.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conformance.bundle.config import base_config
from reference_runtime.config.reader import LIMIT
from tests.reference_runtime.attacks.weakening import SOURCE

_MB = 1 << 20
_PATIENCE = 30
"""Seconds that the whole test may take on a machine under load; the benchmark tells the real time."""

_MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], {})
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss, flush=True)
os._exit(os.waitstatus_to_exitcode(status) & 255)
"""
"""Small enough not to be taken for what it starts: a child begins with the peak of its parent."""


@dataclass(frozen=True)
class Refusal:
    """What a call has come to."""

    status: int
    message: str
    memory: int
    """KiB, at its peak."""
    seconds: float


def create(runtime: Path, directory: Path) -> Refusal:
    """Call create with a bundle; its peak memory is in KiB."""
    began = time.perf_counter()
    call = [str(runtime), "--root", str(directory / "root"), "create", "--bundle", str(directory), "x"]
    done = subprocess.run(
        ["/usr/bin/python3", "-IS", "-c", _MEASURE, *call],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    return Refusal(done.returncode, done.stderr, int(done.stdout), time.perf_counter() - began)


def _config(**process: object) -> bytes:
    config = base_config(oci_version="1.3.0")
    config["process"] |= process
    return json.dumps(config).encode()


def _linux(**linux: object) -> bytes:
    config = base_config(oci_version="1.3.0")
    config["linux"] |= linux
    return json.dumps(config).encode()


def _names(number: int) -> bytes:
    return ("{" + ",".join(f'"{index}":1' for index in range(number)) + ',"1":2}').encode()


CONTENTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is not JSON"),
    "cut off": (lambda: _config()[:300], "not valid JSON"),
    "cut off at once": (lambda: b"{", "not valid JSON"),
    "lists 10,000 deep": (lambda: b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
    "objects 10,000 deep": (lambda: b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
    "100 MB of lists": (lambda: b"[" + b"[],\n" * (25 * _MB) + b"[]]", "larger than"),
    "a string of 100 MB": (lambda: b'{"a":"' + b"x" * (100 * _MB) + b'"}', "larger than"),
    "lists, as many as there may be": (lambda: b"[" + b"[]," * (LIMIT // 3 - 2) + b"[]]", "must be an object"),
    "a name twice": (lambda: b'{"ociVersion":"1.3.0","ociVersion":"1.0.0"}', "'ociVersion' occurs twice"),
    "a name twice among many": (lambda: _names(150_000), "'1' occurs twice"),
    "NaN": (lambda: b'{"a":NaN}', "NaN is no JSON value"),
    "infinity": (lambda: b'{"a":-Infinity}', "Infinity is no JSON value"),
    "half a character": (lambda: b'{"a":"\\ud800"}', "surrogate"),
    "half a character as a name": (lambda: b'{"\\udc00":1}', "surrogate"),
    "half a character in UTF-8": (lambda: b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
    "UTF-16": (lambda: "{}".encode("utf-16"), "not UTF-8"),
    "a number of 2 MB": (lambda: b"[" + b"9" * (LIMIT - 2) + b"]", "digits"),
    "a number beyond floats": (
        lambda: _config(oomScoreAdj=0).replace(b'"oomScoreAdj": 0', b'"oomScoreAdj": 1e999'),
        "whole number",
    ),
    "a number beyond the kernel": (lambda: _linux(resources={"memory": {"limit": 10**30}}), "must be a number"),
    "a PATH of a million": (lambda: _config(args=["a"], env=["PATH=" + "a:" * 900_000]), "PATH has"),
    "a cgroup 1,000 deep": (lambda: _linux(cgroupsPath="/a" * 1000), "has more than"),
    "a long hostname": (lambda: json.dumps({**base_config(oci_version="1.3.0"), "hostname": "a" * _MB}).encode(), "64 bytes"),
    "a long word": (lambda: _config(cwd="a" * _MB), "absolute path"),
    "namespaces without end": (lambda: _linux(namespaces=[{"type": "user"}] * 80_000), "second user namespace"),
}


def main() -> None:
    """Print what each refusal costs, the starts of two interpreters included."""
    with tempfile.TemporaryDirectory() as directory:
        for name, (content, _) in CONTENTS.items():
            (Path(directory) / "config.json").write_bytes(content())
            refusal = create(SOURCE / "reference-runtime", Path(directory))
            sys.stdout.write(f"{refusal.seconds * 1000:6.0f} ms {refusal.memory / 1024:6.1f} MiB  {name}\n")


if __name__ == "__main__":
    main()
