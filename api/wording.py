"""What msgspec and Litestar say of a field, in words for whoever sent it."""

from __future__ import annotations

import re
from typing import Final

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


def plain(message: str) -> str:
    """The message without Python in it; one that is not known stays as it is."""
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


def _kind(name: str) -> str:
    return _KINDS.get(name, name)
