"""Feeds events to the fold and what changed to the views, a batch in one transaction.

`apply` folds in memory and notes which entities to show again; `flush` renders those and commits them with the log
position reached. Showing at the end of a batch means that an issue changed fifty times in it is written once.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from domain.attachment.state import AttachmentState
from domain.authority.ancestry import past_of
from domain.authority.roles import Role
from domain.comment.state import CommentState
from domain.fold.kind import State
from domain.follower.state import FollowerState
from domain.identity.state import IdentityState
from domain.ids import EventId, StreamId
from domain.issue.state import IssueState
from domain.label.state import LabelState
from domain.protection.state import ProtectionState
from domain.refs.state import RefState
from domain.replay.engine import Applied, Engine
from domain.repository.state import RepositoryState
from projections.history import EventSource, ViewHistory
from projections.shelf import Shelf
from projections.show import (
    attachment,
    comment,
    follower,
    identity,
    issue,
    label,
    members,
    protection,
    ref,
    repository,
)
from projections.tables import ALARMS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator, Iterator

    from domain.authority.court import Court
    from domain.envelope import Event
    from domain.replay.judge import Judgement
    from domain.verdict import Verdict
    from projections.tips import Tip


class _Shown(NamedTuple):
    document: Callable[[Any, Projector], bytes]
    show: Callable[[Any, bytes, Projector], None]
    hide: Callable[[bytes, Projector], None] | None
    """Takes an entity out of the tables when nothing accepted is left of it; None for what a genesis makes."""


_SHOWN: Final[dict[type[State], _Shown]] = {
    IdentityState: _Shown(identity.document, identity.show, None),
    LabelState: _Shown(label.document, label.show, label.hide),
    IssueState: _Shown(issue.document, issue.show, issue.hide),
    CommentState: _Shown(comment.document, comment.show, comment.hide),
    AttachmentState: _Shown(attachment.document, attachment.show, attachment.hide),
    RefState: _Shown(ref.document, ref.show, ref.hide),
    FollowerState: _Shown(follower.document, follower.show, follower.hide),
    ProtectionState: _Shown(protection.document, protection.show, protection.hide),
    RepositoryState: _Shown(repository.document, repository.show, None),
}
"""By state, in the order of showing: labels before the issues that name them, repositories last for their counts."""

_OPENS_MAX: Final = 50_000
_COUNTS_MAX: Final = 10_000


class Projector:
    """The writing side of the views. One at a time for each database."""

    def __init__(self, connection: sqlite3.Connection, source: EventSource) -> None:
        self.shelf = Shelf(connection)
        self.history = ViewHistory(self.shelf, source)
        self._engine = Engine(self.history)
        self._dirty: dict[bytes, State] = {}
        self._docs: dict[bytes, bytes] = {}
        self._new: set[bytes] = set()
        self._counts: dict[bytes, list[int]] = {}
        self._were_open: dict[bytes, bool] = {}
        self._stars: dict[bytes, int] = {}
        self._gone: dict[bytes, type[State]] = {}
        self._courts: set[StreamId] = set()
        self._readers: dict[bytes, str] = {}
        self.position: int = connection.execute("SELECT value FROM meta WHERE name='position'").fetchone()[0]

    def apply(self, event: Event, position: int) -> Applied:
        """Fold one event that is (or is about to be) in the log at `position`, whose past is here already."""
        assert position == self.position + 1, "events reach the views in log order, none left out"
        self.history.arrive(event, position)
        applied = self._engine.apply(event)
        for key, state in applied.states.items():
            self._dirty[key] = state
            self._docs.pop(key, None)
            self._gone.pop(key, None)
        for key in applied.gone:
            self._dirty.pop(key, None)
            self._docs.pop(key, None)
        self._gone.update(applied.gone)
        if event.id in applied.states:
            self._new.add(event.id)
        self._courts |= applied.courts
        for stream in applied.courts:
            self._readers.pop(stream, None)
        self._note_overturned(event.stream, applied)
        self.position = position
        return applied

    def _note_overturned(self, stream: StreamId, applied: Applied) -> None:
        """Remember what an act of authority undid here, and keep what is void now from being cited."""
        for act, names in applied.overturned.items():
            for name in names:
                self.shelf.put(ALARMS, (act, stream, name))
        for name in applied.rejudged:
            event = self.history.event(name)
            assert event is not None
            if self.history.standing(name) == "void":
                self.history.tips.retract(event, self._counting_past(event))
            else:
                self.history.tips.restore(event)

    def _counting_past(self, event: Event) -> list[Event]:
        """The nearest events before one that are not void."""
        found: list[Event] = []
        waiting, seen = list(past_of(event)), set[EventId]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            each = self.history.event(name)
            assert each is not None
            if self.history.standing(name) == "void":
                waiting += past_of(each)
            else:
                found.append(each)
        return found

    def foresee(self, event: Event) -> Verdict:
        """The verdict `event` would get now; nothing is changed."""
        return self._engine.foresee(event)

    def flush(self) -> None:
        """Show what changed and commit it together with the position."""
        self._hide_gone()
        members.show(self._courts, self)
        self._mark_carriers()
        self._count_issues()
        self._count_stars()
        for sort, shown in _SHOWN.items():
            for key, state in [item for item in self._dirty.items() if type(item[1]) is sort]:
                shown.show(state, self._docs.get(key) or shown.document(state, self), self)
        self.history.tips.save()
        self.shelf.commit(self.position)
        self._clear()
        self.history.settle()

    def abandon(self, position: int) -> None:
        """Forget everything since the last flush: the log did not take it. `position` is the log's last."""
        self.shelf.abandon()
        self._forget(position)

    def _forget(self, position: int) -> None:
        self.history.abandon()
        self._engine.forget()
        self._counts.clear()
        self._were_open.clear()
        self._stars.clear()
        self._readers.clear()
        self._clear()
        self.position = position

    def pass_over(self, position: int) -> None:
        """Up to a log position there is nothing more to apply: what was there has been removed."""
        assert position >= self.position
        self.position = position

    def remove(self, stream: StreamId, position: int) -> None:
        """A stream has been taken out of the log, which ends at `position` now: show nothing of it any more."""
        assert not self._dirty, "what was applied is shown before something is removed"
        self.shelf.remove(stream, position)
        self._forget(position)

    @contextmanager
    def starting_over(self) -> Generator[None]:
        """Within, all of the log is to be applied again, from position 0; readers see nothing of it before the end."""
        with self.shelf.emptied():
            self._forget(0)
            yield

    def state(self, key: bytes) -> State | None:
        """An entity's state, with everything applied so far."""
        return self._engine.state(key)

    def document(self, key: bytes) -> bytes:
        """An entity's document, with everything applied so far; kept for the flush unless it changes again."""
        doc = self._docs.get(key)
        if doc is None:
            state = self._dirty.get(key) or self._engine.state(key)
            assert state is not None, "only what exists is shown"
            doc = _SHOWN[type(state)].document(state, self)
            if key in self._dirty and not isinstance(state, RepositoryState):
                self._docs[key] = doc
        return doc

    def changed(self, sort: type[State]) -> Iterator[State]:
        """The states of one sort that changed since the last flush, which the tables do not show yet."""
        return (state for state in self._dirty.values() if type(state) is sort)

    def court(self, stream: StreamId) -> Court:
        """Who may do what in a stream, with everything applied so far."""
        return self._engine.court(stream)

    def foresee_judgement(self, event: Event) -> Judgement:
        """The verdict `event` would get now, with what it rests on; nothing is changed."""
        return self._engine.foresee_judgement(event)

    def readers(self, stream: bytes) -> str:
        """The dids of those who may read a repository while it is private, with a blank between each two."""
        readers = self._readers.get(stream)
        if readers is None:
            everybody = self.court(StreamId(stream)).everybody()
            readers = " ".join(sorted(did for did, role in everybody.items() if role >= Role.VIEWER))
            self._readers[stream] = readers
        return readers

    def tip(self, stream: StreamId) -> Tip:
        """Where a stream ends, with everything applied so far."""
        return self.history.tips.tip(stream)

    def position_of(self, key: bytes) -> int:
        """The log position of the event that created an entity."""
        return self.history.position(key)

    def is_new(self, key: bytes) -> bool:
        """Whether an entity was created since the last flush, so that it has no rows to replace."""
        return key in self._new

    def issue_counts(self, stream: bytes) -> tuple[int, int]:
        """How many issues of a repository are open, and closed, as of the last flush begun."""
        counts = self._counts_of(stream)
        return counts[0], counts[1]

    def star_count(self, stream: bytes) -> int:
        """How many people gave a repository their star, as of the last flush begun."""
        count = self._stars.get(stream)
        if count is None:
            count = self._stars[stream] = 0 if stream in self._new else self._stars_shown(stream)
        return count

    def _stars_shown(self, stream: bytes) -> int:
        query = "SELECT count(*) FROM followers WHERE stream=? AND starred=1"
        return int(self.shelf.connection.execute(query, (stream,)).fetchone()[0])

    def _count_stars(self) -> None:
        """Bring the counts in step with the people whose star came or went, and show their repositories again."""
        for state in list(self.changed(FollowerState)):
            assert isinstance(state, FollowerState)
            self._count_star(state)

    def _count_star(self, state: FollowerState) -> None:
        row = self.shelf.connection.execute(
            "SELECT starred FROM followers WHERE stream=? AND did=?", (state.stream, state.did)
        ).fetchone()
        change = int(state.stands) - (0 if row is None else int(row[0]))
        if change:
            self._stars[state.stream] = self.star_count(state.stream) + change
            self._mark(state.stream)

    def _mark_carriers(self) -> None:
        """Issues show the names of their labels: show those again whose labels changed."""
        labels = [state.key for state in self.changed(LabelState)]
        if not labels and LabelState not in self._gone.values():
            return
        for state in self.changed(IssueState):
            self._docs.pop(state.key, None)
        for key in labels:
            for carrier in label.issues_with(key, self):
                self._mark(carrier)

    def _hide_gone(self) -> None:
        """Take from the tables what nothing accepted is left of."""
        for key, sort in self._gone.items():
            if sort is IssueState and (was := self._was_open(key)) is not None:
                stream = self.shelf.connection.execute("SELECT stream FROM issues WHERE id=?", (key,)).fetchone()[0]
                self._counts_of(stream)[0 if was else 1] -= 1
                self._were_open.pop(key, None)
                self.mark(stream)
            if sort is FollowerState:
                self._count_star(FollowerState(key))
            if sort is not State:  # or else what made it was gone before
                hide = _SHOWN[sort].hide
                assert hide is not None, "a genesis counts for ever"
                hide(key, self)

    def mark(self, key: bytes) -> None:
        """Show an entity again."""
        self._mark(key)

    def _mark(self, key: bytes) -> None:
        state = self._engine.state(key)
        if state is not None:
            self._dirty[key] = state
            self._docs.pop(key, None)

    def _count_issues(self) -> None:
        """Bring the counts in step with the issues that changed, and show their repositories again."""
        for state in list(self.changed(IssueState)):
            assert isinstance(state, IssueState)
            was = self._was_open(state.key)
            self._were_open[state.key] = state.open
            if was == state.open:
                continue
            counts = self._counts_of(state.stream)
            if was is not None:
                counts[0 if was else 1] -= 1
            counts[0 if state.open else 1] += 1
            self._mark(state.stream)

    def _was_open(self, key: bytes) -> bool | None:
        if key in self._new:
            return None
        if key in self._were_open:
            return self._were_open[key]
        row = self.shelf.connection.execute("SELECT open FROM issues WHERE id=?", (key,)).fetchone()
        return None if row is None else bool(row[0])

    def _counts_of(self, stream: bytes) -> list[int]:
        counts = self._counts.get(stream)
        if counts is None and stream in self._new:
            counts = self._counts[stream] = [0, 0]
        if counts is None:
            rows = self.shelf.connection.execute(
                "SELECT open, count(*) FROM issues WHERE stream=? GROUP BY open", (stream,)
            )
            found = dict(rows.fetchall())
            counts = self._counts[stream] = [found.get(1, 0), found.get(0, 0)]
        return counts

    def _clear(self) -> None:
        self._dirty.clear()
        self._docs.clear()
        self._new.clear()
        self._gone.clear()
        self._courts.clear()
        if len(self._were_open) > _OPENS_MAX:
            self._were_open.clear()
        if len(self._stars) > _COUNTS_MAX:
            self._stars.clear()
