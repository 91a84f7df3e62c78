"""All that a worker lets people in by: accounts, tokens, keys, and what is counted and noted of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from api.entrance.guesses import BucketGuesses
from api.entrance.refusals import Refusals
from domain.keys import SigningKey
from gitant.doors.every import EveryDoor
from gitant.doors.operator import OperatorDoor
from gitant.doors.parts import KeyParts
from gitant.doors.password import PasswordDoor
from gitant.doors.session import SessionDoor
from gitant.doors.token import TokenDoor
from gitant.entering import buckets_of, entrance_of
from storage import keys
from storage.accounts.tokens import SqliteTokenGlance, SqliteTokens
from storage.audit.journal import SqliteJournal

if TYPE_CHECKING:
    from domain.ports_views import Views, Writer
    from gitant.plan import Plan
    from gitant.reception.parts import AccountParts
    from storage.datadir import DataDir


@final
class Gatehouse:
    """Made of the `accounts` that the views have their names from, too; whoever made it closes it."""

    def __init__(self, plan: Plan, folder: DataDir, accounts: AccountParts, views: Views, writer: Writer) -> None:
        settings = plan.settings
        public_url = settings.public_url or None
        self._accounts = accounts
        self.journal = SqliteJournal(folder.audit, keep_days=settings.audit_days)
        self.refusals = Refusals(self.journal, views.position)
        self.tokens = SqliteTokens(accounts.file)
        guesses = BucketGuesses(buckets_of(folder))
        reception = accounts.reception(views, writer, plan.did, guesses)
        self._by_key = KeyParts(folder, accounts, views, plan.did, public_url)
        self.doors = EveryDoor(
            [
                OperatorDoor(keys.load_or_create_token(folder.operator_token), plan.did, public_url),
                TokenDoor(SqliteTokenGlance(accounts.glance), self.tokens, plan.did, self.journal),
                SessionDoor(accounts.known, accounts.sessions, public_url),
                PasswordDoor(reception, accounts.known),
                *self._by_key.doors,
            ],
            guesses,
        )
        self.entrance = entrance_of(settings, folder, self.doors, self.refusals)
        self.accounts = accounts.ports(reception, settings.registration)
        self.agents = self._by_key.ports(writer, lambda: SigningKey(keys.load_or_create(folder.identity_key)))

    def close(self) -> None:
        """Let go of its files. What is counted was noted before, by closing `refusals`."""
        self.journal.close()
        self._by_key.close()
        self._accounts.close()
