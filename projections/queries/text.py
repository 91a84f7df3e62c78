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


def conditions(text: str, fts: str, table: str, columns: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """SQL conditions on `table` (whose rowids `fts` indexes) with their parameters, one for each word."""
    found: list[str] = []
    values: list[str] = []
    for term in terms(text):
        if len(term) >= TRIGRAM_CHARS:
            found.append(f"{table}.rowid IN (SELECT rowid FROM {fts} WHERE {fts} MATCH ?)")
            values.append('"' + term.replace('"', '""') + '"')
        else:
            found.append("(" + " OR ".join(f"{table}.{column} LIKE ? ESCAPE '\\'" for column in columns) + ")")
            values += [like(term)] * len(columns)
    return found, values


def like(term: str) -> str:
    """A LIKE pattern (escape character: backslash) for texts that hold `term`."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
