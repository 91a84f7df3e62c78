"""The writer's core: a batch of commands becomes events, durable in one commit, shown in the views, then answered.

Order, and what a crash in between leaves: the commands are folded in memory (nothing on disk); the log takes all events
in one transaction (from here on they are true); the views follow (behind until the next start if not); git objects
are published and refs moved (`heal` does it at the next start if not); only then does anyone get an answer.
"""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any, final

from domain.canonical import decode_own, encode
from domain.commands.registry import run
from domain.commands.scene import BytesMended
from domain.commands.standing import DESK
from domain.errors import Conflict, Forbidden, LocalFault, Unavailable
from domain.ids import StreamId
from domain.pen import NoPens
from domain.ports_log import Receipt, new_row
from domain.ports_views import Answer
from gitant.collector import without_collector
from gitant.log import get_logger
from gitant.writer.catchup import catch_up
from gitant.writer.caution import Carefree
from gitant.writer.effects import carry_out, drop_quarantines
from gitant.writer.noting import note_events
from gitant.writer.request import REMOVE
from gitant.writer.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.audit import Journal
    from domain.keys import SigningKey
    from domain.moderation.desk import Desk
    from domain.pen import Pens
    from domain.ports_accounts import Names
    from domain.ports_blobs import Blobs
    from domain.ports_git import GitStore
    from domain.ports_log import EventLog
    from gitant.writer.caution import Caution
    from gitant.writer.purge import Housekeeper
    from gitant.writer.removing import Remover
    from gitant.writer.request import Outcome, Request
    from projections.projector import Projector

_log = get_logger(__name__)


