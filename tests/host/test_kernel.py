"""The system calls do what their man pages say, each against another way to know."""

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.host import kernel
from tests.host.jails import needs_root


def test_errors_carry_the_path() -> None:
    with pytest.raises(OSError, match="umount2") as caught:
        kernel.umount2("/nowhere/at-all")
    assert caught.value.errno in (errno.ENOENT, errno.EPERM)
    assert caught.value.filename == "/nowhere/at-all"


def test_clone3_forks_and_gives_a_pidfd_that_tells_the_end() -> None:
    release = os.pipe()
    pid, pidfd = kernel.clone3(0)
    if pid == 0:
        os.close(release[1])
        os.read(release[0], 1)
        os._exit(7)
    assert not kernel.pidfd_has_exited(pidfd)
    for fd in release:
        os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert kernel.pidfd_has_exited(pidfd)
    os.close(pidfd)


@needs_root
def test_clone3_makes_namespaces() -> None:
    reader, writer = os.pipe()
    pid, pidfd = kernel.clone3(kernel.CLONE_NEWPID)
    if pid == 0:
        os.write(writer, str(os.getpid()).encode())
        os._exit(0)
    assert os.read(reader, 100) == b"1"
    os.waitpid(pid, 0)
    for fd in (reader, writer, pidfd):
        os.close(fd)


def test_the_parent_death_signal_comes() -> None:
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:
        child = os.fork()
        if child == 0:
            kernel.prctl_set_pdeathsig(signal.SIGKILL)
            os.write(writer, b"1")
            signal.pause()
        os.read(reader, 1)
        os._exit(0)
    os.close(writer)
    os.waitpid(middle, 0)
    # The end of file comes when the last holder of the other end, the grandchild, has died.
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_openat2_stays_in_its_root(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("inside")
    (tmp_path / "link").symlink_to("/../../etc/passwd")
    root = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    fd = kernel.openat2(root, "link", os.O_RDONLY, resolve=kernel.RESOLVE_IN_ROOT)
    assert os.read(fd, 100) == b"inside"
    os.close(fd)
    with pytest.raises(FileNotFoundError) as caught:
        kernel.openat2(root, "etc/shadow", os.O_RDONLY, resolve=kernel.RESOLVE_IN_ROOT)
    assert caught.value.filename == "etc/shadow"
    os.close(root)


def test_pidfd_getfd_duplicates() -> None:
    reader, writer = os.pipe()
    pidfd = os.pidfd_open(os.getpid())
    duplicate = kernel.pidfd_getfd(pidfd, writer)
    os.write(duplicate, b"x")
    assert os.read(reader, 1) == b"x"
    assert not os.get_inheritable(duplicate)
    for fd in (reader, writer, pidfd, duplicate):
        os.close(fd)


def test_scheduling_agrees_with_chrt_and_ionice() -> None:
    command = ["nice", "-n", "3", "chrt", "--batch", "0", "ionice", "-c", "2", "-n", "6", "sh", "-c", "echo; exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        attributes, priority = kernel.sched_getattr(child.pid), kernel.ioprio_get(child.pid)
        child.kill()
    assert (attributes.policy, attributes.nice, priority) == (os.SCHED_BATCH, os.nice(0) + 3, (2, 6))


@needs_root
def test_the_seccomp_filter_of_a_process_can_be_read() -> None:
    script = (
        "import ctypes; libc = ctypes.CDLL(None); libc.prctl(38, 1, 0, 0, 0)\n"
        "program = (ctypes.c_uint64 * 2)(0x1234_5678_0000_0000, 0x7FFF_0000 << 32 | 6)\n"
        "libc.prctl(22, 2, ctypes.byref((ctypes.c_uint64 * 2)(2, ctypes.addressof(program))), 0, 0)\n"
        "print(flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        kernel.ptrace_seize(child.pid)
        kernel.ptrace_interrupt(child.pid)
        os.waitpid(child.pid, kernel.WALL)
        program, flags = kernel.ptrace_seccomp_get_filter(child.pid, 0), kernel.ptrace_seccomp_get_metadata(child.pid, 0)
        with pytest.raises(OSError, match="ptrace"):
            kernel.ptrace_seccomp_get_filter(child.pid, 1)
        kernel.ptrace_detach(child.pid)
        child.kill()
    assert program == bytes.fromhex("00000000 78563412 06000000 0000ff7f")
    assert flags == 0


@needs_root
def test_bpf_makes_a_map_that_the_kernel_shows() -> None:
    """BPF_MAP_CREATE of an array: type 2, key 4, value 8, one entry."""
    attributes = bytearray(128)
    for position, value in enumerate((2, 4, 8, 1)):
        attributes[4 * position : 4 * position + 4] = value.to_bytes(4, "little")
    fd = kernel.bpf(0, attributes)
    assert re.search(r"map_type:\s*2\n", Path(f"/proc/self/fdinfo/{fd}").read_text())
    os.close(fd)


def test_lsms_agree_with_securityfs() -> None:
    try:
        numbers = kernel.lsm_list_modules()
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        pytest.skip("before Linux 6.8")
    listed = Path("/sys/kernel/security/lsm")
    # LSM_ID_CAPABILITY is always among them.
    assert 100 in numbers
    if listed.exists():
        assert len(numbers) == len(listed.read_text().split(","))


@needs_root
def test_namespaces_are_left_and_entered_and_mounts_made(tmp_path: Path) -> None:
    """unshare, setns and mount, in a child so that the tests' own namespaces stay."""
    outer = os.readlink("/proc/self/ns/mnt")
    before = Path("/proc/self/mountinfo").read_text()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        home = os.open("/proc/self/ns/mnt", os.O_RDONLY)
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        kernel.mount("tmpfs", str(tmp_path), "tmpfs", kernel.MS_NODEV, "mode=700")
        mounted = f" {tmp_path} rw,nodev" in Path("/proc/self/mountinfo").read_text()
        kernel.umount2(str(tmp_path), kernel.MNT_DETACH)
        gone = f" {tmp_path} " not in Path("/proc/self/mountinfo").read_text()
        away = os.readlink("/proc/self/ns/mnt") != outer
        kernel.setns(home, kernel.CLONE_NEWNS)
        os.write(writer, repr((mounted, gone, away, os.readlink("/proc/self/ns/mnt") == outer)).encode())
        os._exit(0)
    os.close(writer)
    assert os.read(reader, 100) == b"(True, True, True, True)"
    os.waitpid(pid, 0)
    os.close(reader)
    assert Path("/proc/self/mountinfo").read_text() == before
