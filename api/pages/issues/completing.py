"""What somebody who types `@` or `#` may mean: people who have to do with the repository, and its issues."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter

from api.asking import Asking
from api.pages.forms import check_person
from api.pages.place import Name, Owner, repo_at
from api.reply import Reply, encode_json
from api.threads import in_thread
from domain.ids import Did
from domain.issue.search import Query, Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.ports_views import RepoRow

OFFERED_MAX: Final = 8
_LOOKED_AT_MAX: Final = 100
_TITLE_CHARS_MAX: Final = 100
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")
_WORDS: Final = re.compile(r"[^\W_]+")
Begun = Annotated[
    str, QueryParameter(name="q", description="`@` or `#`, and what is typed behind it.", min_length=1, max_length=60)
]


class Offer(msgspec.Struct):
    """What would be put in, and what it is called."""

    insert: str
    label: str


@get("/{owner:str}/{name:str}/completions")
async def complete(request: Asking, owner: Owner, name: Name, q: Begun) -> Reply:
    """The first few things that may be meant."""
    row = repo_at(request, owner, name)
    check_person(request)
    find = _people if q.startswith("@") else _issues
    offers = await in_thread(lambda: list(islice(find(request, row, q[1:]), OFFERED_MAX)))
    return Reply(encode_json(offers), headers=[(b"cache-control", b"no-store")])


class _Member(msgspec.Struct):
    did: Did


class _Issue(msgspec.Struct):
    number: int
    title: str
    author: Did
    assignees: list[Did]


def _people(request: Asking, row: RepoRow, begun: str) -> Iterator[Offer]:
    """By name: who has a role, then who opened or has issues, the newest first; and who is called just that."""
    views, begun = request.ports.views, begun.lower()
    members = (msgspec.json.decode(doc, type=_Member).did for doc in views.members(row.id, limit=_LOOKED_AT_MAX)[0])
    named = views.principal(begun) if begun and not begun.startswith("did:") else None
    seen = set[str]()
    for did in [*([named] if named else []), *row.readers, *members, *_active(request, row)]:
        name = views.name_of(did)
        if name is not None and name.lower().startswith(begun) and name not in seen:
            seen.add(name)
            yield Offer(f"@{name}", name)


def _active(request: Asking, row: RepoRow) -> Iterator[Did]:
    for doc in request.ports.views.issues(row.id, Query((Term("all", "state"),)), limit=_LOOKED_AT_MAX).docs:
        issue = msgspec.json.decode(doc, type=_Issue)
        yield issue.author
        yield from issue.assignees


def _issues(request: Asking, row: RepoRow, begun: str) -> Iterator[Offer]:
    """The one of that number, then those whose titles have the words; the newest where nothing is typed yet."""
    views, every = request.ports.views, Term("all", "state")
    wanted = [Query((every, Term(begun, "number")))] if _NUMBER.fullmatch(begun) else []
    words = [Term(word, "") for word in _WORDS.findall(begun)]
    wanted.append(Query((every, Term("title", "in"), *words)) if words else Query((every,)))
    seen = set[int]()
    for query in wanted:
        for doc in views.issues(row.id, query, limit=OFFERED_MAX).docs:
            issue = msgspec.json.decode(doc, type=_Issue)
            if issue.number not in seen:
                seen.add(issue.number)
                yield Offer(f"#{issue.number}", f"#{issue.number} {issue.title[:_TITLE_CHARS_MAX]}")
