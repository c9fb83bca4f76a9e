"""libseccomp as an oracle: the filter that it makes of the same linux.seccomp, the way runc and crun drive it."""

import ctypes
import ctypes.util
import os
from collections.abc import Mapping, Sequence
from typing import Any

TOKENS = {
    "SCMP_ARCH_X86_64": 0xC000003E,
    "SCMP_ARCH_X86": 0x40000003,
    "SCMP_ARCH_X32": 0x4000003E,
    "SCMP_ARCH_AARCH64": 0xC00000B7,
}
ACTIONS = {
    "SCMP_ACT_KILL": 0,
    "SCMP_ACT_KILL_PROCESS": 0x80000000,
    "SCMP_ACT_TRAP": 0x30000,
    "SCMP_ACT_ERRNO": 0x50000,
    "SCMP_ACT_TRACE": 0x7FF00000,
    "SCMP_ACT_LOG": 0x7FFC0000,
    "SCMP_ACT_ALLOW": 0x7FFF0000,
}
COMPARE = ("", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ")
_BINARY_TREE = 2
_OPTIMIZE = 8


class _Argument(ctypes.Structure):
    _fields_ = (("index", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


class Libseccomp:
    """The library, loaded."""

    def __init__(self, path: str) -> None:
        self._library = ctypes.CDLL(path)
        context, number = ctypes.c_void_p, ctypes.c_uint32
        self._library.seccomp_init.restype = context
        self._library.seccomp_init.argtypes = (number,)
        self._library.seccomp_arch_add.argtypes = (context, number)
        self._library.seccomp_attr_set.argtypes = (context, ctypes.c_int, number)
        self._library.seccomp_rule_add_array.argtypes = (context, number, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)
        self._library.seccomp_export_bpf.argtypes = (context, ctypes.c_int)
        self._library.seccomp_release.argtypes = (context,)

    def knows(self, name: str) -> bool:
        """Return whether this version has heard of a call, on whatever architecture."""
        return int(self._library.seccomp_syscall_resolve_name(name.encode())) != -1

    def program(self, seccomp: Mapping[str, Any]) -> bytes:
        """Return the exported filter."""
        default = _word(seccomp["defaultAction"], seccomp.get("defaultErrnoRet"))
        context = self._library.seccomp_init(default)
        try:
            self._library.seccomp_attr_set(context, _OPTIMIZE, _BINARY_TREE)
            for name in seccomp.get("architectures", ()):
                self._library.seccomp_arch_add(context, TOKENS[name])  # EEXIST for the native one
            for entry in seccomp.get("syscalls", ()):
                word = _word(entry["action"], entry.get("errnoRet"))
                if word != default:
                    self._add(context, entry, word)
            with open(os.memfd_create("filter"), "w+b", buffering=0) as exported:
                assert self._library.seccomp_export_bpf(context, exported.fileno()) == 0
                exported.seek(0)
                return exported.read()
        finally:
            self._library.seccomp_release(context)

    def _add(self, context: int, entry: Mapping[str, Any], word: int) -> None:
        arguments = [
            _Argument(given["index"], COMPARE.index(given["op"]), given["value"], given.get("valueTwo", 0))
            for given in entry.get("args", ())
        ]
        several = len({argument.index for argument in arguments}) < len(arguments)
        rules: list[Sequence[_Argument]] = [[argument] for argument in arguments] if several else [arguments]
        for name in entry["names"]:
            number = self._library.seccomp_syscall_resolve_name(name.encode())
            for rule in rules:
                array = (_Argument * len(rule))(*rule) if rule else None
                self._library.seccomp_rule_add_array(context, word, number, len(rule), array)


def _word(action: str, errno: int | None) -> int:
    carries = action in {"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"}
    return ACTIONS[action] | ((1 if errno is None else errno) if carries else 0)


def find() -> Libseccomp | None:
    """Return the library of this machine, None if there is none."""
    path = ctypes.util.find_library("seccomp")
    return Libseccomp(path) if path else None
