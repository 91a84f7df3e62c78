"""Code with colours: classes only, so the stylesheet decides, and no style stands in the page."""

from __future__ import annotations

import re
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

from markupsafe import Markup, escape
from pygments import lexers
from pygments.token import Token as Kind
from pygments.util import ClassNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pygments.lexer import Lexer

COLOURED_CHARS_MAX: Final = 512 << 10
"""What is longer stays in one colour: lexers take a second for a few megabytes."""
_LINE_CHARS_MAX: Final = 5_000
"""A line that long is no line that anybody wrote, and lexers can take for ever on it."""
COLOURING_S_MAX: Final = 1.0
"""What a lexer has not come to by then stays in one colour: an open comment, begun ten thousand times, takes hours."""
# pygments has no types: what a lexer takes besides is open.
_BY_NAME: Final = cast("Callable[..., Lexer]", lexers.get_lexer_by_name)  # pyright: ignore[reportUnknownMemberType]
_BY_FILE: Final = cast("Callable[..., Lexer]", lexers.get_lexer_for_filename)  # pyright: ignore[reportUnknownMemberType]
_CLASSES: Final[dict[Any, str]] = {
    Kind.Comment: "tok-c",
    Kind.Keyword: "tok-k",
    Kind.Keyword.Type: "tok-t",
    Kind.Name.Builtin: "tok-b",
    Kind.Name.Class: "tok-t",
    Kind.Name.Decorator: "tok-b",
    Kind.Name.Exception: "tok-t",
    Kind.Name.Function: "tok-f",
    Kind.Name.Tag: "tok-k",
    Kind.Name.Attribute: "tok-f",
    Kind.Name.Constant: "tok-n",
    Kind.Literal.Number: "tok-n",
    Kind.Literal.String: "tok-s",
    Kind.Literal.String.Escape: "tok-n",
    Kind.Operator.Word: "tok-k",
    Kind.Generic.Deleted: "tok-del",
    Kind.Generic.Inserted: "tok-ins",
    Kind.Generic.Heading: "tok-k",
    Kind.Generic.Subheading: "tok-f",
}


def highlighted(text: str, *, language: str = "", name: str = "") -> Markup:
    """Code as HTML, by the name of its language or of its file; plain where neither is known."""
    return Markup().join(lines(text, language=language, name=name))


@lru_cache(64)
def lines(text: str, *, language: str = "", name: str = "") -> tuple[Markup, ...]:
    """Every line as HTML of its own, its line end included: no element reaches over one."""
    lexer = _lexer(text, language, name)
    if lexer is None:
        return tuple(escape(line) for line in re.findall(r"[^\n]*\n|[^\n]+", text))
    found: list[Markup] = []
    now: list[str] = []
    for kind, part in _timely(lexer, text):
        mark = _class_of(kind)
        for piece in re.findall(r"[^\n]*\n|[^\n]+", part):
            shown = escape(piece.removesuffix("\n"))
            if shown:
                now.append(f'<span class="{mark}">{shown}</span>' if mark else shown)
            if piece.endswith("\n"):
                found.append(Markup("".join(now) + "\n"))
                now.clear()
    if now:
        found.append(Markup("".join(now)))
    return tuple(found)


def _timely(lexer: Lexer, text: str) -> Iterator[tuple[Any, str]]:
    """A lexer's tokens as long as its time lasts, and the rest as one."""
    until, at = monotonic() + COLOURING_S_MAX, 0
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")  # as lexers read it
    for kind, part in lexer.get_tokens(text):
        at += len(part)
        yield kind, part
        if monotonic() > until:
            yield Kind, text[at:]
            return


def _lexer(text: str, language: str, name: str) -> Lexer | None:
    if len(text) > COLOURED_CHARS_MAX or any(len(line) > _LINE_CHARS_MAX for line in text.split("\n")):
        return None
    try:
        if language:
            return _BY_NAME(language, stripnl=False, ensurenl=False)
        return _BY_FILE(name, stripnl=False, ensurenl=False) if name else None
    except ClassNotFound:
        return None


@lru_cache(None)
def _class_of(kind: Any) -> str:
    while kind is not Kind:
        if kind in _CLASSES:
            return _CLASSES[kind]
        assert kind.parent is not None
        kind = kind.parent
    return ""
