"""The table of mount options against the catalogue, libmount, and mounts that the kernel made."""

import ctypes
import os
import subprocess
import sys

import pytest

from specs.catalogue import load as catalogue
from specs.linux import mount_options
from specs.linux.mount_options import MOUNT_OPTIONS, MountOption
from specs.verdicts import Level
from tests.specs.libraries import load

MNT_LINUX_MAP = 1
BEYOND_MOUNT8 = {"tmpcopyup", "idmap", "ridmap"}
PLAIN = [
    option
    for option in MOUNT_OPTIONS.values()
    if option.name not in BEYOND_MOUNT8 and not option.propagation and (not option.recursive or option.name == "rbind")
]
RECURSIVE = [
    option
    for option in MOUNT_OPTIONS.values()
    if option.recursive and not option.propagation and option.name not in BEYOND_MOUNT8 | {"rbind"}
]
PREFIX = "config.mounts.options."
NO_OPTIONS = {"optional", "fs-independent", "bind-and-propagation", "recursive-kernel", "must-set-is-mount8"}
NO_OPTIONS |= {"custom-allowed", "custom-follow-mount8", "unknown-as-data", "solaris", "windows-ro"}


def test_the_table_and_the_catalogue_name_the_same_options_with_the_same_levels() -> None:
    names = {each.id.removeprefix(PREFIX): each.level for each in catalogue().matching([PREFIX + "*"])}
    levels = {name: level for name, level in names.items() if name not in NO_OPTIONS and "." not in name}
    assert levels == {name: option.level for name, option in MOUNT_OPTIONS.items()}


def _libmount(text: str, flags: int) -> int:
    """Return what libmount makes of mount(2) flags by an option: it sets some, and clears some."""
    library = load("libmount.so.1")
    library.mnt_get_builtin_optmap.restype = ctypes.c_void_p
    mapping = ctypes.c_void_p(library.mnt_get_builtin_optmap(MNT_LINUX_MAP))
    value = ctypes.c_ulong(flags)
    assert library.mnt_optstr_get_flags(text.encode(), ctypes.byref(value), mapping) == 0
    return value.value


@pytest.mark.parametrize("option", PLAIN, ids=lambda each: each.name)
def test_mount8_sets_and_clears_the_same_flags(option: MountOption) -> None:
    everything = (1 << 31) - 1
    assert _libmount(option.name, 0) == option.set
    assert everything & ~_libmount(option.name, everything) == option.clear


@pytest.mark.parametrize("option", [each for each in MOUNT_OPTIONS.values() if each.propagation], ids=lambda each: each.name)
def test_mount8_knows_the_propagation(option: MountOption) -> None:
    wanted = option.propagation | (mount_options.MS_REC if option.recursive else 0)
    assert _libmount(option.name, 0) == wanted


@pytest.mark.parametrize("option", RECURSIVE, ids=lambda each: each.name)
def test_a_recursive_option_is_its_plain_one_further_down(option: MountOption) -> None:
    plain = MOUNT_OPTIONS[option.name[1:]]
    assert (option.set, option.clear, option.level) == (plain.set, plain.clear, Level.SHOULD)
    assert not plain.recursive


@pytest.mark.parametrize(("flag", "word"), [*mount_options.PER_MOUNT.items(), *mount_options.PER_FILESYSTEM.items()], ids=str)
def test_mountinfo_shows_a_flag_by_its_word(flag: int, word: str) -> None:
    if word == "mand":
        pytest.skip("kernels from 5.15 on ignore mandatory locking")
    if os.geteuid():
        pytest.skip("mounting needs root")
    fields, super_options = _mounted(flag)
    assert word in (super_options if flag in mount_options.PER_FILESYSTEM else fields)
    plain_fields, plain_super_options = _mounted(mount_options.MS_NOATIME if word == "relatime" else 0)
    assert word not in (plain_super_options if flag in mount_options.PER_FILESYSTEM else plain_fields)


def _mounted(flags: int) -> tuple[list[str], list[str]]:
    """Mount a tmpfs with these flags in a private mount namespace; return its options per mount and per filesystem."""
    code = (
        "import ctypes, sys\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.unshare(0x20000) == 0 and libc.mount(None, b'/', None, ctypes.c_ulong(0x44000), None) == 0\n"
        "assert libc.mount(b'tmpfs', b'/mnt', b'tmpfs', ctypes.c_ulong(int(sys.argv[1])), None) == 0, ctypes.get_errno()\n"
        "print([line for line in open('/proc/self/mountinfo') if line.split()[4] == '/mnt'][-1], end='')\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(flags)], capture_output=True, text=True, check=True)
    left, _, right = run.stdout.partition(" - ")
    return left.split()[5].split(","), right.split()[2].split(",")
