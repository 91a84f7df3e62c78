"""Which people, issues and commits a text names, as its author wrote them; pure text, nothing is looked up.

`@kay`, `#12`, `#12.3f9a` (of several issues with one number), `owner~name#12`, `owner/name#12`, and the 40
digits of a commit. What stands in code, between backquotes or fences, names nothing.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_SEGMENT: Final = r"[A-Za-z0-9._-]{1,64}"
_ISSUE: Final = (
    rf"(?:(?P<owner>{_SEGMENT})[~/](?P<repo>{_SEGMENT}))?"
    r"#(?P<number>[1-9][0-9]{0,9})(?:\.(?P<prefix>[0-9a-f]{4,64}))?(?![\w#])"
)
_APART: Final = r"(?<![\w#@&/~.`-])"
"""A name begins where no other word goes on: not in the middle of an address, a path or a longer name."""
_DID: Final = r"did:key:z[1-9A-HJ-NP-Za-km-z]{40,60}"
PERSON: Final = re.compile(rf"{_APART}@({_DID}|[A-Za-z0-9](?:[A-Za-z0-9._-]{{0,62}}[A-Za-z0-9])?)(?![\w@])")
ISSUES: Final = re.compile(_APART + _ISSUE)
_OID_CHARS: Final = 40
COMMIT: Final = re.compile(r"(?<![0-9A-Za-z_])[0-9a-f]{40}(?![0-9A-Za-z_])")
_CLOSING: Final = re.compile(
    rf"(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b(?:[ \t]{{0,8}}:)?[ \t]{{1,8}}{_ISSUE}", re.IGNORECASE
)
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE: Final = re.compile(r"(?<!`)(`{1,3})[^`\n]+\1")


class IssueName(NamedTuple):
    """An issue as a text names it; no owner and repo for one of the same repository."""

    number: int
    prefix: str = ""
    owner: str = ""
    repo: str = ""


class Names(NamedTuple):
    """What a text names, each once, in the order of the text."""

    people: tuple[str, ...] = ()
    issues: tuple[IssueName, ...] = ()
    commits: tuple[str, ...] = ()


NOTHING: Final = Names()


def names_in(text: str) -> Names:
    """Everything a text in Markdown names."""
    plain = _without_code(text)
    people = dict.fromkeys(found[1] for found in PERSON.finditer(plain)) if "@" in plain else ()
    issues = dict.fromkeys(map(_issue_name, ISSUES.finditer(plain))) if "#" in plain else ()
    # Few texts have a word that long, and to look for one costs a tenth of looking for its digits.
    long = any(len(word) >= _OID_CHARS for word in plain.split())
    commits = dict.fromkeys(COMMIT.findall(plain)) if long else ()
    return Names(tuple(people), tuple(issues), tuple(commits))


def closings_in(message: str) -> tuple[IssueName, ...]:
    """The issues that a commit's message says it closes: `Closes #12`, `fixed: owner~name#3`."""
    return tuple(dict.fromkeys(map(_issue_name, _CLOSING.finditer(message))))


def _issue_name(found: re.Match[str]) -> IssueName:
    return IssueName(int(found["number"]), found["prefix"] or "", found["owner"] or "", found["repo"] or "")


def _without_code(text: str) -> str:
    if "`" not in text and "~~~" not in text:
        return text
    kept: list[str] = []
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif found:
            fence = found[1]
        else:
            kept.append(line)
    return _CODE.sub(" ", "\n".join(kept))
