"""Attacks on the process that becomes the container's: its descriptors, its working directory, its file, its capabilities."""

import os
import platform
import shutil
import time
from dataclasses import replace
from pathlib import Path

from reference_runtime.init.program import NEXT, Program
from reference_runtime.init.stub import elf
from tests.reference_runtime.attacks.ground import PYTHON, Attack, Ground
from tests.reference_runtime.attacks.weakening import Change

_ROUNDS = 10
_LEAKED = (5, 20, 200)
_AT_FDCWD = -100
_CAP_SYS_ADMIN = 21
_PATIENCE = 100
"""Tenths of a second in which a success has to show."""

_WATCH = """
import os
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if "memfd:" in os.readlink(f"/proc/{pid}/exe") and os.listdir(f"/proc/{pid}/fd"):
                open("/found", "w").close()
        except OSError:
            pass
"""


def look_into_exec(ground: Ground) -> bool:
    """CVE-2016-9962: a process of the container traces the one that exec brings, or opens its descriptors, as root in it may."""
    bundle = ground.bundle(python=True)
    bundle.config["process"]["args"] = [*PYTHON, "-c", _WATCH]
    bundle.write()
    ground.must("run", "--detach", f"--bundle={bundle.path}", "c")
    for _ in range(_ROUNDS):
        ground.call("exec", "c", "/bin/say")
        if (bundle.rootfs / "found").exists():
            break
    ground.delete()
    return (bundle.rootfs / "found").exists()


_TRACE = """
import os
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if "memfd:" not in os.readlink(f"/proc/{pid}/exe"):
                continue
            open(f"/proc/{pid}/mem", "r+b").close()
            lines = open(f"/proc/{pid}/status").read().splitlines()
            masks = [int(line.split()[1], 16) for line in lines if line.startswith(("CapPrm", "CapBnd"))]
            open("/traced", "a").write("x")
            if any(mask >> 16 & 1 for mask in masks):
                open("/found", "w").close()
        except OSError:
            pass
"""
"""Whoever can write to the memory of a process acts with its capabilities; 16 is CAP_SYS_MODULE."""


def trace_exec(ground: Ground) -> bool:
    """CVE-2016-9962 by a process with CAP_SYS_PTRACE, which a process that cannot be dumped doesn't keep off."""
    bundle = ground.bundle(python=True)
    bundle.config["process"]["args"] = [*PYTHON, "-c", _TRACE]
    mine = ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"]
    bundle.config["process"]["capabilities"] = dict.fromkeys(("bounding", "effective", "permitted"), mine)
    bundle.write()
    ground.must("run", "--detach", f"--bundle={bundle.path}", "c")
    for _ in range(_PATIENCE):
        ground.call("exec", "c", "/bin/say")
        if (bundle.rootfs / "traced").exists() and (bundle.rootfs / "traced").stat().st_size > _ROUNDS:
            break
    assert (bundle.rootfs / "traced").exists(), "the attacker has not come to try"
    ground.delete()
    return (bundle.rootfs / "found").exists()


def leaked_descriptor(ground: Ground) -> bool:
    """See whether what the caller left open reaches the process that waits for start, or the program."""
    outside = ground.outside()
    bundle = ground.bundle()
    handle = os.open(outside, os.O_RDONLY)
    for number in _LEAKED:
        os.dup2(handle, number)
    assert ground.create(bundle, pass_fds=_LEAKED)
    pid = ground.pid()
    reached = _leads_to(pid, outside)
    ground.must("start", "c")
    reached = reached or _leads_to(pid, outside)
    ground.delete()
    return reached


def _leads_to(pid: int, directory: Path) -> bool:
    return any(file.exists() and file.samefile(directory) for file in Path(f"/proc/{pid}/fd").iterdir())


def working_directory_outside(ground: Ground) -> bool:
    """CVE-2024-21626: a working directory that is a descriptor of the runtime's, or of its caller's."""
    outside = ground.outside()
    bundle = ground.bundle()
    bundle.write()
    ground.must("run", "--detach", f"--bundle={bundle.path}", "c")
    os.dup2(os.open(outside, os.O_RDONLY), 20)
    reached = False
    for number in (*range(3, 9), 20):
        (bundle.rootfs / "here").unlink(missing_ok=True)
        (bundle.rootfs / "here").symlink_to(f"/proc/self/fd/{number}")
        file = ground.place / "pid"
        words = ("exec", "--detach", f"--pid-file={file}", "--cwd=/here", "c", "/bin/pause")
        if ground.call(*words, pass_fds=(20,)).returncode == 0:
            cwd = Path(f"/proc/{int(file.read_text())}/cwd")
            reached = reached or cwd.samefile(outside) or cwd.samefile("/proc")
    ground.delete()
    return reached


