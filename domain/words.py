"""Field types that payloads share, and what text may hold.

Control characters other than tab and line break, and the characters that reorder text on a screen (bidi
overrides and isolates), are refused where a line is shown beside other people's words: they forge terminals
and reviews.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from domain import limits

Id = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.TITLE_CHARS_MAX)]
Body = Annotated[str, msgspec.Meta(max_length=limits.BODY_CHARS_MAX)]
Description = Annotated[str, msgspec.Meta(max_length=limits.DESCRIPTION_CHARS_MAX)]
Replaces = Annotated[list[Id], msgspec.Meta(max_length=limits.REPLACES_MAX)]
LabelName = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.LABEL_NAME_CHARS_MAX)]
# With the length, because `$` also matches before a line break at the end.
Colour = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{6}$", min_length=6, max_length=6)]
RefName = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.REF_NAME_BYTES_MAX)]
Oid = Annotated[bytes, msgspec.Meta(min_length=20, max_length=20)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31)]

_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_IN_BODIES = frozenset("\t\n\r\u200e\u200f\u061c")
"""Line structure, and the marks that right-to-left prose needs; overrides and isolates stay out."""


def line_problem(text: str, what: str) -> str:
    """What is wrong with a text of one line (a title, a name), or nothing."""
    if not text.strip():
        return f"{what} is empty"
    if text != text.strip():
        return f"{what} begins or ends with white space"
    return _character_problem(text, what, allowed=frozenset())


def body_problem(text: str, what: str) -> str:
    """What is wrong with a longer text, or nothing."""
    if len(text.encode("utf-8", "surrogatepass")) > limits.BODY_BYTES_MAX:
        return f"{what} is over {limits.BODY_BYTES_MAX} bytes"
    return _character_problem(text, what, allowed=_IN_BODIES)


def characters_problem(text: str, what: str) -> str:
    """What is wrong with the characters of a longer text, whatever its size, or nothing."""
    return _character_problem(text, what, allowed=_IN_BODIES)


def _character_problem(text: str, what: str, *, allowed: frozenset[str]) -> str:
    # Most text is printable, and that one call runs in C; isprintable is False for white space other than " ".
    if text.isprintable():
        return ""
    for char in text:
        code = ord(char)
        if char in _REORDERING and char not in allowed:
            return f"{what} holds U+{code:04X}, which reorders text on a screen"
        if (code < 0x20 or 0x7F <= code < 0xA0) and char not in allowed:
            return f"{what} holds the control character U+{code:04X}"
        if 0xD800 <= code <= 0xDFFF:
            return f"{what} holds a lone surrogate"
        if char in "\u2028\u2029" and not allowed:
            return f"{what} holds a line separator"
    return ""
