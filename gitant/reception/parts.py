"""Everything that an HTTP worker has of accounts, over one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from api.accounts import AccountPorts
from gitant.custody import Vault
from gitant.passwords import Passwords
from gitant.reception.desk import NodeReception
from gitant.secret import now_ms as time_ms
from storage import keys
from storage.accounts.devices import SqliteDevices
from storage.accounts.known import SqliteKnown, SqliteNames
from storage.accounts.people import SqliteAccounts
from storage.accounts.sessions import SqliteSessions
from storage.accounts.shelf import Glance
from storage.kept import KeptFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.accounts import Registration
    from domain.ids import Did
    from domain.ports_accounts import Guesses
    from domain.ports_views import Views, Writer
    from storage.datadir import DataDir


@final
class Unlimited:
    """`Guesses` that are never too many."""

    def trying(self, name: str, address: str) -> None:
        """Let everybody try."""

    def right(self, name: str, address: str) -> None:
        """There is nothing to forget."""

    def arriving(self, address: str) -> None:
        """Let everybody register."""


@final
class AccountParts:
    """Made before the file is there; whoever made them closes them. `names` is for the views."""

    def __init__(self, folder: DataDir, vault: Callable[[], Vault] | None = None) -> None:
        """Without a `vault`, keys are sealed with the folder's own."""
        self._vault = vault or (lambda: Vault(keys.load_or_create(folder.identity_key)))
        self.file = KeptFile(folder.accounts)
        self.glance = Glance(folder.accounts)
        self.people = SqliteAccounts(self.file)
        self.sessions = SqliteSessions(self.file)
        self.devices = SqliteDevices(self.file, self.glance)
        self.known = SqliteKnown(self.glance)
        self.names = SqliteNames(self.glance)

    def vault(self) -> Vault:
        """What seals the keys that are kept."""
        return self._vault()

    def reception(
        self,
        views: Views,
        writer: Writer,
        node: Did,
        guesses: Guesses,
        *,
        passwords: Passwords | None = None,
        now_ms: Callable[[], int] = time_ms,
    ) -> NodeReception:
        """The reception of the node."""
        return NodeReception(
            self.people,
            self.sessions,
            self.devices,
            passwords or Passwords(),
            guesses,
            self._vault,
            views,
            writer,
            node,
            now_ms=now_ms,
        )

    def ports(self, reception: NodeReception, registration: Registration) -> AccountPorts:
        """What the routes of accounts take."""
        return AccountPorts(self.people, self.sessions, reception, registration)

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()
        self.glance.close()