def overwritten_interpreter(ground: Ground) -> bool:
    """CVE-2019-5736: an image whose loader, run by the host's program, overwrites that program by way of /proc/self/exe."""
    interpreter = ground.place / "python3"
    shutil.copy("/usr/bin/python3", interpreter)
    original = interpreter.stat()
    launcher = ground.place / "launcher"
    launcher.write_text(f'#!/bin/sh\nexec {interpreter} -IS {ground.runtime} "$@"\n')
    launcher.chmod(0o755)
    mine = replace(ground, runtime=launcher)
    bundle = ground.bundle()
    bundle.program("overwrite", _overwrite())
    for directory, name in (("lib64", "ld-linux-x86-64.so.2"), ("lib", "ld-linux-aarch64.so.1")):
        (bundle.rootfs / directory).mkdir()
        (bundle.rootfs / directory / name).write_bytes(_loader())
        (bundle.rootfs / directory / name).chmod(0o755)
    bundle.config["process"]["args"] = ["/proc/self/exe"]
    if mine.create(bundle):
        ground.call("start", "c")
        for _ in range(_PATIENCE):
            if interpreter.stat().st_size != original.st_size or '"stopped"' in ground.call("state", "c").stdout:
                break
            time.sleep(0.1)
    ground.delete()
    return interpreter.stat().st_size != original.st_size


def _loader() -> bytes:
    """Open the file of the program that this is the loader of, say that all is well, and execute the other half."""
    program = Program(platform.machine())
    program.call("prctl", 1, 0, on_error=NEXT)  # it would die with the runtime (PR_SET_PDEATHSIG)
    program.call("openat", _AT_FDCWD, program.text("/proc/self/exe"), 0, 0, on_error=NEXT)
    program.call("write", 5, program.data(b"C"), 1, on_error=NEXT)
    vector = program.vector(["overwrite"])
    program.call("execve", program.text("/bin/overwrite"), vector, program.vector([]), on_error=NEXT)
    program.label("report")
    program.call("exit_group", 1)
    return elf(platform.machine(), program.assemble())


def _overwrite() -> bytes:
    """Open that file for writing by way of the descriptor, as soon as nobody executes it any more."""
    program = Program(platform.machine())
    program.label("again")
    path = program.text("/proc/self/fd/7")
    program.call("openat", _AT_FDCWD, path, os.O_WRONLY | os.O_TRUNC, 0, on_error="again")
    program.call("write", 8, program.data(b"overwritten"), 11, on_error=NEXT)
    program.label("report")
    program.call("exit_group", 0)
    return elf(platform.machine(), program.assemble())


def inherited_capability(ground: Ground) -> bool:
    """CVE-2022-29162: an ordinary user's program takes a capability that exec has put into the inheritable set."""
    program = Program(platform.machine())
    program.call("sethostname", program.data(b"taken"), 5, on_error="report")
    program.call("exit_group", 0)
    program.label("report")
    program.call("exit_group", 1)
    bundle = ground.bundle()
    bundle.program("take", elf(platform.machine(), program.assemble()))
    revision_2_effective = 0x02000001
    words = (revision_2_effective, 0, 1 << _CAP_SYS_ADMIN, 0, 0)  # nothing but an inheritable capability
    os.setxattr(bundle.rootfs / "bin/take", "security.capability", b"".join(word.to_bytes(4, "little") for word in words))
    bundle.write()
    ground.must("run", "--detach", f"--bundle={bundle.path}", "c")
    done = ground.call("exec", "--user=1000:1000", "--cap=CAP_SYS_ADMIN", "c", "/bin/take")
    ground.delete()
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode == 0


_NO_CLOSING = Change(
    "init/become.py",
    '    syscall("close_range", descriptors.first, _HIGHEST, _CLOSE_RANGE_CLOEXEC)\n',
    "",
)

ATTACKS = {
    "look_into_exec": Attack(
        look_into_exec,
        (Change("plan/program.py", '        self.add("prctl", k.PR_SET_DUMPABLE, 0, 0, 0, 0)\n', ""),),
    ),
    "trace_exec": Attack(
        trace_exec,
        (Change("plan/program.py", "        credentials.renounce()\n", "        pass\n"),),
    ),
    "leaked_descriptor": Attack(leaked_descriptor, (_NO_CLOSING,)),
    # Two defences, and either is enough.
    "working_directory_outside": Attack(
        working_directory_outside,
        (_NO_CLOSING, Change("plan/program.py", "O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS)", "O_CLOEXEC, 0, 0)")),
    ),
    "overwritten_interpreter": Attack(
        overwritten_interpreter,
        (
            Change(
                "init/become.py",
                '    stub = sealed(elf(machine, image), name="container")\n',
                '    stub = posix.open("/proc/self/exe", posix.O_RDONLY | posix.O_CLOEXEC)\n',
            ),
        ),
    ),
    "inherited_capability": Attack(
        inherited_capability,
        (
            Change(
                "commands/exec.py",
                '("bounding", "effective", "permitted")',
                '("bounding", "effective", "permitted", "inheritable")',
            ),
        ),
    ),
}
