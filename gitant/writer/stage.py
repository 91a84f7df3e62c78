"""The scene that commands play on: the views' fold, the node's key, and the events of the batch so far."""

from __future__ import annotations

import json
from sys import maxsize
from typing import TYPE_CHECKING, cast, final

from msgspec import structs

from domain.attachment.state import AttachmentState
from domain.authority.ancestry import EVERY_ACT, NO_BRANCH, Branch, Place, covers, enrolment_of, vector
from domain.authority.court import NOBODY_YET
from domain.authority.enrolment import RANK_ROOT, Enrolment, rank_of
from domain.authority.rights import deny
from domain.chain import check_links
from domain.commands.events import OPERATOR_NAME
from domain.commands.scene import HeadChanged, RefsChanged
from domain.commands.standing import charge
from domain.content.redacted import EventRedacted
from domain.envelope import open_event, read_own, seal
from domain.fold.kind import PayloadFault, read_payload, write_payload
from domain.identity.created import IdentityCreated
from domain.identity.state import IdentityState
from domain.ids import EventId
from domain.issue.state import IssueState
from domain.keys import key_of
from domain.kinds import KINDS
from domain.label.state import LabelState
from domain.limits import NONCE_BYTES, PARENTS_MAX, SALT_BYTES
from domain.pen import Pen
from domain.refs.names import folders_of
from domain.refs.state import RefState
from domain.repository.state import RepositoryState
from projections.queries.people import did_of_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping, Sequence

    from domain.actor import Actor
    from domain.authority.rights import Denial, Request
    from domain.authority.roles import Role
    from domain.chain import Link
    from domain.commands.scene import Effect
    from domain.envelope import Event, RawEvent
    from domain.fold.kind import Payload, State
    from domain.ids import Did, StreamId
    from domain.keys import SigningKey
    from domain.moderation.desk import Desk
    from domain.pen import Pens
    from domain.ports_accounts import Names
    from domain.ports_blobs import Blobs
    from domain.ports_git import GitStore
    from domain.replay.engine import Applied
    from domain.replay.judge import Known
    from domain.verdict import Verdict
    from gitant.writer.caution import Caution
    from projections.projector import Projector


