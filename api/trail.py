"""The audit as one list: acts of authority from the log, and among them what this node noted of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from api.acts import shown
from api.people import rfc3339
from api.threads import in_thread
from domain.audit import AuditRow, EntryFilter
from domain.audit_words import entry_words
from domain.errors import InvalidInput
from domain.kinds import KINDS
from domain.scopes import USER_READ, may
from domain.sight import sees_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.asking import Asking
    from domain.audit import Journal
    from domain.ids import Did
    from domain.ports_authority import ActRow, AuditFilter

    Row = ActRow | AuditRow

ACTS: Final = tuple(sorted(kind.name for kind in KINDS.values() if kind.deed is not None))
"""The kinds that the log's half of the list has."""
_DONE: Final = "-"
"""In a cursor: there are no more of these."""
_TOP: Final = 2**62


class Place(NamedTuple):
    """Up to where a list was read: a cursor among the acts (None for the beginning), a place among the entries."""

    acts: str | None = None
    entries: tuple[int, int] | None = None

    def cursor(self) -> str:
        """As clients carry it."""
        position, seq = self.entries or (_TOP, _TOP)
        return f"{self.acts or ''}~{position:x}.{seq:x}"


class Piece(NamedTuple):
    """A page: documents, where the next one begins (None at the end), how many there are in all."""

    docs: list[dict[str, Any]]
    following: str | None
    total: int


def place_of(cursor: str | None) -> Place:
    """What a cursor says; raises `InvalidInput`."""
    if cursor is None:
        return Place()
    acts, tilde, entries = cursor.partition("~")
    position, dot, seq = entries.partition(".")
    try:
        place = (int(position, 16), int(seq, 16))
    except ValueError:
        place = (-1, -1)
    if not (tilde and dot and min(place) >= 0 and max(place) <= _TOP):
        raise InvalidInput("the page cursor is malformed", hint="take it from the Link header", field="after")
    return Place(acts or None, place)


def entries_for(asking: Asking, which: AuditFilter) -> EntryFilter | None:
    """Which entries somebody may see, of those they ask for: the operator all, others what they did; None for none."""
    actor = asking.actor
    about: Did | None = which.actor
    if asking.ports.journal is None or which.stream is not None or which.verdict:
        return None
    if not sees_all(actor):
        if actor.did is None or not may(actor, USER_READ) or actor.repos is not None or about not in {None, actor.did}:
            return None
        about = actor.did
    return EntryFilter(about, which.kind, which.since_ms, which.until_ms, without=ACTS)


async def piece(asking: Asking, which: AuditFilter | None, own: EntryFilter | None, place: Place, limit: int) -> Piece:
    """One page, the latest here first. Without `which` no acts, without `own` no entries."""
    acts, following, total = _acts(asking, which, place, limit)
    entries, count = await _entries(asking, own, place, limit)
    both: list[Row] = [*acts, *entries]
    merged = sorted(both, key=_rank, reverse=True)[:limit]
    shown_acts = [each for each in merged if not isinstance(each, AuditRow)]
    shown_rows = [each for each in merged if isinstance(each, AuditRow)]
    acts_left = len(shown_acts) < len(acts) or following is not None
    rows_left = len(shown_rows) < len(entries)
    after = _DONE if not acts_left else following if len(shown_acts) == len(acts) else place.acts
    if which is not None and 0 < len(shown_acts) < len(acts):
        # Where a list goes on is the views' to say, and they say it of the end of what was asked for.
        after = asking.ports.views.audit(asking.actor, which, after=place.acts, limit=len(shown_acts))[1]
    behind = Place(after, _rank(shown_rows[-1]) if shown_rows else place.entries)
    of_acts = dict(zip([act.id for act in shown_acts], await with_doors(asking, shown_acts), strict=True))
    docs = [entry_doc(each) if isinstance(each, AuditRow) else {**of_acts[each.id], "source": "log"} for each in merged]
    return Piece(docs, behind.cursor() if acts_left or rows_left else None, total + count)


def _rank(row: Row) -> tuple[int, int]:
    """Entries that were noted when the log was somewhere come behind the act that is there."""
    return (row.entry.position, row.seq) if isinstance(row, AuditRow) else (row.position, 0)


def _acts(
    asking: Asking, which: AuditFilter | None, place: Place, limit: int
) -> tuple[Sequence[ActRow], str | None, int]:
    if which is None:
        return (), None, 0
    views = asking.ports.views
    if place.acts == _DONE:
        return (), None, views.audit(asking.actor, which, limit=1)[2]
    return views.audit(asking.actor, which, after=place.acts, limit=limit)


async def _entries(asking: Asking, own: EntryFilter | None, place: Place, limit: int) -> tuple[Sequence[AuditRow], int]:
    """One more than are wanted, to know whether there are more."""
    journal = asking.ports.journal
    if own is None or journal is None:
        return (), 0
    found = await in_thread(journal.page, own, before=place.entries, limit=limit + 1)
    return found, await in_thread(journal.count, own)


async def with_doors(asking: Asking, acts: Sequence[ActRow]) -> list[dict[str, Any]]:
    """Acts as they are shown; to the operator also by which door and with what their writers came in here."""
    docs = [{**doc, "source": "log"} for doc in shown(asking, acts)]
    journal: Journal | None = asking.ports.journal
    if journal is None or not acts or not sees_all(asking.actor):
        return docs
    known = await in_thread(journal.of_events, [act.id for act in acts])
    for act, doc in zip(acts, docs, strict=True):
        if act.id in known:
            doc["door"], doc["credential"] = known[act.id].door, known[act.id].credential
    return docs


def entry_doc(row: AuditRow) -> dict[str, Any]:
    """An entry as it is shown."""
    entry = row.entry
    return {
        "id": f"node.{row.seq}",
        "kind": entry.act,
        "time": rfc3339(row.time_ms),
        "author": entry.actor,
        "words": entry_words(entry),
        "door": entry.door,
        "credential": entry.credential,
        "address": entry.address,
        "target": entry.target,
        "event": None if entry.event is None else entry.event.hex(),
        "count": entry.count,
        "hash": row.hash.hex(),
        "source": "node",
    }
