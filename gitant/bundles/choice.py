"""Which streams a bundle is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from domain.errors import Forbidden, NotFound
from domain.identity.created import KIND as IDENTITY_CREATED
from domain.ids import StreamId
from projections.queries import repos

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


@final
@dataclass(frozen=True, slots=True)
class Chosen:
    """One stream; `name` is what a repository is called."""

    stream: StreamId
    repository: bool
    private: bool = False
    deleted: bool = False
    name: str = ""


def chosen(views: sqlite3.Connection, selectors: Sequence[str], *, private: bool) -> list[Chosen]:
    """The repositories that are named (none: all), and the identities of who acts in them.

    Without `private`, one that is private and named is `Forbidden`; of all, those are left out.
    """
    found = [_named(views, selector) for selector in selectors] if selectors else _all(views)
    if not private:
        if selectors and (hidden := [each.name for each in found if each.private]):
            raise Forbidden(
                f"{', '.join(hidden)}: not everybody may read this, and whoever holds a bundle can",
                hint="if that is meant to be, say so: --private",
            )
        found = [each for each in found if not each.private]
    return [*found, *_people(views, found if selectors else None, {each.stream for each in found})]


def left_out(views: sqlite3.Connection) -> int:
    """How many private repositories there are, which a bundle of all leaves out."""
    return int(views.execute("SELECT count(*) FROM repos WHERE private=1").fetchone()[0])


def _named(views: sqlite3.Connection, selector: str) -> Chosen:
    row = repos.repo(views, selector.replace("/", "~"))
    if row is None:
        raise NotFound(f"there is no repository {selector} here, or several of that name", hint="name it by its id")
    (deleted,) = views.execute("SELECT deleted FROM repos WHERE stream=?", (row.id,)).fetchone()
    return Chosen(row.id, True, row.private, bool(deleted), row.name)


def _all(views: sqlite3.Connection) -> list[Chosen]:
    rows = views.execute("SELECT stream, private, deleted, name FROM repos").fetchall()
    return [Chosen(StreamId(row[0]), True, bool(row[1]), bool(row[2]), row[3]) for row in rows]


def _people(views: sqlite3.Connection, within: Sequence[Chosen] | None, but: set[StreamId]) -> list[Chosen]:
    """The identity streams of all who act in some streams; in any (None), all that are here."""
    if within is None:
        rows = views.execute("SELECT stream FROM streams WHERE kind=?", (IDENTITY_CREATED.name,)).fetchall()
        return [Chosen(StreamId(row[0]), repository=False) for row in rows]
    names: set[str] = set()
    for each in within:
        rows = views.execute("SELECT DISTINCT principal FROM branches WHERE stream=?", (each.stream,)).fetchall()
        names.update(row[0] for row in rows)
        roots = views.execute("SELECT roots FROM streams WHERE stream=?", (each.stream,)).fetchone()
        names.update(roots[0].split())
    found: set[StreamId] = set()
    for name in sorted(names):
        rows = views.execute("SELECT stream FROM identities WHERE did=?", (name,)).fetchall()
        found.update(StreamId(row[0]) for row in rows)
    return [Chosen(stream, repository=False) for stream in found - but]
