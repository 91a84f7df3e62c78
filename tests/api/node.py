"""A node for the API to stand on. Everything in it is what `gitant serve` runs, on one thread instead of several."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, final

from argon2 import PasswordHasher
from litestar.handlers import HTTPRouteHandler

from api.app import HANDLERS, create_app
from api.ports import ApiPorts, ApiSettings, NodeFacts
from domain.envelope import seal
from domain.errors import LocalFault, Unavailable
from domain.fold.kind import write_payload
from domain.identity.created import IdentityCreated
from domain.ports_git import PackCaps
from gitant.doors.every import EveryDoor
from gitant.doors.operator import OperatorDoor
from gitant.doors.parts import KeyParts
from gitant.doors.password import PasswordDoor
from gitant.doors.session import SessionDoor
from gitant.doors.token import TokenDoor
from gitant.imports.book import Book
from gitant.imports.importer import Importer
from gitant.indexer import index_all
from gitant.insight.analyst import Analyst
from gitant.network.peering import NodePeering
from gitant.passwords import Passwords
from gitant.reception.parts import Unlimited
from gitant.settings import SETTINGS, from_plain
from gitant.settings_shown import shown
from gitant.writer.request import Request
from storage.accounts.tokens import SqliteTokenGlance, SqliteTokens
from storage.audit.journal import SqliteJournal, make_audit
from storage.blobs import DiskBlobs
from storage.git.packbuild import DulwichPacks
from storage.git.reader import DulwichReader
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from tests.gitant.writer.world import KEY, make_world
from transport.outbound.addresses import Allowed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from litestar import Litestar

    from domain.accounts import Registration
    from domain.actor import Actor
    from domain.keys import SigningKey
    from domain.moderation.desk import DeskRules
    from domain.ports_accounts import Guesses
    from domain.ports_views import Answer
    from tests.gitant.writer.world import World

TOKEN = "the-operator-s-token"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As much work as a test has time for."""
STARTED_MS = 1_790_000_000_000
SIGNATURES = [handler.parsed_fn_signature for handler in HANDLERS if isinstance(handler, HTTPRouteHandler)]
"""Kept by the handlers themselves: each node would read them anew, which is a quarter of what making one takes."""


def _nowhere(host: str, _port: int) -> Sequence[str]:
    """A resolver for tests that are not about reaching anybody."""
    raise Unavailable(f"the name {host} cannot be resolved")


async def _start_no_network() -> None:
    """Other nodes are met in tests/gitant/network."""


