"""What a pure function of a config looks at, and what two configs differ in: so it need not be asked twice.

Members are named by JSON pointers. `POINTER/*` stands for all that an object holds: to list it is to look at each of its members.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.record.config import Config

_ABSENT = object()


class Watched(dict[str, Any]):
    """An object of a config that writes down, into `seen`, which of its members are looked at; lists are looked at as a whole.

    All that dict has for reading is here, since an inherited method would look at the content unseen.
    """

    __hash__ = None  # as of any dict

    def __init__(self, content: Mapping[str, Any], seen: set[str], pointer: str = "") -> None:
        super().__init__(content)
        self._seen = seen
        self._pointer = pointer

    def __getitem__(self, key: str) -> Any:
        pointer = f"{self._pointer}/{key}"
        self._seen.add(pointer)
        value = super().__getitem__(key)
        return Watched(value, self._seen, pointer) if isinstance(value, dict) else value

    def get(self, key: str, default: Any = None) -> Any:
        """Look at one member."""
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        self._seen.add(f"{self._pointer}/{key}")
        return super().__contains__(key)

    def keys(self) -> Any:
        """Look at all of it, as do the methods below."""
        return self._whole().keys()

    def values(self) -> Any:
        """Return the members' values, no longer watched."""
        return self._whole().values()

    def items(self) -> Any:
        """Return the members, their values no longer watched."""
        return self._whole().items()

    def copy(self) -> dict[str, Any]:
        """Return what it holds, no longer watched."""
        return self._whole()

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def __eq__(self, other: object) -> bool:
        return self._whole() == other

    def __ne__(self, other: object) -> bool:
        return self._whole() != other

    def __or__(self, other: Any) -> Any:
        return self._whole() | other

    def __ror__(self, other: Any) -> Any:
        return other | self._whole()

    def __repr__(self) -> str:
        return repr(self._whole())

    def _whole(self) -> dict[str, Any]:
        self._seen.add(f"{self._pointer}/*")
        return dict(super().items())


def changed(before: Config, after: Config, pointer: str = "") -> Iterator[str]:
    """Yield all that a function which was shown `before` may have looked at and would see otherwise in `after`."""
    differs = False
    for key in before.keys() | after.keys():
        old, new = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if old is new or old == new:
            continue
        differs = True
        if isinstance(old, dict) and isinstance(new, dict):
            yield from changed(old, new, f"{pointer}/{key}")
        else:
            yield f"{pointer}/{key}"
    if differs:
        yield f"{pointer}/*"
