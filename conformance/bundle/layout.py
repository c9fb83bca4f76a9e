"""What probe and host agree on: addresses in the probe's memory, and the layout of requests and replies.

A request is ten little-endian u64 {number, six arguments, length of input, length of output, flags}, followed by the
input, which the probe places at BUFFER. It makes the system call and replies with the raw result, an i64, and as many
bytes from BUFFER as the length of output says. The addresses are fixed, so the host computes pointers by itself.
"""

import struct

CODE = 0x400000
"""Where the executable's file is mapped: ELF headers, then code."""
DATA = 0x600000
"""Where zeroed memory begins. A multiple of 64 KiB, the largest page size that Linux runs these machines with."""
STACK_POINTER = DATA
"""Holds the initial stack pointer: argc, argv and envp can be found from there."""
HEADER = DATA + 64
RESULT = DATA + 248
"""Directly before BUFFER, so that a reply is one contiguous piece."""
BUFFER = DATA + 256
BUFFER_SIZE = 1 << 20
"""Bytes. No request may have more input or output than this."""

NUMBER_AT = HEADER
ARGUMENTS_AT = HEADER + 8
INPUT_LENGTH_AT = HEADER + 56
OUTPUT_LENGTH_AT = HEADER + 64
FLAGS_AT = HEADER + 72

REQUEST = struct.Struct("<10Q")
REPLY = struct.Struct("<q")

PAUSE_IF_ZERO = 1
"""Flag: if the call returns 0, pause for ever instead of replying. That is what a forked child has to do."""

NO_CONNECTION = 111
"""Exit status of a hook that could not connect to its socket."""
NO_PATH = 112
"""Exit status of a hook whose argv holds no socket path."""
