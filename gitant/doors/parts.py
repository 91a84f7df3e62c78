"""The doors for keys, over what they share: replays in the cache, revocations beside the accounts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, final

from api.agency import AgentPorts
from gitant.doors.acting import ActingKeys
from gitant.doors.capability import CapabilityDoor
from gitant.doors.signature import SignatureDoor
from gitant.keeping import NodeKeeper
from storage.accounts.revocations import SqliteRevocations
from storage.replays import SqliteReplays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.ids import Did
    from domain.keys import SigningKey
    from domain.ports_views import Views, Writer
    from gitant.doors.door import Door
    from gitant.reception.parts import AccountParts
    from storage.datadir import DataDir


def now_s() -> int:
    """The time, in seconds since 1970."""
    return int(time.time())


@final
class KeyParts:
    """What a worker has of them; whoever made it closes it."""

    def __init__(
        self,
        folder: DataDir,
        accounts: AccountParts,
        views: Views,
        node: Did,
        public_url: str | None,
        *,
        now_s: Callable[[], int] = now_s,
    ) -> None:
        self.now_s = now_s
        self._node = node
        self._accounts = accounts
        self.replays = SqliteReplays(folder.cache / "replays.sqlite", now_s())
        self.revocations = SqliteRevocations(accounts.file, accounts.glance)
        self.keys = ActingKeys(views, accounts.known)
        self.signature = SignatureDoor(self.keys, self.replays, public_url, now_s=now_s)
        self.capability = CapabilityDoor(node, self.keys, self.replays, self.revocations, now_s=now_s)

    @property
    def doors(self) -> Sequence[Door]:
        """Behind all that only look something up."""
        return self.signature, self.capability

    def ports(self, writer: Writer, node_key: Callable[[], SigningKey]) -> AgentPorts:
        """What the routes of agents take. `node_key` is asked only where the operator lends something."""
        keeper = NodeKeeper(self._accounts, writer, self._node, node_key)
        return AgentPorts(keeper, self.revocations, self.capability.begins, self.now_s)

    def close(self) -> None:
        """Let go of the file."""
        self.replays.close()
