"""Full-text terms: what people type, made safe for FTS5, with LIKE for what the trigram index cannot find."""

from __future__ import annotations

from domain.errors import InvalidInput

TRIGRAM_CHARS = 3
TERMS_MAX = 16
QUERY_CHARS_MAX = 256


def terms(text: str) -> list[str]:
    """The words of a query; each must be found somewhere."""
    if len(text) > QUERY_CHARS_MAX or "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidInput(f"a search text is at most {QUERY_CHARS_MAX} Unicode characters without NUL", field="q")
    return text.split()[:TERMS_MAX]


def like(term: str) -> str:
    """A LIKE pattern (escape character: backslash) for texts that hold `term`."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
