"""Lists of CPUs and memory nodes as the spec writes them: commas, and dashes for ranges, as in "0-3,7"."""

from reference_runtime.fault import RuntimeFault

_MOST = 65535
"""More than any kernel can be built for; keeps a hostile range from filling the memory."""


def numbers(text: str, where: str) -> "list[int]":
    """Return the numbers of a list, ascending; none for an empty text. Raises RuntimeFault."""
    bits = 0  # a set would take long for a text that names the same wide range again and again
    for part in dict.fromkeys(text.split(",") if text else ()):
        first, dash, last = part.strip().partition("-")
        low, high = _number(first, text, where), _number(last if dash else first, text, where)
        if low > high:
            raise RuntimeFault(f"{part!r} is no range", where=where)
        bits |= (1 << high + 1) - (1 << low)
    return [number for number in range(bits.bit_length()) if bits >> number & 1]


def _number(digits: str, text: str, where: str) -> int:
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 5 or int(digits) > _MOST:
        raise RuntimeFault(f"{text!r} is no list of numbers such as 0-3,7", where=where)
    return int(digits)


def mask(text: str, where: str) -> bytes:
    """Return the list as a mask of bits in words of 64, as sched_setaffinity(2) and set_mempolicy(2) take it."""
    listed = numbers(text, where)
    bits = sum(1 << number for number in listed)
    words = listed[-1] // 64 + 1 if listed else 1
    return bits.to_bytes(8 * words, "little")
