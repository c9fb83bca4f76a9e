"""Writes the stub's table: calls by name, with data, labels and results, to one block of bytes.

program = Program("x86_64")
program.call("prctl", 38, 1)                          # any error reports and ends
program.call("execve", program.text("/bin/true"), ..., on_error=NEXT)
"""

from reference_runtime.init.stub import ENTRY_WORDS, WORD, data_address
from reference_runtime.kernel.numbers import NUMBERS, column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NEXT = "next"
"""Go on with the entry that follows."""
REPORT = "report"
"""The label that a failed call goes to; the program's author places it."""


class Label:
    """The address of an entry that is placed later, or of a call's result."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Data:
    """The address of some bytes in the program's memory."""

    __slots__ = ("content", "offset")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.offset = 0


class Program:
    """A table under construction. Each call has a result word, in the order of the calls."""

    __slots__ = ("_blocks", "_calls", "_labels", "_machine", "_pointers")

    def __init__(self, machine: str) -> None:
        self._machine = machine
        self._calls: list[tuple[str | None, tuple[Any, ...], Label | Data | None, tuple[str, str, str]]] = []
        self._labels: dict[str, int] = {}
        self._blocks: list[Data] = []
        self._pointers: list[tuple[Data, int, list[Data]]] = []

    def __len__(self) -> int:
        return len(self._calls)

    def data(self, content: bytes) -> Data:
        """Place bytes, aligned to words; returns their address for arguments."""
        block = Data(content)
        self._blocks.append(block)
        return block

    def text(self, content: str | bytes) -> Data:
        """Place a string that ends with NUL."""
        encoded = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        return self.data(encoded + b"\0")

    def vector(self, strings: "list[str]") -> Data:
        """Place strings and an array of their addresses that ends with a null one, as execve wants argv and envp."""
        texts = [self.text(each) for each in strings]
        array = self.data(bytes(WORD * (len(texts) + 1)))
        self._pointers.append((array, 0, texts))
        return array

    def structure(self, prefix: bytes, pointer: Data) -> Data:
        """Place some words that are followed by the address of other data."""
        block = self.data(prefix + bytes(WORD))
        self._pointers.append((block, len(prefix), [pointer]))
        return block

    def address(self, data: Data) -> int:
        """Return where data lies in the memory of the assembled program."""
        return data_address(self._machine) + data.offset

    def label(self, name: str) -> None:
        """Name the place of the next call."""
        self._labels[name] = len(self._calls)

    def result(self, index: int) -> Label:
        """Return the address of the result of the call with this index."""
        return Label(f"result {index}")

    def argument(self, index: int, position: int) -> Label:
        """Return the address of an argument (from 0) of a call to come: a result stored there becomes that argument."""
        return Label(f"argument {index} {position}")

    def call(
        self,
        name: str,
        *arguments: "int | Data | Label",
        on_error: str = REPORT,
        on_zero: str = NEXT,
        on_positive: str = NEXT,
        result: "Label | None" = None,
    ) -> int:
        """Append a system call; returns its index. `result` says where else than to its own word the result goes."""
        index = len(self._calls)
        self._calls.append((name, arguments, result, (on_error, on_zero, on_positive)))
        return index

    def wait_until_set(self, address: "Label | Data") -> int:
        """Append an entry that comes back to itself until the word at `address` is not zero: no system call is made."""
        index = len(self._calls)
        name = f"wait {index}"
        self.label(name)
        self._calls.append((None, (address,), None, (NEXT, name, NEXT)))
        return index

    def assemble(self) -> bytes:
        """Return the data block: the table, the results, the placed bytes."""
        base = data_address(self._machine)
        results = base + len(self._calls) * _ENTRY
        offset = len(self._calls) * _ENTRY + (len(self._calls) + 1) * WORD
        for block in self._blocks:
            block.offset = offset
            offset += (len(block.content) + WORD) // WORD * WORD
        image = bytearray(offset)
        words = memoryview(image).cast("Q")
        for place, word in enumerate(self._words(base, results)):
            words[place] = word & _MASK
        for block in self._blocks:
            image[block.offset : block.offset + len(block.content)] = block.content
        for block, within, targets in self._pointers:
            place = (block.offset + within) // WORD
            for target in targets:
                words[place] = base + target.offset
                place += 1
        return bytes(image)

    def _words(self, base: int, results: int) -> "list[int]":
        """Return the entries, one after the other, as the addresses of both areas are."""
        words: list[int] = []
        places = {name: base + index * _ENTRY for name, index in self._labels.items()}
        here = column(self._machine)
        following, result = base, results
        for name, arguments, store, (on_error, on_zero, on_positive) in self._calls:
            words.append(-1 if name is None else NUMBERS[name][here])
            for each in arguments:
                words.append(each if each.__class__ is int else _value(each, base, results))  # noqa: PERF401  # a call less
            words += _ZEROS[len(arguments) :]
            words.append(result if store is None else _value(store, base, results))
            result += WORD
            following += _ENTRY
            words.append(following if on_error is NEXT else places[on_error])
            words.append(following if on_zero is NEXT else places[on_zero])
            words.append(following if on_positive is NEXT else places[on_positive])
        return words


def _value(argument: "Label | Data", base: int, results: int) -> int:
    if isinstance(argument, Data):
        return base + argument.offset
    kind, *numbers = argument.name.split()
    if kind == "result":
        return results + int(numbers[0]) * WORD
    return base + int(numbers[0]) * _ENTRY + (1 + int(numbers[1])) * WORD


_ENTRY = ENTRY_WORDS * WORD
_MASK = (1 << 64) - 1
_ZEROS = [0] * 6
"""The registers for arguments."""
