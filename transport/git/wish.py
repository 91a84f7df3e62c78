"""What a client wishes to get, in the lines that protocols v0 and v2 have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from domain.errors import InvalidInput
from domain.ports_serving import Deepening
from domain.refs.names import is_oid
from transport.git.filters import parse_filter
from transport.git.limits import EXCLUDED_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.ports_serving import ObjectFilter

_NUMBER_DIGITS_MAX: Final = 18


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be in the pack, and how the client's history is cut."""

    wants: tuple[str, ...] = ()
    want_refs: tuple[str, ...] = ()
    """Refs by full name; where they point is looked up when the pack is made."""
    shallow: frozenset[str] = frozenset()
    """Commits whose parents the client does not have."""
    deepening: Deepening | None = None
    """Here `excluded` has the names as the client gave them."""
    filter: ObjectFilter | None = None
    thin: bool = False
    ofs_delta: bool = False
    include_tag: bool = False
    progress: bool = True


@final
class WishReader:
    """Collects the lines of a wish."""

    def __init__(self) -> None:
        self._wants: dict[str, None] = {}
        self._want_refs: dict[str, None] = {}
        self._shallow: set[str] = set()
        self._depth: int | None = None
        self._since: int | None = None
        self._excluded: list[str] = []
        self._filter: ObjectFilter | None = None

    def take(self, line: str) -> bool:
        """Take a line if it belongs to a wish; raises `InvalidInput` if it does and is malformed."""
        verb, _, rest = line.partition(" ")
        if verb == "want":
            self._wants[oid_of(rest)] = None
        elif verb == "want-ref":
            self._want_refs[rest] = None
        elif verb == "shallow":
            self._shallow.add(oid_of(rest))
        elif verb == "deepen":
            self._depth = _number(verb, rest)
        elif verb == "deepen-since":
            self._since = _number(verb, rest)
        elif verb == "deepen-not":
            self._excluded.append(rest)
        elif verb == "filter":
            if self._filter is not None:
                raise InvalidInput("there is more than one filter")
            self._filter = parse_filter(rest)
        else:
            return False
        return True

    def wish(self, words: Iterable[str]) -> Wish:
        """All that was taken, with what these words choose."""
        chosen = set(words)
        by_walk = self._since is not None or bool(self._excluded)
        if self._depth is not None and by_walk:
            raise InvalidInput("deepen and deepen-since (or deepen-not) cannot be used together")
        if len(self._excluded) > EXCLUDED_MAX:
            raise InvalidInput(f"deepen-not names more than {EXCLUDED_MAX} refs")
        deepening = None
        if self._depth is not None or by_walk:
            relative = "deepen-relative" in chosen
            deepening = Deepening(self._depth, self._since, tuple(dict.fromkeys(self._excluded)), relative)
        return Wish(
            tuple(self._wants),
            tuple(self._want_refs),
            frozenset(self._shallow),
            deepening,
            self._filter,
            thin="thin-pack" in chosen,
            ofs_delta="ofs-delta" in chosen,
            include_tag="include-tag" in chosen,
            progress="no-progress" not in chosen,
        )


def oid_of(text: str) -> str:
    """An object's name as a client must write it."""
    if not is_oid(text):
        raise InvalidInput("an object is named by 40 hexadecimal digits")
    return text


def _number(verb: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _NUMBER_DIGITS_MAX and int(text) > 0):
        raise InvalidInput(f"{verb} takes a number above zero, not {text[:40]!r}")
    return int(text)
