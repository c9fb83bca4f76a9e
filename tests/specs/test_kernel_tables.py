"""Tables against this machine's kernel and Python."""

import ctypes
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from specs.linux import capabilities, devices, namespaces, personality, rlimits, scheduler, signals
from tests.specs.libraries import wrong_values

SETTABLE_POLICIES = ("SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE")


def test_capabilities_reach_as_far_as_the_kernel() -> None:
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert set(range(last + 1)) <= set(capabilities.CAPABILITIES.values())
    assert sorted(capabilities.CAPABILITIES.values()) == list(range(41))


def test_capability_names_are_those_of_capsh() -> None:
    if not shutil.which("capsh"):
        pytest.skip("no capsh")
    everything = (1 << 41) - 1
    printed = subprocess.run(["capsh", f"--decode={everything:x}"], capture_output=True, text=True, check=True).stdout
    assert printed.strip().partition("=")[2].upper().split(",") == list(capabilities.names(everything))


def test_mask_and_names_are_inverse() -> None:
    assert capabilities.mask(["CAP_CHOWN", "CAP_NET_RAW"]) == 0x2001
    assert capabilities.names(0x2001) == ("CAP_CHOWN", "CAP_NET_RAW")
    assert capabilities.names(1 << 50 | 1) == ("CAP_CHOWN", "50")
    assert capabilities.mask([]) == 0
    with pytest.raises(KeyError):
        capabilities.mask(["CAP_BOGUS"])


def test_rlimit_numbers_are_those_of_the_resource_module() -> None:
    known = {name: number for name, number in vars(resource).items() if name.startswith("RLIMIT_") and name != "RLIMIT_OFILE"}
    assert known
    assert {name: rlimits.RLIMITS[name] for name in known} == known


def test_rlimit_rows_show_what_prlimit_returns() -> None:
    rows = {line[:26].strip(): line[26:].split()[:2] for line in Path("/proc/self/limits").read_text().splitlines()[1:]}
    assert set(rows) == set(rlimits.ROWS.values())
    for name, number in rlimits.RLIMITS.items():
        limits = ["unlimited" if value == resource.RLIM_INFINITY else str(value) for value in resource.getrlimit(number)]
        assert rows[rlimits.ROWS[name]] == limits, name


def test_signal_numbers_are_those_of_the_signal_module() -> None:
    known = {each.name: each.value for each in signal.Signals if not each.name.startswith("SIGRT")}
    assert {**signals.SIGNALS, **{alias: signals.SIGNALS[name] for alias, name in signals.ALIASES.items()}} == {
        **known,
        **{alias: known[name] for alias, name in signals.ALIASES.items()},
    }


@pytest.mark.parametrize("namespace", namespaces.NAMESPACES.values(), ids=lambda each: each.type)
def test_the_kernel_calls_each_namespace_by_its_clone_flag(namespace: namespaces.Namespace) -> None:
    with open(f"/proc/self/ns/{namespace.proc}", "rb") as stream:
        assert fcntl.ioctl(stream, namespaces.NS_GET_NSTYPE) == namespace.clone_flag


def test_namespace_ioctls_answer() -> None:
    with open("/proc/self/ns/user", "rb") as user, open("/proc/self/ns/uts", "rb") as uts:
        owner = fcntl.ioctl(user, namespaces.NS_GET_OWNER_UID, bytes(4))
        assert int.from_bytes(owner, sys.byteorder) == 0
        descriptor = fcntl.ioctl(uts, namespaces.NS_GET_USERNS)
        try:
            assert os.path.samestat(os.fstat(descriptor), os.fstat(user.fileno()))
        finally:
            os.close(descriptor)


@pytest.mark.parametrize("device", [*devices.DEFAULT_DEVICES.values(), devices.PTMX], ids=lambda each: each.path)
def test_default_devices_have_the_host_numbers(device: devices.Device) -> None:
    found = os.stat(device.path)
    assert (os.major(found.st_rdev), os.minor(found.st_rdev)) == device.rdev


def test_symlink_targets_exist() -> None:
    assert all(os.path.lexists(target) for target in devices.SYMLINKS.values())


def test_personality_of_linux32_shows_in_proc() -> None:
    code = "import ctypes; ctypes.CDLL(None).personality({}); print(open('/proc/self/personality').read())"
    for value in personality.DOMAINS.values():
        shown = subprocess.run([sys.executable, "-c", code.format(value)], capture_output=True, text=True, check=True).stdout
        assert int(shown, 16) & personality.PER_MASK == value


def test_linux32_changes_the_machine_name() -> None:
    code = f"import ctypes, os; ctypes.CDLL(None).personality({personality.DOMAINS['LINUX32']}); print(os.uname().machine)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() != os.uname().machine


def test_policy_numbers_are_those_of_the_os_module() -> None:
    known = {name: getattr(os, name) for name in scheduler.POLICIES if hasattr(os, name)}
    assert len(known) >= 5
    assert {name: scheduler.POLICIES[name] for name in known} == known


def test_the_kernel_has_deadline_but_not_iso() -> None:
    highest = ctypes.CDLL(None, use_errno=True).sched_get_priority_max
    assert highest(scheduler.POLICIES["SCHED_DEADLINE"]) == 0
    assert highest(scheduler.POLICIES["SCHED_ISO"]) == -1
    assert highest(scheduler.POLICIES["SCHED_FIFO"]) == 99


@pytest.mark.parametrize("name", SETTABLE_POLICIES)
def test_chrt_takes_the_policy_for_the_same(name: str) -> None:
    flag = "--" + name.removeprefix("SCHED_").lower()
    shown = subprocess.run(
        ["chrt", flag, "0", sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert int(shown) == scheduler.POLICIES[name]


def test_scheduling_flags_are_those_of_the_header() -> None:
    assert not wrong_values("linux/sched.h", scheduler.FLAGS)


def test_io_priorities_are_those_of_the_header() -> None:
    wanted = {**scheduler.IOPRIO_CLASSES, "IOPRIO_CLASS_SHIFT": scheduler.IOPRIO_CLASS_SHIFT}
    assert not wrong_values("linux/ioprio.h", wanted)


def test_the_comparison_with_a_header_can_fail() -> None:
    assert wrong_values("linux/sched.h", {"SCHED_FLAG_RECLAIM": 3, "SCHED_BATCH": 3}) == ["SCHED_FLAG_RECLAIM"]
    assert wrong_values("linux/sched.h", {"SCHED_FLAG_UNHEARD_OF": 1}) == ["SCHED_FLAG_UNHEARD_OF"]
