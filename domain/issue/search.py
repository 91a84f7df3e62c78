"""The search language of issue lists: `is:open label:bug -label:"help wanted" author:kay "stack trace" crash`.

A query is terms with white space between; all must hold. A term is `field:value`, or text that title or body must
hold; `-` before it turns it round, and double quotes (a backslash before one inside) hold white space together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from domain.errors import InvalidInput
from domain.words import characters_problem

QUERY_CHARS_MAX: Final = 1_000
TERMS_MAX: Final = 32
NUMBER_MAX: Final = 2**31
ME: Final = "@me"
"""Stands for whoever asks, where a person is named."""

SORTS: Final = ("created-desc", "created-asc", "updated-desc", "updated-asc")
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "is": ("open", "closed"),
    "state": ("open", "closed", "all"),
    "label": (),
    "author": (),
    "assignee": (),
    "mentions": (),
    "no": ("label", "assignee"),
    "number": (),
    "in": ("title", "body"),
    "repo": (),
    "sort": SORTS,
}
"""By field, the values it may have; any, where there are none."""
_PLAIN_ONLY: Final = frozenset({"state", "in", "sort", "repo"})
"""What says how to look rather than what to find cannot be turned round."""
_ONCE: Final = frozenset({"state", "sort", "repo"})
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z-]*):")
_BARE: Final = re.compile(r"\S*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for; text has no field."""

    value: str
    field: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all hold, in the order written."""

    terms: tuple[Term, ...] = ()

    def values(self, name: str, *, negated: bool = False) -> list[str]:
        """What a field was asked to be (or not to be)."""
        return [term.value for term in self.terms if term.field == name and term.negated == negated]

    def value(self, name: str) -> str:
        """The value of a field that is given once; empty if it is not."""
        return next(iter(self.values(name)), "")

    def has(self, *names: str) -> bool:
        """Whether any of these fields is in it."""
        return any(term.field in names for term in self.terms)

    def plus(self, *terms: Term) -> Query:
        """The query with more terms; each must be one that `parse` gives."""
        return Query((*self.terms, *terms))


def parse(text: str) -> Query:
    """The query that a person wrote; raises `InvalidInput` that says where it is off and what may stand there."""
    if len(text) > QUERY_CHARS_MAX:
        raise InvalidInput(f"a query has at most {QUERY_CHARS_MAX} characters", field="q")
    if problem := characters_problem(text, "the query"):
        raise InvalidInput(problem, field="q")
    reader = _Reader(text)
    terms: list[Term] = []
    while reader.more():
        terms.append(reader.term())
        if len(terms) > TERMS_MAX:
            raise reader.fault(f"there are over {TERMS_MAX} terms", "ask for less at once")
        last = terms[-1]
        if last.field in _ONCE and [term.field for term in terms].count(last.field) > 1:
            raise reader.fault(f"{last.field}: is there already", "give it once")
    return Query(tuple(terms))


def write(query: Query) -> str:
    """The text that `parse` reads as this query."""
    return " ".join(map(_written, query.terms))


def _written(term: Term) -> str:
    before = f"{'-' if term.negated else ''}{f'{term.field}:' if term.field else ''}"
    value = term.value
    odd = value.startswith('"') or not value or any(map(str.isspace, value))
    if odd or (not term.field and (value.startswith("-") or _FIELD.match(value))):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        value = f'"{escaped}"'
    return before + value


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    began: int = 0

    def more(self) -> bool:
        """Whether a term follows; goes to where it begins."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        self.began = self.at
        return self.at < len(self.text)

    def term(self) -> Term:
        following = self.text[self.at + 1 : self.at + 2]
        negated = self.text[self.at] == "-" and following not in {"", "-"} and not following.isspace()
        self.at += negated
        match = _FIELD.match(self.text, self.at)
        name = match[1].lower() if match and not self._is_text(match) else ""
        if name and match:
            self.at = match.end()
            self._check_field(name, negated=negated)
        value = self._value()
        if name:
            value = self._checked(name, value)
        elif not value.strip():
            raise self.fault("there is nothing between the quotes", "put words between them")
        return Term(value, name, negated)

    def fault(self, words: str, hint: str) -> InvalidInput:
        """What is wrong with the term being read."""
        return InvalidInput(f"at character {self.began + 1} of the query: {words}", hint=hint, field="q")

    def _is_text(self, match: re.Match[str]) -> bool:
        """`std::vector`, `https://…` and `Error: …` are words, though a colon is in them."""
        rest = self.text[match.end() : match.end() + 2]
        unknown = match[1].lower() not in FIELDS
        return rest.startswith(":") or rest == "//" or (unknown and (not rest or rest[0].isspace()))

    def _check_field(self, name: str, *, negated: bool) -> None:
        if name not in FIELDS:
            known = ", ".join(f"{each}:" for each in FIELDS)
            hint = f"there are {known}; put quotes around it to look for these very characters"
            raise self.fault(f"there is no field {name}:", hint)
        if negated and name in _PLAIN_ONLY:
            raise self.fault(f"-{name}: means nothing", f"write {name}: without the minus")

    def _value(self) -> str:
        if not self.text.startswith('"', self.at):
            match = _BARE.match(self.text, self.at)
            assert match is not None, "it matches nothing, too"
            self.at = match.end()
            return match[0]
        match = _QUOTED.match(self.text, self.at)
        if match is None:
            raise self.fault("the quotes are not closed", 'end with ", and write \\" for one inside')
        self.at = match.end()
        if self.at < len(self.text) and not self.text[self.at].isspace():
            raise self.fault("there is no space behind the closing quotes", "part terms with spaces")
        return _ESCAPED.sub(r"\1", match[1])

    def _checked(self, name: str, value: str) -> str:
        if not value.strip():
            raise self.fault(f"{name}: has no value", self._allowed(name))
        if name == "number":
            digits = value.removeprefix("#")
            if not (digits.isascii() and digits.isdigit() and len(digits) < 11 and 0 < int(digits) < NUMBER_MAX):
                raise self.fault(f"number:{value[:40]} is no issue's number", self._allowed(name))
            return str(int(digits))
        if FIELDS[name]:
            value = value.lower()
            if value not in FIELDS[name]:
                raise self.fault(f"{name}:{value[:40]} means nothing", self._allowed(name))
        return value

    def _allowed(self, name: str) -> str:
        if FIELDS[name]:
            return "there are " + ", ".join(f"{name}:{each}" for each in FIELDS[name])
        return {
            "number": "write it like number:12",
            "label": 'write it like label:bug or label:"help wanted"',
            "repo": "write it like repo:owner~name",
        }.get(name, f"write it like {name}:somebody or {name}:{ME}")
