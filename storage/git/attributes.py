"""What the `.gitattributes` files of a tree say about its paths; git's rules, with a bound on what strangers write.

Patterns are matched component by component and, inside one, without going back, so that no pattern is slow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, final

from dulwich.wildmatch import MalformedPattern, translate

from domain.errors import TooLarge
from storage.git.objects import BLOB
from storage.git.read_limits import ATTRIBUTE_RULES_MAX, ATTRIBUTES_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from storage.git.objects import Objects
    from storage.git.trees import Entry

FILE: Final = b".gitattributes"
Value = bool | bytes | None
"""Set, unset or a text; None where a line takes back what others said."""

_STAR: Final = b"[^/]*"
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"[ \t\r]*')
_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)")
_PLAIN_ESCAPES: Final = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}
_MACRO: Final = b"[attr]"
_BINARY: Final[dict[bytes, Value]] = {b"binary": True, b"diff": False, b"merge": False, b"text": False}

Segment = re.Pattern[bytes] | None
"""One component of a path; None for any number of them."""


class Rule(NamedTuple):
    """A line: which paths below its folder it is about, and what it says."""

    depth: int
    """How many folders down the file stands."""
    segments: tuple[Segment, ...]
    base_name: bool
    """Of the last component of a path only, at any depth."""
    folders_only: bool
    says: tuple[tuple[bytes, Value], ...]

    def matches(self, parts: Sequence[bytes], *, folder: bool) -> bool:
        if self.folders_only and not folder:
            return False
        if self.base_name:
            segment = self.segments[0]
            return segment is None or segment.fullmatch(parts[-1]) is not None
        return _matches(parts[self.depth :], self.segments)


@final
class Attributes:
    """The rules that hold in one folder; `below` makes those of a folder in it."""

    def __init__(
        self, objects: Objects, rules: tuple[Rule, ...] = (), macros: Mapping[bytes, dict[bytes, Value]] | None = None
    ) -> None:
        self._objects = objects
        self._rules = rules
        self._macros = macros or {b"binary": _BINARY}

    def below(self, entries: Mapping[bytes, Entry], depth: int) -> Attributes:
        """With the rules of the file in the folder that has these entries, `depth` folders down."""
        entry = entries.get(FILE)
        if entry is None or not entry.is_file:
            return self
        if self._objects.sizes((entry.oid,))[entry.oid] > ATTRIBUTES_BYTES_MAX:
            raise TooLarge(f"a {FILE.decode()} has more than {ATTRIBUTES_BYTES_MAX:,} bytes")
        macros = dict(self._macros)
        rules = [*self._rules, *_rules(self._objects.typed(entry.oid, BLOB), depth, macros)]
        if len(rules) > ATTRIBUTE_RULES_MAX:
            raise TooLarge(f"more than {ATTRIBUTE_RULES_MAX:,} lines of {FILE.decode()} hold in one folder")
        return Attributes(self._objects, tuple(rules), macros)

    def of(self, parts: Sequence[bytes], *, folder: bool = False) -> dict[bytes, Value]:
        """What they say about a path, given in components; the last that says something about an attribute counts."""
        found: dict[bytes, Value] = {}
        for rule in self._rules:
            if rule.matches(parts, folder=folder):
                found.update(rule.says)
        return found


def _rules(data: bytes, depth: int, macros: dict[bytes, dict[bytes, Value]]) -> Iterator[Rule]:
    for raw in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        line = raw.strip(b" \t\r")
        if not line or line.startswith(b"#"):
            continue
        quoted = _QUOTED.match(line)
        if quoted is not None:
            pattern, words = _ESCAPE.sub(_unescaped, quoted[1]), line[quoted.end() :].split()
        else:
            pattern, *words = line.split()
        if pattern.startswith(_MACRO) and quoted is None:
            if depth == 0:
                macros[pattern.removeprefix(_MACRO)] = {
                    pattern.removeprefix(_MACRO): True,
                    **dict(_said(words, macros)),
                }
            continue
        says = tuple(_said(words, macros))
        if says and not pattern.startswith(b"!") and (rule := _rule(pattern, depth, says)) is not None:
            yield rule


def _said(words: Iterable[bytes], macros: Mapping[bytes, dict[bytes, Value]]) -> Iterator[tuple[bytes, Value]]:
    for word in words:
        if word.startswith(b"-"):
            yield word[1:], False
        elif word.startswith(b"!"):
            yield word[1:], None
        elif b"=" in word:
            name, _, value = word.partition(b"=")
            yield name, value
        elif word in macros:
            yield from macros[word].items()
        else:
            yield word, True


def _rule(pattern: bytes, depth: int, says: tuple[tuple[bytes, Value], ...]) -> Rule | None:
    """None for a pattern that git gives up on."""
    folders_only = pattern.endswith(b"/")
    pattern = pattern[:-1] if folders_only else pattern
    base_name = b"/" not in pattern
    names = pattern.removeprefix(b"/").split(b"/")
    try:
        segments = [None if name == b"**" else _segment(name) for name in names]
    except MalformedPattern:
        return None
    if segments[-1] is None and not base_name:
        segments[-1:] = [_segment(b"*"), None]  # what is in a folder, and not the folder
    return Rule(depth, tuple(segments), base_name, folders_only, says)


def _segment(name: bytes) -> re.Pattern[bytes]:
    first, *pieces = translate(name).split(_STAR)
    if not pieces:
        return re.compile(first, re.DOTALL)
    # The first place where a piece fits is as good as any later one, so none is tried again.
    middle = b"".join(b"(?>%b?%b)" % (_STAR, piece) for piece in pieces[:-1])
    return re.compile(first + middle + _STAR + pieces[-1], re.DOTALL)


def _matches(parts: Sequence[bytes], segments: Sequence[Segment]) -> bool:
    at = which = 0
    resume: tuple[int, int] | None = None
    while at < len(parts):
        segment = segments[which] if which < len(segments) else None
        if which < len(segments) and segment is None:
            which += 1
            resume = (at, which)
        elif segment is not None and segment.fullmatch(parts[at]):
            at, which = at + 1, which + 1
        elif resume is not None:
            resume = (resume[0] + 1, resume[1])
            at, which = resume
        else:
            return False
    return all(segment is None for segment in segments[which:])


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes((int(code, 8) & 0xFF,))
    return bytes((_PLAIN_ESCAPES[code],)) if code in _PLAIN_ESCAPES else code
