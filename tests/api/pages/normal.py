"""HTML as what it means: tags, attributes and words in order, without how they are written down."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final, final

_INLINE: Final = "a|b|br|code|del|em|i|img|input|kbd|s|strong|sub|sup"
_EMPTY: Final = frozenset({"br", "hr", "img", "input"})
_OURS: Final = frozenset({"class", "id", "rel", "tabindex"})
"""What pages add of their own: places to link to, what crawlers and opened windows may not, colours."""


@final
class _Meaning(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._plain = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "span":
            return  # a word of code in its colour
        kept = sorted(f" {name}={value or ''}" for name, value in attrs if name not in _OURS)
        self._plain += tag == "pre"
        self.found.append(f"<{tag}{''.join(kept)}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY or tag == "span":
            return
        self._plain -= tag == "pre"
        self.found.append(f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        data = data.replace("<", "&lt;")
        self.found.append(data if self._plain else re.sub(r"[ \t\n]+", " ", data))


def normal(html: str) -> str:
    """The same for HTML that a browser shows alike."""
    parser = _Meaning()
    parser.feed(html)
    parser.close()
    text = "".join(parser.found)
    return re.sub(rf" *(</?(?!(?:{_INLINE})\b)[a-z][^<>]*>) *", r"\1", text).strip()
