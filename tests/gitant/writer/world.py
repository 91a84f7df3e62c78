"""A writer on a folder of its own, with a fixed key, a fixed clock and seeded bytes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.actor import Actor
from domain.envelope import seal
from domain.errors import LocalFault
from domain.fold.kind import write_payload
from domain.ids import Did, StreamId, parse_stream_id
from domain.keys import SigningKey
from domain.moderation.desk import Desk
from domain.pen import Pen
from gitant.custody import Custody, Vault
from gitant.reception.names import NodeNames
from gitant.reception.parts import AccountParts
from gitant.writer.catchup import catch_up
from gitant.writer.core import WriterCore
from gitant.writer.effects import heal
from gitant.writer.removing import Remover
from gitant.writer.request import Request
from projections.database import open_writable
from projections.projector import Projector
from projections.reader import SqliteViews
from projections.source import LogSource
from storage.accounts.shelf import make_accounts
from storage.blobs import DiskBlobs
from storage.datadir import DataDir
from storage.git.store import DiskGitStore
from storage.held import SqliteHeld
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.audit import Journal
    from domain.envelope import Event
    from domain.fold.kind import Payload
    from domain.moderation.desk import DeskRules
    from domain.ports_views import Answer

KEY = SigningKey(b"\x01" * 32)
STRANGER = SigningKey(b"\x02" * 32)
ME = Actor(did=KEY.did, operator=True)
VAULT = Vault(b"\x01" * 32)


class _Kept:
    """Pens by whom they are for."""

    def __init__(self, pens: dict[Did, Pen], custody: Custody) -> None:
        self._pens = pens
        self._custody = custody

    def pen(self, did: Did) -> Pen | None:
        return self._pens.get(did) or self._custody.pen(did)


@dataclass
class World:
    """One node without its HTTP side."""

    folder: DataDir
    seed: int = 1
    rules: DeskRules | None = None
    pens: dict[Did, Pen] = field(default_factory=dict[Did, Pen])
    journal: Journal | None = None
    removes: bool = False
    """Whether copies can be removed from it."""
    core: WriterCore = field(init=False)
    log: SQLiteEventLog = field(init=False)
    projector: Projector = field(init=False)

    def __post_init__(self) -> None:
        self.folder.create()
        self._random = random.Random(self.seed)
        self._now = 1_790_000_000_000
        self.open()

    def open(self) -> None:
        make_accounts(self.folder.accounts)
        self.accounts = AccountParts(self.folder, lambda: VAULT)
        self.log = SQLiteEventLog(self.folder.log)
        self.projector = Projector(open_writable(self.folder.views), LogSource(self.log))
        catch_up(self.projector, self.log)
        store = DiskGitStore(self.folder.repos)
        heal(self.projector, store)
        self.desk = None if self.rules is None else Desk(SqliteHeld(self.folder.local), self.tick, self.rules)
        blobs, local = DiskBlobs(self.folder.blobs), LocalStore(self.folder.local) if self.removes else None
        self.core = WriterCore(
            self.log,
            self.projector,
            KEY,
            store,
            blobs,
            now_ms=self.tick,
            random_bytes=self._random.randbytes,
            desk=self.desk,
            pens=_Kept(self.pens, Custody(self.accounts.devices, self.accounts.known, VAULT)),
            names=self.accounts.names,
            journal=self.journal,
            remover=local and Remover(self.log, self.projector, store, blobs, local, desk=self.desk),
            at_close=local.close if local else lambda: None,
        )

    def close(self) -> None:
        self.accounts.close()
        self.core.close()

    def tick(self) -> int:
        self._now += 1
        return self._now

    def later(self, ms: int) -> None:
        """Let time go by."""
        self._now += ms

    @property
    def views(self) -> SqliteViews:
        return SqliteViews(self.folder.views, names=NodeNames(self.accounts.names, KEY.did))

    def run(self, command: str, actor: Actor = ME, **args: Any) -> Answer:
        """Carry out one command, or raise its fault."""
        (outcome,) = self.core.execute([Request(command, actor, args)])
        if isinstance(outcome, LocalFault):
            raise outcome
        return outcome

    def batch(self, *requests: tuple[str, dict[str, Any]]) -> Sequence[Answer | LocalFault]:
        return self.core.execute([Request(command, ME, args) for command, args in requests])

    def repo(self, name: str = "attic", **args: Any) -> StreamId:
        """A new repository's id."""
        return parse_stream_id(self.run("repository.create", name=name, **args).events[-1])

    def issue(self, repo: bytes, title: str = "Dust", **args: Any) -> bytes:
        """A new issue's id."""
        return bytes.fromhex(self.run("issue.open", repo=repo, title=title, **args).events[-1])

    def signed(
        self, key: SigningKey, kind: str, stream: bytes, entity: bytes, payload: Payload, **header: Any
    ) -> Event:
        """An event that somebody else would sign on top of what this node has."""
        tip = self.projector.tip(stream)  # type: ignore[arg-type]  # tests pass plain bytes
        parents = sorted(tip.heads)
        feed = tip.feeds.get(key.device)
        fields: dict[str, Any] = {
            "kind": kind,
            "stream": stream,
            "entity": entity,
            "seq": feed.seq + 1 if feed else 1,
            "parents": parents,
            "lamport": 1 + max(0 if feed is None else feed.lamport, *tip.heads.values()),
            "time": self.tick(),
        }
        if feed:
            fields["prev"] = feed.id
        return seal({**fields, **header}, write_payload(payload, self._random.randbytes(16)), key)


def make_world(path: Path, seed: int = 1, rules: DeskRules | None = None, *, removes: bool = False) -> World:
    return World(DataDir(path), seed, rules, removes=removes)
