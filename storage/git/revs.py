"""What a rev names. No shorthand, no `~`, no `@{}`: what a URL says must mean one thing for ever."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.errors import NotFound
from storage.git.names import shown
from storage.git.objects import COMMIT, TAG, TYPES
from storage.git.read_limits import BEGINNINGS_MAX, COMMIT_BYTES_MAX, TAG_DEPTH_MAX

if TYPE_CHECKING:
    from storage.git.objects import Objects

_SHORT = re.compile(r"[0-9a-fA-F]{7,40}")
_OID = re.compile(r"[0-9a-fA-F]{40}")
_HINT = "a rev is a branch, a tag, a full ref such as refs/heads/main, HEAD, or a commit's 40 hexadecimal digits"


def resolve(objects: Objects, rev: str) -> bytes:
    """The commit `rev` names, tags peeled. An oid is never a branch's name; a branch wins over a tag."""
    if is_oid(rev):
        return peeled(objects, rev.lower().encode(), rev, asked=True)
    return peeled(objects, _named(objects, rev), rev)


def abbreviated(objects: Objects, digits: str, limit: int) -> list[str]:
    """The commits whose names begin with `digits`; nothing for what are no digits, or too few to mean one thing."""
    if not _SHORT.fullmatch(digits):
        return []
    found: list[str] = []
    for oid in objects.beginning(digits.lower().encode(), BEGINNINGS_MAX):
        if objects.size(oid) <= COMMIT_BYTES_MAX and objects.raw(oid)[0] == COMMIT:
            found.append(oid.decode())
            if len(found) == limit:
                break
    return found


def peeled(objects: Objects, oid: bytes, rev: str, *, asked: bool = False) -> bytes:
    """The commit behind an object, through however many tags; one that is only `asked` for may not be here."""
    for depth in range(TAG_DEPTH_MAX):
        kind, data = objects.raw(oid) if asked and depth == 0 else objects.linked(oid)
        if kind == COMMIT:
            return oid
        if kind != TAG or not data.startswith(b"object "):
            raise NotFound(f"{rev} names a {TYPES.get(kind, 'strange object')}, not a commit", hint=_HINT)
        oid = data[7:47]
    raise NotFound(f"{rev} is a tag of a tag of a tag, more than {TAG_DEPTH_MAX} deep")


def is_oid(text: str) -> bool:
    """Whether `text` has the form of an object id."""
    return _OID.fullmatch(text) is not None


def _named(objects: Objects, rev: str) -> bytes:
    try:
        name = rev.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        name = b""
    if name == b"HEAD" or name.startswith(b"refs/"):
        found = objects.ref(name)
    else:
        found = objects.ref(b"refs/heads/" + name) or objects.ref(b"refs/tags/" + name)
    if found is not None:
        return found
    if name == b"HEAD":
        raise NotFound(f"HEAD points to {shown(objects.head())}, which has no commits yet", hint="push to it first")
    raise NotFound(f"there is no branch, tag or commit {rev!r} in this repository", hint=_HINT)
