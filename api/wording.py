"""What msgspec and Litestar say of a field, in words for whoever sent it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS: Final = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_LENGTH: Final = re.compile(r"Expected `(str|array)` of length (>=|<=) (\d+)")
_PATTERN: Final = re.compile(r"Expected `str` matching regex '(.*)'")
_CHARACTERS: Final = re.compile(r"\^\[([^]]+)\]\+\$")
_KIND: Final = re.compile(r"Expected `([a-z |]+)`, got `([a-z]+)`")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
_CHOICE: Final = re.compile(r"Invalid enum value (.*)")


def plain(message: str, kind: Any = None, field: str = "") -> str:
    """The message without Python in it; one that is not known stays as it is.

    `kind` is the type that was not met and `field` where in it, as `members[0].role`: so choices can be listed.
    """
    if found := _CHOICE.fullmatch(message):
        known = [f"'{choice}'" for choice in _choices(kind, field) if choice != ""]
        return f"must be {_either(known)}, not {found[1]}" if known else message
    if message == "'data'":  # what Litestar says when a route's whole body is not there
        return "the body is missing"
    if found := _LENGTH.fullmatch(message):
        kind, comparison, number = found.groups()
        if (comparison, number) == (">=", "1"):
            return "must not be empty"
        least = "least" if comparison == ">=" else "most"
        return f"takes at {least} {int(number):,} {'characters' if kind == 'str' else 'entries'}"
    if found := _PATTERN.fullmatch(message):
        characters = _CHARACTERS.fullmatch(found[1])
        return f"may hold only {characters[1]}" if characters else f"does not match {found[1]}"
    if found := _KIND.fullmatch(message):
        wanted = " or ".join(_kind(name) for name in found[1].split(" | "))
        return f"must be {wanted}, not {_kind(found[2])}"
    if found := _MISSING.fullmatch(message):
        return f"{found[1]} is missing"
    return message


def _choices(kind: Any, field: str) -> list[object]:
    """The values there are for a field of a type; none if that cannot be said."""
    found = [] if kind is None else [inspect.type_info(kind)]
    for name in re.findall(r"[^\W\d]\w*|\[", field):
        found = [inner for outer in found for inner in _inner(outer, name)]
    return [value for each in found for sort in _inner(each, "") for value in _values(sort)]


def _inner(kind: inspect.Type, name: str) -> Iterator[inspect.Type]:
    """The types of a field (`""`: of the thing itself), through everything that is wrapped around it."""
    match kind:
        case inspect.Metadata(type=inner):
            yield from _inner(inner, name)
        case inspect.UnionType(types=types):
            for each in types:
                yield from _inner(each, name)
        case inspect.ListType(item_type=item) if name == "[":
            yield item
        case inspect.StructType(fields=fields) if name:
            yield from (field.type for field in fields if field.encode_name == name)
        case _ if not name:
            yield kind
        case _:
            pass


def _values(kind: inspect.Type) -> tuple[object, ...]:
    if isinstance(kind, inspect.LiteralType):
        return tuple(kind.values)
    return tuple(member.value for member in kind.cls) if isinstance(kind, inspect.EnumType) else ()


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _kind(name: str) -> str:
    return _KINDS.get(name, name)
