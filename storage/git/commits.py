"""Commit objects as values. Odd ones from old histories come out as well as they can be read."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from domain.ports_git import CommitInfo
from storage.git.read_limits import PERSON_BYTES_MAX

_PERSON = re.compile(rb"(.*?)\s*<([^>\n]*)>\s*(-?\d+)?(?:\s+([+-])(\d\d)(\d\d))?.*", re.DOTALL)
_ENCODINGS = ("utf-8", "ascii", "iso8859", "cp", "koi8", "mac", "euc", "shift_jis", "iso2022", "gb", "big5")
"""What people wrote in; Python knows codecs besides that are slow on purpose or make text JSON cannot hold."""

_TIME_MAX = 2**53
"""What a JSON number holds exactly; no commit is honestly that late."""


class Meta(NamedTuple):
    """What walking history needs to know of a commit."""

    time: int
    tree: bytes
    parents: tuple[bytes, ...]


def meta(data: bytes) -> Meta:
    """The walking part of a raw commit, without decoding the rest."""
    tree, at, parents = data[5:45], 46, list[bytes]()
    while data.startswith(b"parent ", at):
        parents.append(data[at + 7 : at + 47])
        at += 48
    start = data.find(b"committer ", at)
    line = data[start : data.find(b"\n", start)]
    time = line[line.rfind(b">") + 1 :].split()[:1]
    return Meta(min(int(time[0]), _TIME_MAX) if time and time[0].isdigit() else 0, tree, tuple(parents))


def parsed(oid: bytes, data: bytes, *, message_bytes_max: int | None = None) -> CommitInfo:
    """A commit, text decoded by its `encoding` header, else as UTF-8; of its message no more than is asked for."""
    head, _, message = data.partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        fields.setdefault(name, value)
    encoding = fields.get(b"encoding", b"utf-8").decode("ascii", "replace")
    walking = meta(data)
    cut = message_bytes_max is not None and len(message) > message_bytes_max
    author = _person(fields.get(b"author", b""), encoding)
    committer = _person(fields.get(b"committer", b""), encoding)
    return CommitInfo(
        oid=oid.decode(),
        tree=walking.tree.decode(),
        parents=tuple(parent.decode() for parent in walking.parents),
        message=_cut(message[:message_bytes_max], encoding) if cut else _text(message, encoding),
        author_name=author[0],
        author_email=author[1],
        author_time=author[2],
        author_offset_min=author[3],
        committer_name=committer[0],
        committer_email=committer[1],
        committer_time=committer[2],
        committer_offset_min=committer[3],
        message_cut=cut,
    )


def _cut(message: bytes, encoding: str) -> str:
    """The beginning of a message, to the end of a line where it has any: no letter is cut in two."""
    lines = message.rpartition(b"\n")[0]
    return _text(lines, encoding) if lines else message.decode("utf-8", "replace").rstrip("\ufffd")


def _person(line: bytes, encoding: str) -> tuple[str, str, int, int]:
    if len(line) > PERSON_BYTES_MAX:
        return _text(line[:PERSON_BYTES_MAX], encoding), "", 0, 0
    match = _PERSON.fullmatch(line)
    if match is None:
        return _text(line, encoding), "", 0, 0
    name, email, time, sign, hours, minutes = match.groups()
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == b"-" else 1) if sign else 0
    when = max(-_TIME_MAX, min(int(time), _TIME_MAX)) if time and len(time) < 20 else 0
    return _text(name, encoding), _text(email, encoding), when, offset


def _text(raw: bytes, encoding: str) -> str:
    try:
        if codecs.lookup(encoding).name.startswith(_ENCODINGS):
            return raw.decode(encoding)
    except (LookupError, ValueError):
        pass
    return raw.decode("utf-8", "replace")