@final
class Stage:
    """One batch's scene. `events` and `effects` are what the batch has come to.

    `overturned` says in which stream which act of authority voided how many events that had counted.
    """

    def __init__(
        self,
        projector: Projector,
        key: SigningKey,
        pens: Pens,
        store: GitStore,
        blobs: Blobs,
        now_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        caution: Caution,
        desk: Desk | None = None,
        names: Names | None = None,
    ) -> None:
        self.desk = desk
        self._names = names
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.overturned: list[tuple[StreamId, EventId, int]] = []
        self.vouched: set[EventId] = set()
        self._projector = projector
        self._own = Pen(key, key.did)
        self._pen: Pen | None = self._own
        self._pens = pens
        self._store = store
        self._blobs = blobs
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._caution = caution
        self._numbers: dict[bytes, int] = {}
        self._held: set[tuple[StreamId, str]] = set()
        self._quarantined: dict[str, frozenset[str]] = {}

    @property
    def operator(self) -> Did:
        return self._own.author

    def act_for(self, actor: Actor) -> None:
        """From here on the pen is that of `actor`, if this node keeps one."""
        if actor.operator or actor.did == self._own.author:
            self._pen = self._own
            return
        pen = self._pens.pen(actor.did) if actor.did is not None else None
        self._pen = pen if pen is not None and not self._is_ended(pen) else None

    def _is_ended(self, pen: Pen) -> bool:
        """Whether its author ended the device that the pen is of."""
        if not pen.chain:
            return False
        identity = self.identity(pen.author)
        return identity is not None and identity.is_ended(pen.key.device, rank_of(pen.chain))

    def signs_for(self, did: Did) -> bool:
        return self._pen is not None and self._pen.author == did

    def state(self, key: bytes) -> State | None:
        return self._projector.state(key)

    def document(self, key: bytes) -> bytes:
        return self._projector.document(key)

    def foresee(self, event: Event) -> Verdict:
        return self._projector.foresee(event)

    def known(self, name: EventId) -> Known | None:
        return self._projector.history.known(name)

    def link(self, name: EventId) -> Link | None:
        return self._projector.history.link(name)

    def has(self, event: Event) -> bool:
        return self._projector.history.has(event)

    def event(self, name: EventId) -> Event | None:
        return self._projector.history.event(name)

    def counts(self, stream: StreamId, did: Did) -> bool:
        """As of the last flush."""
        branches = self._connection.execute("SELECT n FROM branches WHERE stream=? AND principal=?", (stream, did))
        counting = "SELECT 1 FROM events WHERE branch=? AND standing='accepted' LIMIT 1"
        return any(self._connection.execute(counting, row).fetchone() is not None for row in branches.fetchall())

    def refolds(self, event: Event) -> int:
        """From the histories of what it touches, as of the last flush."""
        kind = KINDS.get(event.kind)
        if kind is None or event.payload is None:
            return 0
        try:
            touches = kind.touches(event, read_payload(kind, event.payload))
        except PayloadFault:
            return 0
        keys = {touch.key for touch in touches}
        return sum(self._history_of(key) for key in keys if kind.refolds or self._is_late(key, event))

    def _is_late(self, key: bytes, event: Event) -> bool:
        query = "SELECT 1 FROM members WHERE key=? AND (lamport, id) > (?, ?) LIMIT 1"
        return self._connection.execute(query, (key, *event.order)).fetchone() is not None

    def _history_of(self, key: bytes) -> int:
        return int(self._connection.execute("SELECT count(*) FROM members WHERE key=?", (key,)).fetchone()[0])

    def advancing(
        self, repo: StreamId, moves: Collection[tuple[str, str]], quarantine: str | None
    ) -> frozenset[tuple[str, str]]:
        return self._store.advancing(repo, moves, quarantine)

    def denial(self, stream: StreamId, request: Request) -> Denial | None:
        court = self._projector.court(stream)
        # An event written now has every act in its past, and is in the past of no cut.
        place = Place(NO_BRANCH, maxsize, EVERY_ACT)
        pen = self._pen
        if pen is not None and pen.author == request.author:
            branch = Branch(NO_BRANCH, stream, pen.key.device, pen.enrolment(stream))
        else:
            branch = Branch(NO_BRANCH, stream, key_of(request.author), Enrolment(request.author, RANK_ROOT))
        return deny(court, request, branch, place, NOBODY_YET)[1]

    def role(self, stream: StreamId, did: Did) -> Role:
        return self._projector.court(stream).now(did, key_of(did))

    def lifts(self, stream: StreamId, did: Did, level: Role) -> bool:
        return self._projector.court(stream).lifts(did, level)

    def after(self, effect: Effect) -> None:
        self.effects.append(effect)

    def write(self, kind: str, stream: StreamId, entity: bytes, payload: Payload) -> Event:
        """Sign one event on top of everything this node has seen in the stream that is not void."""
        pen = self._held_pen()
        feed = self._projector.tip(stream).feeds.get(pen.key.device)
        cited = self._cited(stream)
        if isinstance(payload, EventRedacted):
            cited = self._cited_with(payload.events, cited, [feed.id] if feed else [])
        fields: dict[str, object] = {
            "kind": kind,
            "stream": stream,
            "entity": entity,
            "seq": feed.seq + 1 if feed else 1,
            "parents": sorted(cited),
            "lamport": 1 + max([*cited.values()] + ([feed.lamport] if feed else [])),
            "time": self._now_ms(),
        }
        if feed is not None:
            fields["prev"] = feed.id
        return self._sealed(fields, payload, pen)

    def _held_pen(self) -> Pen:
        assert self._pen is not None, "commands ask `signs_for` before they write"
        return self._pen

    def begin(self, kind: str, payload: Payload, roots: Sequence[Did]) -> Event:
        """Sign a genesis; the operator's own identity stream begins before the first other one of theirs."""
        own = self._own.author
        if self._pen is self._own and kind != "identity.created.v1" and not self.enrolled(own):
            self._genesis("identity.created.v1", IdentityCreated(name=OPERATOR_NAME), [own])
        return self._genesis(kind, payload, roots)

    def take(self, raw: RawEvent, *, checked: bool = False) -> Event:
        """Check somebody else's event against its past and fold it; one that is here already changes nothing."""
        event = read_own(raw.header, raw.signature, raw.payload) if checked else open_event(raw)
        if not self.has(event):
            check_links(event, self._projector.history.link)
            self._fold(event)
        return event

    def take_checked(self, event: Event) -> Verdict:
        check_links(event, self._projector.history.link)
        return self._fold(event)

    def vouch(self, names: Sequence[EventId]) -> None:
        self.vouched.update(names)

    def next_number(self, stream: StreamId) -> int:
        highest = self._numbers.get(stream)
        if highest is None:
            row = self._connection.execute("SELECT max(number) FROM issues WHERE stream=?", (stream,)).fetchone()
            highest = row[0] or 0
        for state in self._projector.changed(IssueState) if stream not in self._numbers else ():
            if isinstance(state, IssueState) and state.stream == stream:
                highest = max(highest, state.number)
        self._numbers[stream] = highest
        return highest + 1

    def issues_numbered(self, stream: StreamId, number: int) -> Sequence[IssueState]:
        rows = self._connection.execute("SELECT id FROM issues WHERE stream=? AND number=?", (stream, number))
        return [state for state in self._issues(stream, {row[0] for row in rows}) if state.number == number]

    def pinned(self, stream: StreamId) -> Sequence[IssueState]:
        rows = self._connection.execute("SELECT issue FROM pins WHERE stream=?", (stream,))
        return [state for state in self._issues(stream, {row[0] for row in rows}) if state.pinned]

    def _issues(self, stream: StreamId, shown: set[bytes]) -> list[IssueState]:
        """The issues of a repository among those shown and those changed since."""
        keys = shown | {state.key for state in self._projector.changed(IssueState)}
        found = [state for key in keys if isinstance(state := self.state(key), IssueState) and state.stream == stream]
        return sorted(found, key=lambda state: (state.lamport, state.key))

    def labels_named(self, stream: StreamId, name: str) -> Sequence[LabelState]:
        rows = self._connection.execute("SELECT id FROM labels WHERE stream=? AND name=?", (stream, name))
        keys = {row[0] for row in rows} | {state.key for state in self._projector.changed(LabelState)}
        found = [state for key in keys if isinstance(state := self.state(key), LabelState)]
        standing = [
            state for state in found if state.stream == stream and state.name.value == name and not state.deleted
        ]
        return sorted(standing, key=lambda state: (state.lamport, state.key))

    def attachments_with(self, stream: StreamId | None, sha256: bytes) -> Sequence[AttachmentState]:
        rows = self._connection.execute(
            "SELECT id FROM attachments WHERE sha256=?1 AND (?2 IS NULL OR stream=?2)", (sha256, stream)
        )
        keys = {row[0] for row in rows} | {state.key for state in self._projector.changed(AttachmentState)}
        found = [state for key in keys if isinstance(state := self.state(key), AttachmentState)]
        standing = [state for state in found if stream in {None, state.stream} and state.sha256 == sha256]
        return sorted((state for state in standing if not state.redacted), key=lambda state: (state.lamport, state.key))

    def blob_bytes(self, sha256: bytes) -> int | None:
        return self._blobs.size(sha256)

    def repository_named(self, owner: Did, name: str) -> StreamId | None:
        rows = self._connection.execute("SELECT stream FROM repos WHERE name=?", (name,))
        keys = {row[0] for row in rows} | {state.key for state in self._projector.changed(RepositoryState)}
        for key in keys:
            state = self.state(key)
            if isinstance(state, RepositoryState) and state.exists and state.place == (owner, name):
                return state.key  # type: ignore[return-value]  # a repository's key is its stream id
        return None

    def principal(self, name: str) -> Did | None:
        # As readers are shown it: a name that means somebody else to the writer gives him what was meant for another.
        own = name.lower() == OPERATOR_NAME
        return self._own.author if own else did_of_name(self._connection, name, self._names)

    def identity(self, did: Did) -> IdentityState | None:
        rows = self._connection.execute("SELECT stream FROM identities WHERE did=?", (did,))
        keys = {row[0] for row in rows} | {state.key for state in self._projector.changed(IdentityState)}
        found = [state for key in keys if isinstance(state := self.state(key), IdentityState) and state.did == did]
        return min(found, key=lambda state: (state.lamport, state.key), default=None)

    def enrolment(self, event: Event) -> Enrolment:
        before = self.link(event.prev) if event.prev is not None else None
        if before is not None and before.stream != event.stream:
            event = structs.replace(event, prev=None)  # of another stream is as good as not here
        return enrolment_of(self._projector.history, event)

    def enrolled(self, did: Did) -> bool:
        row = self._connection.execute("SELECT 1 FROM identities WHERE did=?", (did,)).fetchone()
        fresh = self._projector.changed(IdentityState)
        return row is not None or any(isinstance(state, IdentityState) and state.did == did for state in fresh)

    def holds_repository(self, repo: StreamId) -> bool:
        return self._store.holds(repo)

    def holds_object(self, repo: StreamId, oid: str, quarantine: str | None) -> bool:
        if quarantine is not None and oid in self._tips_of(repo, quarantine):
            return True
        # A push that moves thousands of refs asks thousands of times, and what is there stays there.
        if (repo, oid) not in self._held and self._store.has(repo, oid):
            self._held.add((repo, oid))
        return (repo, oid) in self._held

    def commits_among(self, repo: StreamId, oids: Sequence[str]) -> Sequence[str]:
        kinds = self._store.kinds(repo, oids)
        return [oid for oid in oids if kinds.get(oid) == "commit"]

    def landed(self, repo: StreamId, old: str | None, new: str, quarantine: str | None) -> Sequence[tuple[str, str]]:
        return self._store.landed(repo, old, new, quarantine)

    def _tips_of(self, repo: StreamId, quarantine: str) -> frozenset[str]:
        """What a finished push brings."""
        tips = self._quarantined.get(quarantine)
        if tips is None:
            kept = (each for each in self._store.leftovers(repo) if each.token == quarantine and each.finished)
            tips = self._quarantined[quarantine] = frozenset(tip for each in kept for tip in each.tips)
        return tips

    def refs_clashing(self, repo: StreamId, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        changed = self._refs_changed(repo)
        standing = [name for name, stands in changed.items() if stands]
        inside = {folder: name for name in standing for folder in folders_of(name)}
        flushed = self._refs_clashing(repo, names)
        found: dict[str, list[str]] = {}
        for name in names:
            clashing = [each for each in flushed.get(name, ()) if changed.get(each, True)]
            clashing += [folder for folder in folders_of(name) if changed.get(folder)]
            clashing += [inside[name]] if name in inside else []
            if clashing:
                found[name] = clashing
        return found

    def _refs_clashing(self, repo: StreamId, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """As of the last flush; two statements for all names, which may be thousands."""
        folders = {name: folders_of(name) for name in names}
        around = self._connection.execute(
            "SELECT name FROM refs WHERE stream=? AND name IN (SELECT value FROM json_each(?))",
            (repo, json.dumps(sorted({folder for some in folders.values() for folder in some}))),
        )
        there = {row[0] for row in around}
        found = {name: [folder for folder in some if folder in there] for name, some in folders.items()}
        inside = self._connection.execute(
            # The join says which comes first: SQLite might look at every ref of the repository for each name.
            "SELECT coming.value, refs.name FROM json_each(?2) AS coming CROSS JOIN refs"
            " ON refs.stream=?1 AND refs.name >= coming.value || '/' AND refs.name < coming.value || '0'",
            (repo, json.dumps(list(folders))),
        )
        for name, clashing in inside:
            found[name].append(clashing)
        return found

    def _refs_changed(self, repo: StreamId) -> dict[str, bool]:
        """The refs that changed since the last flush, and whether they stand."""
        return {
            state.name: state.oid is not None or state.diverged
            for state in self._projector.changed(RefState)
            if isinstance(state, RefState) and state.stream == repo
        }

    def refs(self, repo: StreamId) -> Mapping[str, str]:
        rows = self._connection.execute("SELECT name, oid FROM refs WHERE stream=? AND oid IS NOT NULL", (repo,))
        found = {name: oid.hex() for name, oid in rows}
        for state in self._projector.changed(RefState):
            if isinstance(state, RefState) and state.stream == repo:
                found.pop(state.name, None)
                if state.oid is not None:
                    found[state.name] = state.oid.hex()
        return found

    def frontier(self, stream: StreamId) -> list[bytes]:
        return sorted(self._cited(stream))

    def staged_tips(self, token: str) -> frozenset[str]:
        kept = (each for each in self._store.staged() if each.token == token and each.finished)
        return frozenset(tip for each in kept for tip in each.tips)

    def _cited(self, stream: StreamId) -> Mapping[EventId, int]:
        """What a new event of a stream names as its past, with Lamport times."""
        tip = self._projector.tip(stream)
        past = tip.citable or tip.heads
        latest = sorted(past, key=lambda name: (past[name], name))[-PARENTS_MAX:]
        return {name: past[name] for name in latest}

    def _cited_with(
        self, targets: Sequence[bytes], cited: Mapping[EventId, int], prev: Sequence[EventId]
    ) -> Mapping[EventId, int]:
        """The same with what a redaction is about, which must be in its past: what is void is cited by nothing else."""
        history = self._projector.history
        reach = vector(history, [*cited, *prev])
        unseen: dict[EventId, int] = {}
        for name in map(EventId, targets):
            place, known = history.place(name), history.known(name)
            if place is not None and known is not None and not covers(reach, place.branch, place.seq):
                unseen[name] = known.lamport
        room = max(0, PARENTS_MAX - len(unseen))
        return {**unseen, **dict([*cited.items()][len(cited) - min(room, len(cited)) :])}

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._projector.shelf.connection

    def _genesis(self, kind: str, payload: Payload, roots: Sequence[Did]) -> Event:
        fields: dict[str, object] = {
            "kind": kind,
            "seq": 1,
            "parents": [],
            "lamport": 1,
            "time": self._now_ms(),
            "roots": sorted(set(roots)),
            "threshold": 1,
            "nonce": self._random_bytes(NONCE_BYTES),
        }
        return self._sealed(fields, payload, self._held_pen())

    def _sealed(self, fields: dict[str, object], payload: Payload, pen: Pen) -> Event:
        self._caution.check(cast("StreamId | None", fields.get("stream")))
        if pen.author != pen.key.did:
            fields["author"] = pen.author
            if "prev" not in fields:
                fields["enrolment"] = [list(link) for link in pen.chain]
        event = seal(fields, write_payload(payload, self._random_bytes(SALT_BYTES)), pen.key)
        if pen is not self._own and not event.genesis:
            charge(self, event)
        if event.genesis:
            self._caution.began(event.stream)
        verdict = self._fold(event)
        assert verdict.accepted, f"the node wrote a {verdict} event"
        return event

    def _follow(self, stream: StreamId, applied: Applied) -> None:
        """Earlier events have other verdicts now: what is on disk follows where branches and tags are."""
        if not self._store.holds(stream):
            return
        if any(isinstance(state, RepositoryState) for state in applied.states.values()):
            self.effects.append(HeadChanged(stream))
        refs = [state.name for state in applied.states.values() if isinstance(state, RefState)]
        refs += [RefState(key).name for key, sort in applied.gone.items() if sort is RefState]
        if refs:
            self.effects.append(RefsChanged(stream, tuple(sorted(refs)), None))

    def _fold(self, event: Event) -> Verdict:
        applied = self._projector.apply(event, self._projector.position + 1)
        self.events.append(event)
        if applied.rejudged:
            self._follow(event.stream, applied)
        self.overturned += [(event.stream, act, len(names)) for act, names in applied.overturned.items()]
        for state in applied.states.values():
            if isinstance(state, IssueState) and state.key == event.id:
                known = self._numbers.get(state.stream)
                if known is not None:
                    self._numbers[state.stream] = max(known, state.number)
        return applied.verdict