@final
class InlineWriter:
    """The writer's core, asked directly instead of over a socket."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(
        self, command: str, actor: Actor, args: Mapping[str, Any], *, idempotency: tuple[bytes, bytes] | None = None
    ) -> Answer:
        (outcome,) = self._world.core.execute([Request(command, actor, args, idempotency)])
        if isinstance(outcome, LocalFault):
            raise outcome
        return outcome


@dataclass
class Node:
    """A node on a folder of its own. `free_bytes`, `behind` and `alone` are what the test says they are."""

    world: World
    settings: ApiSettings = field(default_factory=ApiSettings)
    public_url: str | None = None
    metrics_dir: Path | None = None
    registration: Registration = "closed"
    free_bytes: int = 1 << 40
    behind: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    guesses: Guesses = field(default_factory=Unlimited)
    audited: bool = False
    """Whether it keeps a local audit log."""
    journal: SqliteJournal | None = field(init=False, default=None)
    clock_ms: int = 0
    """What the time is; 0 for what it really is."""

    def __post_init__(self) -> None:
        folder = self.world.folder
        LocalStore(folder.local).close()
        self.reader = DulwichReader(folder.repos)
        self.operator_door = OperatorDoor(TOKEN, KEY.did)
        store, writer = DiskGitStore(folder.repos), InlineWriter(self.world)
        self.accounts, views = self.world.accounts, self.world.views
        tokens = SqliteTokens(self.accounts.file)
        if self.audited:
            make_audit(folder.audit)
            self.journal = self.world.core._journal = SqliteJournal(folder.audit, quick=True, now_ms=self.now_ms)
        self.reception = self.accounts.reception(
            *(views, writer, KEY.did, self.guesses),
            passwords=Passwords(CHEAP),
            now_ms=self.now_ms,
        )
        self.by_key = KeyParts(
            folder, self.accounts, views, KEY.did, self.public_url, now_s=lambda: self.now_ms() // 1_000
        )
        self.analyst = Analyst(folder.path, patience_s=60)
        self.ports = ApiPorts(
            views=views,
            tokens=tokens,
            journal=self.journal,
            writer=writer,
            accounts=self.accounts.ports(self.reception, self.registration),
            git=self.reader,
            quarantine=store,
            peering=NodePeering(folder, KEY.did, "127.0.0.1", 4040, _start_no_network),
            imports=self._importer(store, writer),
            insight=self.analyst,
            blobs=DiskBlobs(folder.blobs),
            packs=DulwichPacks(),
            archives=self.reader.archives(folder.cache / "archives"),
            doors=EveryDoor(
                [
                    self.operator_door,
                    TokenDoor(
                        SqliteTokenGlance(self.accounts.glance), tokens, KEY.did, self.journal, now_ms=self.now_ms
                    ),
                    SessionDoor(self.accounts.known, self.accounts.sessions, self.public_url, now_ms=self.now_ms),
                    PasswordDoor(self.reception, self.accounts.known),
                    *self.by_key.doors,
                ]
            ),
            agents=self.by_key.ports(writer, lambda: KEY),
            event_bytes=self._event_bytes,
            payloads=self._payloads,
            node=NodeFacts(
                did=KEY.did,
                version="0.1.0",
                started_ms=STARTED_MS,
                free_bytes=lambda: self.free_bytes,
                not_ready=lambda: self.behind,
                peers_not_ready=lambda: self.alone,
                public_url=self.public_url,
                settings=partial(shown, from_plain({row.name: row.default for row in SETTINGS})),
            ),
            settings=self.settings,
            metrics_dir=self.metrics_dir,
        )
        self.app: Litestar = create_app(self.ports)

    def _importer(self, store: DiskGitStore, writer: InlineWriter) -> Importer:
        return Importer(
            Book(self.world.folder.cache / "imports"),
            store,
            self.world.views,
            writer,
            allowed=Allowed(),
            seconds_max=60,
            caps=PackCaps(),
            agent="gitant/test",
            resolver=_nowhere,
        )

    def now_ms(self) -> int:
        """The time that sessions and codes go by."""
        return self.clock_ms or time.time_ns() // 1_000_000

    def index(self) -> None:
        """Bring the code index up."""
        assert index_all(self.world.folder.views, self.reader) == []

    def _payloads(self, positions: Sequence[int]) -> dict[int, bytes | None]:
        return {row.position: row.payload for row in self.world.log.by_positions(positions)}

    def _event_bytes(self, position: int) -> tuple[bytes, bytes, bytes | None]:
        row = self.world.log.get(position)
        assert row is not None
        return row.header, row.signature, row.payload


@contextmanager
def node_on(path: Path, *, rules: DeskRules | None = None, **options: Any) -> Iterator[Node]:
    """A node whose operator is called `operator`."""
    world = make_world(path, rules=rules, removes=True)
    node = Node(world, **options)
    try:
        enrol(node, KEY, "operator")
        yield node
    finally:
        if node.journal is not None:
            node.journal.close()
        node.by_key.close()
        node.reader.close()
        world.close()


def enrol(node: Node, key: SigningKey, name: str) -> None:
    """Take in an identity, as the operator does."""
    fields = {
        "kind": "identity.created.v1",
        "seq": 1,
        "parents": [],
        "lamport": 1,
        "time": node.world.tick(),
        "roots": [key.did],
        "threshold": 1,
        "nonce": b"n" * 16,
    }
    event = seal(fields, write_payload(IdentityCreated(name=name), b"s" * 16), key)
    node.world.run("event.submit", header=event.header, signature=event.signature, payload=event.payload)