def now_ms() -> int:
    """The time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@final
class WriterCore:
    """Carries out commands, one batch at a time, in one thread."""

    def __init__(
        self,
        log: EventLog,
        projector: Projector,
        key: SigningKey,
        store: GitStore,
        blobs: Blobs,
        *,
        now_ms: Callable[[], int] = now_ms,
        random_bytes: Callable[[int], bytes] = os.urandom,
        on_code_change: Callable[[StreamId], None] = lambda _: None,
        housekeeper: Housekeeper | None = None,
        caution: Caution | None = None,
        desk: Desk | None = None,
        pens: Pens | None = None,
        names: Names | None = None,
        journal: Journal | None = None,
        remover: Remover | None = None,
        at_close: Callable[[], None] = lambda: None,
    ) -> None:
        self._log = log
        self._projector = projector
        self._key = key
        self._store = store
        self._blobs = blobs
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._on_code_change = on_code_change
        self._housekeeper = housekeeper
        self._caution: Caution = caution or Carefree()
        self._desk = desk
        self._pens = pens or NoPens()
        self._names = names
        self._journal = journal
        self._remover = remover
        self._at_close = at_close

    @property
    def position(self) -> int:
        """The log position that the views have reached."""
        return self._projector.position

    def execute(self, batch: Sequence[Request]) -> list[Outcome]:
        """One outcome for each request, in order; what succeeded is durable and shown when this returns.

        A request that fails after it has written something is left out and the rest is run again without it.
        """
        for index, request in enumerate(batch):
            if request.command == REMOVE:
                before, after = batch[:index], batch[index + 1 :]
                done = [*(self.execute(before) if before else ()), self._remove(request)]
                return [*done, *(self.execute(after) if after else ())]
        outcomes: dict[int, Outcome] = {}
        with without_collector():
            stage, receipts = self._run_until_sound(batch, outcomes)
            self._commit(stage, receipts, outcomes, batch)
        if self._housekeeper is not None:
            self._housekeeper.tidy(self._now_ms())
        return [outcomes[index] for index in range(len(batch))]

    def _remove(self, request: Request) -> Outcome:
        repo = StreamId(request.args["repo"])
        try:
            if not request.actor.operator:
                raise Forbidden("only the operator removes a copy from the node")
            if self._remover is None:
                raise Unavailable("copies cannot be removed here")
            events, blobs = self._remover.remove(repo)
        except LocalFault as fault:
            return fault
        self._on_code_change(repo)
        return Answer(self._projector.position, extra={"events": events, "attachments": blobs})

    def close(self) -> None:
        """Let go of the log and the views."""
        if self._housekeeper is not None:
            self._housekeeper.close()
        if self._desk is not None:
            self._desk.held.close()
        self._at_close()
        self._projector.shelf.connection.close()
        self._log.close()

    def _run_until_sound(self, batch: Sequence[Request], outcomes: dict[int, Outcome]) -> tuple[Stage, list[Receipt]]:
        """Run the batch, again and again without those that spoil it: what it comes to, still in memory."""
        while True:
            stage = self._new_stage()
            receipts: dict[bytes, Receipt] = {}
            if not self._run_all(batch, stage, outcomes, receipts):
                return stage, list(receipts.values())
            self._projector.abandon(self._log.last_position())
            if self._desk is not None:
                self._desk.abandon()

    def _run_all(
        self, batch: Sequence[Request], stage: Stage, outcomes: dict[int, Outcome], receipts: dict[bytes, Receipt]
    ) -> bool:
        """Run every request not yet found faulty; True when one spoiled the scene, so that all must run again."""
        faulty = {index for index, outcome in outcomes.items() if isinstance(outcome, LocalFault)}
        for index, request in enumerate(batch):
            if index in faulty:
                continue
            mark = len(stage.events)
            try:
                outcomes[index] = self._run_one(request, stage, receipts)
            except LocalFault as fault:
                outcomes[index] = fault
            except Exception:  # noqa: BLE001  # any bug in a command must cost that command only
                _log.exception("a command failed on a bug of ours", command=request.command)
                outcomes[index] = Unavailable("the node failed on a fault of its own, which its log tells of")
                return True
            if isinstance(outcomes[index], LocalFault) and len(stage.events) > mark:
                return True
        return False

    def _run_one(self, request: Request, stage: Stage, receipts: dict[bytes, Receipt]) -> Answer:
        if request.idempotency is not None:
            replayed = self._replayed(*request.idempotency, receipts)
            if replayed is not None:
                return replayed
        mark = len(stage.events)
        stage.act_for(request.actor)
        done = run(request.command, stage, request.actor, request.args)
        written = stage.events[mark:]
        answer = Answer(
            position=self._projector.position,
            events=tuple(event.id.hex() for event in written),
            doc=stage.document(done.key) if done.key is not None else b"",
            extra=done.extra,
        )
        # To send again what is here already, anybody may; that must not fill the log with receipts.
        if request.idempotency is not None and (written or request.actor.operator):
            key, fingerprint = request.idempotency
            receipts[key] = Receipt(key, fingerprint, _packed(answer), self._now_ms())
        return answer

    def _replayed(self, key: bytes, fingerprint: bytes, receipts: dict[bytes, Receipt]) -> Answer | None:
        receipt = receipts.get(key) or self._log.receipt(key)
        if receipt is None:
            return None
        if receipt.fingerprint != fingerprint:
            raise Conflict(
                "this Idempotency-Key was used for another request", hint="use a new key for each new request"
            )
        return _unpacked(receipt.answer)

    def _commit(
        self, stage: Stage, receipts: list[Receipt], outcomes: dict[int, Outcome], batch: Sequence[Request]
    ) -> None:
        if not stage.events and not receipts:
            self._settle(outcomes)
            self._carry_out(stage)
            return
        before = self._projector.position - len(stage.events)
        try:
            positions = self._log.append([new_row(event) for event in stage.events], receipts, stage.vouched)
        except Unavailable as fault:
            self._projector.abandon(self._log.last_position())
            drop_quarantines(stage.effects, self._store)
            if self._desk is not None:
                self._desk.abandon()
            for index, outcome in outcomes.items():
                if _is_new(outcome):
                    outcomes[index] = fault
            return
        assert positions == list(range(before + 1, before + 1 + len(stage.events))), "another writer is at the log"
        self._settle(outcomes)
        note_events(self._journal, batch, outcomes, stage.events, before)
        self._show()
        self._carry_out(stage)
        for repo, act, count in stage.overturned:
            undo = f"gitant member admit --act {act.hex()} -R {repo.hex()}"
            _log.warning("an act of authority voids what had counted", act=act.hex(), events=count, undo=undo)

    def _carry_out(self, stage: Stage) -> None:
        mended = [effect for effect in stage.effects if isinstance(effect, BytesMended)]
        for effect in stage.effects:
            if not isinstance(effect, BytesMended):
                carry_out(effect, self._projector, self._store, self._on_code_change)
        if mended:
            self._mend(mended)

    def _mend(self, mended: list[BytesMended]) -> None:
        """Put checked bytes into the log. All is folded again where a payload has come that was missing."""
        came_late = False
        places = {effect.event: self._projector.history.position(effect.event) for effect in mended}
        for effect in mended:
            if effect.signature is not None:
                row = self._log.get(places[effect.event])
                assert row is not None
                self._log.mend(row.position, effect.signature, effect.payload)
                came_late |= row.payload is None and effect.payload is not None
        self._log.note_checked([places[effect.event] for effect in mended if effect.signature is None])
        if came_late:
            _log.info("an event's payload came late: the log is folded again")
            with self._projector.starting_over():
                catch_up(self._projector, self._log)

    def _settle(self, outcomes: dict[int, Outcome]) -> None:
        """Make durable what the batch changed outside the log; what that was is told to nobody if it fails."""
        if self._desk is None:
            return
        try:
            self._desk.settle()
        except Unavailable as fault:
            _log.error("what is held of strangers could not be written", fault=fault.message)
            self._desk.abandon()
            for index, outcome in outcomes.items():
                if isinstance(outcome, Answer) and DESK in outcome.extra:
                    outcomes[index] = fault

    def _show(self) -> None:
        """Commit the views; if the disk refuses, start over from what they last held: the log has it all."""
        try:
            self._projector.flush()
        except sqlite3.Error:
            _log.exception("the views could not be written; replaying them from the log")
            held = self._projector.shelf.connection.execute("SELECT value FROM meta WHERE name='position'")
            self._projector.abandon(held.fetchone()[0])
            catch_up(self._projector, self._log)

    def _new_stage(self) -> Stage:
        return Stage(
            self._projector,
            self._key,
            self._pens,
            self._store,
            self._blobs,
            self._now_ms,
            self._random_bytes,
            self._caution,
            self._desk,
            self._names,
        )


def _is_new(outcome: Outcome) -> bool:
    """Whether it tells of what this batch was to change."""
    if not isinstance(outcome, Answer) or outcome.replayed:
        return False
    return bool(outcome.events) or DESK in outcome.extra


def _packed(answer: Answer) -> bytes:
    return encode([answer.position, list(answer.events), answer.doc, dict(answer.extra)])


def _unpacked(data: bytes) -> Answer:
    fields: list[Any] = decode_own(data)
    position, events, doc, extra = fields
    return Answer(position=position, events=tuple(events), doc=doc, extra=extra, replayed=True)
