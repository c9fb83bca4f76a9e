"""Device programs of cgroup v2: bpf(2) with BPF_PROG_TYPE_CGROUP_DEVICE. Source: bpf(2), linux/bpf.h (union bpf_attr)."""

from reference_runtime.kernel.syscall import address, syscall

_LOAD, _ATTACH, _DETACH, _DESCRIPTOR_OF_ID, _QUERY = 5, 8, 9, 13, 16
_TYPE_CGROUP_DEVICE = 15
_AT_DEVICE = 6
"""BPF_CGROUP_DEVICE."""
_ALLOW_MULTI = 2
"""Programs of ancestors, and others of this cgroup, go on having their say: an access must be allowed by all."""
_MOST_PROGRAMS = 64
"""BPF_CGROUP_MAX_PROGS."""
_LOG_SIZE = 1 << 16


def load_device_program(instructions: bytes) -> int:
    """Have the kernel verify a program; returns its descriptor, close on exec.

    Raises OSError, with the verifier's last words as the file name's stead if it refuses.
    """
    code, license_, log = bytearray(instructions), bytearray(b"Apache-2.0\0"), bytearray(_LOG_SIZE)
    words = (_TYPE_CGROUP_DEVICE | len(code) // 8 << 32, address(code), address(license_))
    attributes = b"".join(word.to_bytes(8, "little") for word in words)
    try:
        return syscall("bpf", _LOAD, attributes + bytes(24), len(attributes) + 24)
    except OSError as error:
        # Only now ask for the log: it costs the kernel more than the verification.
        logged = (1 | _LOG_SIZE << 32, address(log))
        attributes += b"".join(word.to_bytes(8, "little") for word in logged)
        return _load_again(attributes, log, error)


def _load_again(attributes: bytes, log: bytearray, error: OSError) -> int:
    try:
        return syscall("bpf", _LOAD, attributes + bytes(8), len(attributes) + 8)
    except OSError:
        words = log.rstrip(b"\0").decode("ascii", "replace").strip().splitlines()
        raise OSError(error.errno, error.strerror, words[-1] if words else None) from None


def attach(directory: int, program: int) -> None:
    """Attach a device program to the cgroup whose directory is open, beside those that are there. Raises OSError."""
    _change(_ATTACH, directory, program, _ALLOW_MULTI)


def detach(directory: int, program: int) -> None:
    """Take a device program away. Raises OSError."""
    _change(_DETACH, directory, program, 0)


def _change(command: int, directory: int, program: int, flags: int) -> None:
    attributes = b"".join(word.to_bytes(4, "little") for word in (directory, program, _AT_DEVICE, flags, 0))
    syscall("bpf", command, attributes, len(attributes))


def attached(directory: int) -> "list[int]":
    """Return descriptors of the device programs that are attached to a cgroup itself, for the caller to close. Raises OSError."""
    ids = bytearray(4 * _MOST_PROGRAMS)
    # target_fd, attach_type, query_flags, attach_flags; prog_ids; prog_cnt, which the kernel fills in.
    attributes = bytearray(32)
    attributes[0:8] = (directory | _AT_DEVICE << 32).to_bytes(8, "little")
    attributes[16:24] = address(ids).to_bytes(8, "little")
    attributes[24:28] = _MOST_PROGRAMS.to_bytes(4, "little")
    syscall("bpf", _QUERY, attributes, len(attributes))
    count = int.from_bytes(attributes[24:28], "little")
    ids_found = [bytes(ids[4 * index : 4 * index + 4]) for index in range(count)]
    return [syscall("bpf", _DESCRIPTOR_OF_ID, one + bytes(8), 12) for one in ids_found]
