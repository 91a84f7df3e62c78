"""Field types that payloads share, and what text may hold.

Control characters other than tab and line break, and the characters that reorder text on a screen (bidi
overrides and isolates), are refused where a line is shown beside other people's words: they forge terminals
and reviews.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from domain import limits
from domain.ids import is_segment
from domain.keys import is_did

Id = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.TITLE_CHARS_MAX)]
Body = Annotated[str, msgspec.Meta(max_length=limits.BODY_CHARS_MAX)]
Description = Annotated[str, msgspec.Meta(max_length=limits.DESCRIPTION_CHARS_MAX)]
Replaces = Annotated[list[Id], msgspec.Meta(max_length=limits.REPLACES_MAX)]
Cut = Annotated[list[Id], msgspec.Meta(max_length=limits.CUT_EVENTS_MAX)]
LabelName = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.LABEL_NAME_CHARS_MAX)]
# With the length, because `$` also matches before a line break at the end.
Colour = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{6}$", min_length=6, max_length=6)]
Topic = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]*(?!\n)$", min_length=1, max_length=limits.TOPIC_CHARS_MAX)
]
Website = Annotated[str, msgspec.Meta(max_length=limits.WEBSITE_CHARS_MAX)]
RefName = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.REF_NAME_BYTES_MAX)]
Mentions = Annotated[list[str], msgspec.Meta(max_length=limits.MENTIONS_PER_EVENT_MAX)]
References = Annotated[list[Id], msgspec.Meta(max_length=limits.REFERENCES_PER_EVENT_MAX)]
Oid = Annotated[bytes, msgspec.Meta(min_length=20, max_length=20)]
Commits = Annotated[list[Oid], msgspec.Meta(max_length=limits.REFERENCES_PER_EVENT_MAX)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31)]

_WEBSITE = re.compile(r"https?://[A-Za-z0-9\[][!#-&(-;=?-~]*")
_REORDERING = "\u202a-\u202e\u2066-\u2069"
_MARKS = "\u200e\u200f\u061c"
"""They reorder, too, and right-to-left prose needs them; overrides and isolates stay out."""
_REFUSED_IN_LINES = re.compile(f"[\0-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029{_REORDERING}{_MARKS}]")
_REFUSED_IN_BODIES = re.compile(f"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff{_REORDERING}]")


def segment_problem(text: str, what: str) -> str:
    """What is wrong with a name that stands in URLs, or nothing."""
    return "" if is_segment(text) else f"{what} is not 1 to 64 of A-Z a-z 0-9 . _ - (and not . or .. or ending in .git)"


def website_problem(text: str, what: str) -> str:
    """What is wrong with a web address that people follow, or nothing; empty is none."""
    if not text or _WEBSITE.fullmatch(text):
        return ""
    return f"{what} is no http:// or https:// address of printable ASCII without spaces, quotes and < >"


def did_problem(text: str, what: str) -> str:
    """What is wrong with the did of a principal or node, or nothing."""
    return "" if is_did(text) else f"{what} is not a did:key of an Ed25519 key"


def cut_problem(cut: list[bytes]) -> str:
    """What is wrong with the form of a cut, or nothing."""
    return "" if cut == sorted(set(cut)) else "cut is not sorted, or names an event twice"


def line_problem(text: str, what: str) -> str:
    """What is wrong with a text of one line (a title, a name), or nothing."""
    if not text.strip():
        return f"{what} is empty"
    if text != text.strip():
        return f"{what} begins or ends with white space"
    return "" if text.isprintable() else _character_problem(text, what, _REFUSED_IN_LINES)


def body_problem(text: str, what: str) -> str:
    """What is wrong with a longer text, or nothing."""
    if len(text.encode("utf-8", "surrogatepass")) > limits.BODY_BYTES_MAX:
        return f"{what} is over {limits.BODY_BYTES_MAX} bytes"
    return characters_problem(text, what)


def characters_problem(text: str, what: str) -> str:
    """What is wrong with the characters of a longer text, whatever its size, or nothing."""
    # Most text is printable but for its line breaks, and that is found fastest.
    printable = text.replace("\n", "").isprintable()
    return "" if printable else _character_problem(text, what, _REFUSED_IN_BODIES)


def _character_problem(text: str, what: str, refused: re.Pattern[str]) -> str:
    found = refused.search(text)
    if found is None:
        return ""
    code = ord(found[0])
    if 0xD800 <= code <= 0xDFFF:
        return f"{what} holds a lone surrogate"
    if code in (0x2028, 0x2029):
        return f"{what} holds a line separator"
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"{what} holds the control character U+{code:04X}"
    return f"{what} holds U+{code:04X}, which reorders text on a screen"
