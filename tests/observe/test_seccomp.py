"""Filters read back from a process are those it loaded, and decide what really happens."""

import os
import signal
import time

import pytest

from conformance.bpf.cbpf import Action, evaluate
from conformance.observe import procfs, seccomp
from conformance.observe.errors import ProcessGone
from conformance.observe.snapshot import snapshot
from conformance.record.snapshot import SeccompFilter
from tests.bpf import seccomp_child
from tests.bpf.test_cbpf import ARCH
from tests.observe.containers import IDLE, base_config, child, container, forked, needs_root, needs_runc

pytestmark = needs_root

GETPID, KCMP, UNUSED = (39 if os.uname().machine == "x86_64" else 172), 1001, 1002
ALLOW = (0x06, 0, 0, 0x7FFF0000)
BY_NUMBER = ((0x20, 0, 0, 0), (0x15, 0, 1, GETPID), (0x06, 0, 0, 0x00050007), (0x15, 0, 1, KCMP), (0x06, 0, 0, 0x00050008), ALLOW)
BY_ARGUMENT = ((0x20, 0, 0, 0), (0x15, 0, 3, UNUSED), (0x20, 0, 0, 24), (0x35, 0, 1, 5), (0x06, 0, 0, 0x00050009), ALLOW)


def dumped(pid: int) -> tuple[SeccompFilter, ...]:
    with procfs.opened(pid) as directory:
        return seccomp.observe(directory)


def load_both() -> None:
    seccomp_child.load(BY_NUMBER)
    seccomp_child.load(BY_ARGUMENT)


def test_newest_first_and_byte_for_byte() -> None:
    with forked(load_both) as pid:
        seen = snapshot(pid)
        loaded = dumped(pid)
        assert [program.instructions for program in loaded] == [BY_ARGUMENT, BY_NUMBER]
        assert (seen.process.seccomp_mode, seen.process.seccomp_filters) == (2, 2)
        assert all(program.flags in {0, None} for program in loaded)


@pytest.mark.parametrize(
    ("number", "arguments"), [(GETPID, ()), (KCMP, ()), (UNUSED, (0, 4)), (UNUSED, (0, 5)), (UNUSED, (0, 6)), (1003, ())]
)
def test_evaluated_as_executed(number: int, arguments: tuple[int, ...]) -> None:
    with forked(load_both) as pid:
        decision = evaluate(dumped(pid), arch=ARCH, number=number, arguments=arguments)
    real = seccomp_child.outcome([BY_NUMBER, BY_ARGUMENT], number, arguments)
    assert real == (-decision.data if decision.action is Action.ERRNO else -38)


def test_no_filter() -> None:
    with child(IDLE) as running:
        assert dumped(running.pid) == ()


def test_a_blocked_read_goes_on() -> None:
    code = "import os; os.write(1, b'ready\\n'); os.write(1, os.read(0, 3) + b'!\\n'); os.read(0, 1)"
    with child(code) as running:
        for _ in range(20):
            dumped(running.pid)
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(b"abc")
        running.stdin.flush()
        assert running.stdout.readline() == b"abc!\n"


def test_a_stopped_process_stays_stopped() -> None:
    with child(IDLE) as running:
        os.kill(running.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, running.pid, os.WSTOPPED | os.WNOWAIT)
        assert dumped(running.pid) == ()
        time.sleep(0.01)
        assert snapshot(running.pid).process.state == "T"


def test_process_gone() -> None:
    with child(IDLE) as running:
        pid = running.pid
    with pytest.raises(ProcessGone):
        dumped(pid)


def test_exit_status_of_a_dying_child_is_left_to_its_parent() -> None:
    for delay in range(40):
        pid = os.fork()
        if pid == 0:
            time.sleep(delay * 1e-5)
            os._exit(7)
        try:
            while True:
                dumped(pid)
        except ProcessGone:
            pass
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


@needs_runc
def test_container() -> None:
    """Runc's filter decides as the config says, and kills for another architecture."""
    config = base_config()
    config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64" if os.uname().machine == "x86_64" else "SCMP_ARCH_AARCH64"],
        "syscalls": [
            {"names": ["getcwd"], "action": "SCMP_ACT_ERRNO", "errnoRet": 44},
            {"names": ["sync"], "action": "SCMP_ACT_KILL_PROCESS"},
        ],
    }
    getcwd, sync, gettid = (79, 162, 186) if os.uname().machine == "x86_64" else (17, 81, 178)
    with container(config) as running:
        filters = dumped(running.pid)
        assert len(filters) == 1
        refused = evaluate(filters, arch=ARCH, number=getcwd)
        assert (refused.action, refused.data) == (Action.ERRNO, 44)
        assert evaluate(filters, arch=ARCH, number=sync).action is Action.KILL_PROCESS
        assert evaluate(filters, arch=ARCH, number=gettid).action is Action.ALLOW
        # libseccomp kills the thread for another architecture; newer versions the process.
        assert evaluate(filters, arch=ARCH ^ 0xFF, number=gettid).action in {Action.KILL_PROCESS, Action.KILL_THREAD}
