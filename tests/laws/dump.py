"""A state as plain values, every slot of it, so that two states can be compared."""

from __future__ import annotations

from typing import Any, Final

from domain.fold.kind import State
from domain.fold.orset import ObservedSet
from domain.fold.register import Register
from domain.fold.text import Text, _TextDocument

CACHES: Final = frozenset({"_copies", "_merged"})
"""Slots of a document that say how its text was come by, not what it is."""

PLAIN: Final = (str, bytes, int, bool, list, tuple)


def dump(value: Any) -> Any:
    """`value` with its classes taken off: mappings and sets sorted, texts in full."""
    kind: Any = type(value)
    if kind in PLAIN:
        return value
    if kind is Register:
        return [tuple(write) for write in value.current]
    if kind is ObservedSet:
        return [(member, sorted(value.added[member])) for member in value.members]
    if kind is Text:
        documents = [dump(document) for document in value._documents]
        return [documents, sorted(value.stranded.items()), value.value, value.heads, value.rivals]
    if kind is _TextDocument:
        value.text  # noqa: B018  # fills in what an Automerge document says
        return _slots(value)
    if kind is dict:
        return sorted((name, dump(item)) for name, item in value.items())
    if kind is set:
        return sorted(value)
    assert isinstance(value, State), f"no way to dump a {kind.__name__}"
    return [kind.__name__, _slots(value)]


def slots(kind: type[Any]) -> tuple[str, ...]:
    """The names of every slot of a class, those of its bases first."""
    return tuple(name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ()))


def _slots(value: Any) -> dict[str, Any]:
    kind: Any = type(value)
    if kind not in _SLOTS:
        _SLOTS[kind] = slots(kind)
    return {name: dump(getattr(value, name)) for name in _SLOTS[kind] if name not in CACHES}


_SLOTS: dict[Any, tuple[str, ...]] = {}
