"""`export-subst`: `$Format:…$` in a file, filled in with what its commit says about itself.

Only what is the same for ever is filled in. Placeholders that depend on the repository's refs, notes or keys (`%d`,
`%D`, `%(describe)`, `%N`, `%G?`) stay as they are written, or an archive's bytes would change with somebody's next tag.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from storage.git import commits
from storage.git.objects import COMMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ports_git import CommitInfo
    from storage.git.objects import Objects

_FORMAT: Final = re.compile(rb"\$Format:([^$]*)\$")
_PLACEHOLDER: Final = re.compile(r"%(?:x[0-9a-fA-F]{2}|[ac][nNeElLdDiIst]|[HhTtPpsbBn%])")
_ABBREVIATED_CHARS: Final = 7
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def substituted(objects: Objects, commit: bytes, data: bytes) -> bytes:
    """`data` with each `$Format:…$` filled in."""
    if b"$Format:" not in data:
        return data
    info = commits.parsed(commit, objects.typed(commit, COMMIT))

    def filled(match: re.Match[bytes]) -> bytes:
        text = match[1].decode("utf-8", "surrogateescape")
        return _PLACEHOLDER.sub(lambda found: _value(info, found[0][1:]), text).encode("utf-8", "surrogateescape")

    return _FORMAT.sub(filled, data)


def _value(info: CommitInfo, name: str) -> str:
    if name.startswith("x"):
        return bytes((int(name[1:], 16),)).decode("utf-8", "surrogateescape")
    if len(name) == 2:
        return _of_person(info, name)
    return _OF_COMMIT[name](info)


def _of_person(info: CommitInfo, name: str) -> str:
    author = name[0] == "a"
    what = name[1]
    email = info.author_email if author else info.committer_email
    if what in "nN":
        return info.author_name if author else info.committer_name
    if what in "eE":
        return email
    if what in "lL":
        return email.partition("@")[0]
    seconds = info.author_time if author else info.committer_time
    return (
        str(seconds)
        if what == "t"
        else _date(seconds, info.author_offset_min if author else info.committer_offset_min, what)
    )


def _date(seconds: int, offset_min: int, style: str) -> str:
    """In one of git's date styles; English whatever the node's language."""
    try:
        when = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset_min)))
    except (OverflowError, ValueError, OSError):
        when = datetime.fromtimestamp(0, timezone.utc)  # noqa: UP017 - beside `timezone(...)`
        offset_min = 0
    zone = f"{'-' if offset_min < 0 else '+'}{abs(offset_min) // 60:02}{abs(offset_min) % 60:02}"
    day, month = _DAYS[when.weekday()], _MONTHS[when.month - 1]
    if style == "s":
        return f"{when:%Y-%m-%d}"
    if style == "i":
        return f"{when:%Y-%m-%d %H:%M:%S} {zone}"
    if style == "I":
        return f"{when:%Y-%m-%dT%H:%M:%S}" + (f"{zone[:3]}:{zone[3:]}" if offset_min else "Z")
    if style == "D":
        return f"{day}, {when.day} {month} {when:%Y %H:%M:%S} {zone}"
    return f"{day} {month} {when.day} {when:%H:%M:%S %Y} {zone}"


def _subject_and_body(message: str) -> tuple[str, str]:
    """The first paragraph on one line, and what follows it."""
    lines = message.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    end = next((at for at in range(first, len(lines)) if not lines[at].strip()), len(lines))
    body = next((at for at in range(end, len(lines)) if lines[at].strip()), len(lines))
    return " ".join(line.rstrip() for line in lines[first:end]), "\n".join(lines[body:])


_OF_COMMIT: Final[dict[str, Callable[[CommitInfo], str]]] = {
    "H": lambda info: info.oid,
    "h": lambda info: info.oid[:_ABBREVIATED_CHARS],
    "T": lambda info: info.tree,
    "t": lambda info: info.tree[:_ABBREVIATED_CHARS],
    "P": lambda info: " ".join(info.parents),
    "p": lambda info: " ".join(parent[:_ABBREVIATED_CHARS] for parent in info.parents),
    "s": lambda info: _subject_and_body(info.message)[0],
    "b": lambda info: _subject_and_body(info.message)[1],
    "B": lambda info: info.message,
    "n": lambda _: "\n",
    "%": lambda _: "%",
}
