"""Atom (RFC 4287): what happened in a repository or by somebody, new issues, new commits."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import msgspec
from litestar import get
from litestar.params import QueryParameter

from api.asking import Asking
from api.pages.markdown import Place, rendered
from api.pages.page import see
from api.pages.place import Name, Owner, repo_at, url_of
from api.pages.templating import seg
from api.remembered import Rendered
from api.reply import Reply, send
from api.reply import rendered as tagged
from api.threads import in_thread
from domain.errors import NotFound
from domain.issue.search import parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterable

    from litestar.types import ControllerRouterHandler

    from domain.ports_git import CommitInfo
    from domain.ports_views import RepoRow

KIND: Final = b"application/atom+xml; charset=utf-8"
ENTRIES_MAX: Final = 30
CONTENT_CHARS_MAX: Final = 20_000
TITLE_CHARS_MAX: Final = 200
FEED: Final = ".atom"
OTHER: Final = ".rss"
"""What other forges have at the same address; readers take Atom as well."""
_EMPTY: Final = "1970-01-01T00:00:00Z"
_ILLEGAL: Final = re.compile("[^\t\n\r\\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say."""
Ref = Annotated[str, QueryParameter(description="A branch, a tag or a commit.", max_length=255)]


class Person(NamedTuple):
    """Who wrote something; `url` is empty for who has no page here."""

    name: str
    url: str = ""


class Entry(NamedTuple):
    """One thing that happened; `html` is what there is to read of it, empty where its title says all."""

    id: str
    title: str
    url: str
    updated: str
    author: Person
    html: str = ""


class Feed(NamedTuple):
    """Entries, newest first, of the page at `url`."""

    id: str
    title: str
    url: str
    updated: str
    entries: list[Entry]


@get("/{owner:str}/{name:str}/events.atom")
async def show_events(request: Asking, owner: Owner, name: Name) -> Reply:
    """What happened in a repository."""
    row = repo_at(request, owner, name)
    return await _kept(request, partial(_events, request, row))


@get("/{owner:str}/{name:str}/issues.atom")
async def show_issues(request: Asking, owner: Owner, name: Name) -> Reply:
    """Issues as they are opened."""
    row = repo_at(request, owner, name)
    return await _kept(request, partial(_issues, request, row))


@get("/{owner:str}/{name:str}/commits.atom")
async def show_commits(request: Asking, owner: Owner, name: Name, ref: Ref = "") -> Reply:
    """Commits of the default branch, or of another ref."""
    row = repo_at(request, owner, name)
    return await _kept(request, partial(_commits, request, row, ref), request.ports.git.mark(row.id))


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_events, show_issues, show_commits)


def is_feed(name: str) -> bool:
    """Whether the end of an address asks for a feed of what stands before it."""
    return name.endswith((FEED, OTHER))


async def feed_of_person(request: Asking, name: str) -> Reply:
    """`/kay.atom`: what somebody did where whoever asks may look. `/kay.rss` leads there."""
    if name.endswith(OTHER):
        return see(f"/{name.removesuffix(OTHER)}{FEED}")
    return await _kept(request, partial(_person, request, name.removesuffix(FEED)))


async def feed_of_repository(request: Asking, owner: str, name: str) -> Reply:
    """`/kay/vault.atom` and `.rss` lead to what happened in it."""
    row = repo_at(request, owner, name.removesuffix(FEED).removesuffix(OTHER))
    return see(f"{url_of(row)}/events{FEED}")


async def _kept(request: Asking, make: Callable[[], Awaitable[Feed]], refs: Hashable = None) -> Reply:
    """A feed, made once for each state of the log, and of the `refs` that it reads, and each asker."""
    key = ("feed", request.scope["path"], request.scope["query_string"], request.base_url, request.actor, refs)
    kept = request.remembered.get(key)
    if not isinstance(kept, Rendered):
        position = request.remembered.position
        feed = await make()
        kept = tagged(written(feed, request.base_url, _own_url(request)))
        if feed.entries:  # objects may come without a word in the log, and an empty feed is made in no time
            request.remembered.keep(key, kept, position)
    return send(request, kept, kind=KIND)


def _own_url(request: Asking) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return seg(request.scope["path"]) + (f"?{query}" if query else "")


def written(feed: Feed, base: str, own: str) -> bytes:
    """The document; `base` goes before every address, `own` is the feed's."""
    entries = "".join(_entry(each, base) for each in feed.entries)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"{_tag('id', feed.id)}{_tag('title', feed.title)}{_tag('updated', feed.updated)}"
        f'<link rel="self" type="application/atom+xml" href={_attribute(base + own)}/>'
        f'<link rel="alternate" type="text/html" href={_attribute(base + feed.url)}/>'
        f"<generator>Gitant</generator>{entries}</feed>\n"
    ).encode()


