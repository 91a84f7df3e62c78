"""What a stranger's event says, in one line that can stand on a terminal beside other people's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from domain.canonical import NotCanonical, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

EXCERPT_CHARS_MAX: Final = 300
_HARMLESS_INSTEAD: Final = "\N{REPLACEMENT CHARACTER}"


def excerpt(payload: bytes | None) -> str:
    """The texts of a payload in the order of their fields, a title first, cut off; nothing of what cannot be read.

    Line ends become blanks. What controls a terminal, or reorders or hides text, is replaced.
    """
    try:
        found = decode(payload or b"")
    except NotCanonical:
        return ""
    words = " · ".join(" ".join(text.split()) for text in _texts(found) if text.strip())
    cut = words if len(words) <= EXCERPT_CHARS_MAX else words[: EXCERPT_CHARS_MAX - 1] + "…"
    return cut if cut.isprintable() else "".join(each if each.isprintable() else _HARMLESS_INSTEAD for each in cut)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:EXCERPT_CHARS_MAX]
    elif isinstance(value, dict):
        fields = cast("dict[Any, object]", value)
        for name in sorted(fields, key=lambda name: name != "title"):
            yield from _texts(fields[name])
    elif isinstance(value, list | tuple):
        for each in cast("list[object]", value):
            yield from _texts(each)
