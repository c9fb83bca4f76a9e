"""Read and change config.json documents by JSON pointer (RFC 6901), without mutating the original."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
First = TypeVar("First")
Result = TypeVar("Result")
_REMEMBERED = 8
"""Results: of two configs of the container that is judged, its own and its twin's, and of those of one that runs meanwhile."""

Config = Mapping[str, Any]
"""A config.json document, parsed."""


def lookup(config: Config, pointer: str, default: Any = None) -> Any:
    """Return the value at `pointer` ("/linux/namespaces/0/type"), or `default` where any step is missing."""
    value: Any = config
    for step in _steps(pointer):
        # Most are dicts, and to ask that is much quicker.
        if type(value) is dict or isinstance(value, Mapping):
            if step not in value:
                return default
            value = value[step]
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return default
    return value


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a config: set the value at `pointer` ("/mounts/-" appends), or remove it."""

    pointer: str
    value: Any = None
    remove: bool = False

    def apply(self, config: Config) -> dict[str, Any]:
        """Return a config with this change, `config` as it was; missing objects on the way are made.

        What the pointer does not lead through is shared by both. Raises KeyError or IndexError where it leads through
        something that cannot hold it.
        """
        result = dict(config)
        *parents, last = _steps(self.pointer)
        node: Any = result
        for step in parents:
            index: Any = int(step) if isinstance(node, list) else step
            child = node[index] if isinstance(node, list) else node.get(index, {})
            node[index] = copy.copy(child)
            node = node[index]
        if self.remove:
            del node[int(last) if isinstance(node, list) else last]
        elif isinstance(node, list):
            node.insert(len(node) if last == "-" else int(last), self.value)
        elif last == "-":
            raise KeyError(self.pointer)
        else:
            node[last] = self.value
        return result


def put(pointer: str, value: Any) -> Edit:
    """Set the value at `pointer`; in a list, insert before that index, or append with "-"."""
    return Edit(pointer, value)


def drop(pointer: str) -> Edit:
    """Remove the value at `pointer`."""
    return Edit(pointer, remove=True)


def edited(config: Config, edits: Sequence[Edit]) -> dict[str, Any]:
    """Return a config with `edits` applied in order, `config` as it was; see `Edit.apply` for what both share."""
    result = dict(config)
    for edit in edits:
        result = edit.apply(result)
    return result


def remembered(
    function: Callable[Concatenate[First, Parameters], Result],
) -> Callable[Concatenate[First, Parameters], Result]:
    """Make a pure function, of a config say, remember its last results: dozens of expectations ask the same of one config.

    Arguments are told apart by identity, and kept meanwhile, so that no other can get the identity of one. Nobody may change
    an argument or a result.
    """
    results: OrderedDict[int | tuple[int, ...], tuple[tuple[object, ...], Result]] = OrderedDict()

    @wraps(function)
    def wrapper(first: First, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        more = (*args, *kwargs.values()) if args or kwargs else ()
        key = (id(first), *map(id, more)) if more else id(first)
        known = results.get(key)
        if known is not None:
            return known[1]
        result = function(first, *args, **kwargs)
        results[key] = (first, *more), result
        if len(results) > _REMEMBERED:
            results.popitem(last=False)
        return result

    return wrapper


@lru_cache(maxsize=2048)
def _steps(pointer: str) -> tuple[str, ...]:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