def _entry(entry: Entry, base: str) -> str:
    uri = _tag("uri", base + entry.author.url) if entry.author.url else ""
    content = f'<content type="html">{_text(entry.html)}</content>' if entry.html else ""
    return (
        f"<entry>{_tag('id', entry.id)}{_tag('title', entry.title[:TITLE_CHARS_MAX] or '-')}"
        f"{_tag('updated', entry.updated)}<author>{_tag('name', entry.author.name or '-')}{uri}</author>"
        f'<link rel="alternate" type="text/html" href={_attribute(base + entry.url)}/>{content}</entry>\n'
    )


def _tag(name: str, text: str) -> str:
    return f"<{name}>{_text(text)}</{name}>"


def _text(text: str) -> str:
    return escape(_ILLEGAL.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_ILLEGAL.sub("\ufffd", text))


async def _events(request: Asking, row: RepoRow) -> Feed:
    docs = request.ports.views.lately(row.id, limit=ENTRIES_MAX)
    doc: dict[str, Any] = msgspec.json.decode(row.doc)
    entries = [_happening(request, msgspec.json.decode(each)) for each in docs]
    return _feed(f"{_id(row)}/events", f"{_full(row)}: activity", f"{url_of(row)}/events", doc["created_at"], entries)


async def _person(request: Asking, name: str) -> Feed:
    views = request.ports.views
    did = views.principal(name)
    if did is None or (views.identity(did) is None and views.name_of(did) is None):
        raise NotFound(f"nobody here is called {name[:60]!r}", hint="name them as their page does")
    page = views.activity(request.actor, author=did, limit=ENTRIES_MAX)
    called = views.name_of(did) or did
    entries = [_happening(request, msgspec.json.decode(each)) for each in page.docs]
    return _feed(did, f"{called}: activity", f"/{seg(called)}", _EMPTY, entries)


async def _issues(request: Asking, row: RepoRow) -> Feed:
    page = request.ports.views.issues(row.id, parse("sort:created-desc"), me=request.actor.did, limit=ENTRIES_MAX)
    doc: dict[str, Any] = msgspec.json.decode(row.doc)
    entries = await in_thread(_opened, request, row, [msgspec.json.decode(each) for each in page.docs])
    return _feed(f"{_id(row)}/issues", f"{_full(row)}: issues", f"{url_of(row)}/issues", doc["created_at"], entries)


async def _commits(request: Asking, row: RepoRow, ref: str) -> Feed:
    doc: dict[str, Any] = msgspec.json.decode(row.doc)
    name = ref or row.default_branch
    commits = await in_thread(_history, request, row, ref)
    entries = [_commit(row, each) for each in commits]
    # What another ref names is another feed.
    url = f"{url_of(row)}/commits"
    return _feed(f"{_id(row)}/commits/{seg(name)}", f"{_full(row)}: commits of {name}", url, doc["created_at"], entries)


def _history(request: Asking, row: RepoRow, ref: str) -> list[CommitInfo]:
    git = request.ports.git
    try:
        tip = git.resolve(row.id, ref or "HEAD")
    except NotFound:
        if ref:
            raise
        return []  # nothing was pushed yet
    return git.commits(row.id, tip, limit=ENTRIES_MAX)


def _opened(request: Asking, row: RepoRow, docs: Iterable[dict[str, Any]]) -> list[Entry]:
    """Blocking: Markdown can take a while."""
    place = Place(url_of(row))
    return [
        Entry(
            f"{_id(row)}/issues/{doc['id']}",
            f"#{doc['number']} {doc['title']}",
            f"{url_of(row)}/issues/{doc['number']}",
            doc["created_at"],
            _author(request, doc["author"]),
            str(rendered(doc["body"], place)) if len(doc["body"]) <= CONTENT_CHARS_MAX else "",
        )
        for doc in docs
    ]


def _commit(row: RepoRow, commit: CommitInfo) -> Entry:
    title, _, rest = commit.message.partition("\n")
    html = f"<pre>{escape(rest.strip()[:CONTENT_CHARS_MAX])}</pre>" if rest.strip() else ""
    where = f"{url_of(row)}/commit/{commit.oid}"
    return Entry(
        f"{_id(row)}/commits/{commit.oid}", title, where, _when(commit.committer_time), Person(commit.author_name), html
    )


def _happening(request: Asking, doc: dict[str, Any]) -> Entry:
    stream = f"gitant://{doc['repo']}"
    where = f"/-/events/{doc['id']}"
    return Entry(f"{stream}/events/{doc['id']}", doc["summary"], where, doc["time"], _author(request, doc["author"]))


def _author(request: Asking, did: Any) -> Person:
    name = request.ports.views.name_of(did) or did
    return Person(name, f"/{seg(name)}")


def _feed(name: str, title: str, url: str, otherwise: str, entries: list[Entry]) -> Feed:
    """It is as new as its newest entry, which need not be the first: times are claims."""
    return Feed(name, title, url, max((each.updated for each in entries), default=otherwise), entries)


def _id(row: RepoRow) -> str:
    """A repository has the same one on every node, whatever it is called there."""
    return f"gitant://{row.id.hex()}"


def _full(row: RepoRow) -> str:
    return f"{row.owner}/{row.name}"


def _when(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return _EMPTY
