"""Accounts of this node at rest: people who are known by a password, their sessions, and the keys kept for them.

Nothing of it is in the log. Every method is one transaction and safe from any thread and process; those that write
wait for the disk, so nobody calls them on an event loop. Times are milliseconds since 1970. Of secrets only the SHA-256
is kept; passwords are stretched before they come here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.authority.enrolment import Chain
    from domain.envelope import RawEvent
    from domain.ids import DeviceKey, Did

DAY_MS: Final = 86_400_000
SESSION_MS_MAX: Final = 90 * DAY_MS
SESSION_IDLE_MS_MAX: Final = 30 * DAY_MS
SESSIONS_MAX: Final = 50
"""Of one account; the one that was not used for longest makes room."""
RESET_MS_MAX: Final = DAY_MS

Standing: TypeAlias = Literal["waiting", "active", "suspended", "deleted"]
"""`waiting`: for the operator's approval. `deleted`: gone for good, only the names stay reserved."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who has a password here. `email` is for the account itself and the operator only."""

    did: Did
    name: str
    """The user name, as it is written now; the one in the identity's genesis may be an earlier one."""
    email: str
    standing: Standing
    made_ms: int
    password: str
    """How to check the password: argon2's own encoding. Empty while only a reset code lets its owner in."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody is logged in. `id` names it in lists and is no secret."""

    id: str
    did: Did
    label: str
    """What the client calls itself."""
    address: str
    """Where it was begun from."""
    made_ms: int
    seen_ms: int
    """When it was last used, give or take a minute."""
    ends_ms: int
    """When it ends in any case."""


@dataclass(frozen=True, slots=True)
class KeptDevice:
    """A custodial device: its key, sealed, and the certificates by which it acts for `did`; none until enrolled."""

    device: DeviceKey
    did: Did
    sealed: bytes
    chain: Chain | None
    made_ms: int


class Accounts(Protocol):
    """Who has an account. Names are found whatever their letter case."""

    def add(self, account: Account, device: KeptDevice, events: Sequence[RawEvent]) -> None:
        """Make an account with its device; raises `Conflict` for a name that is or was another's.

        `events` begin its identity: they are kept until `published` says that the log has them.
        """
        ...

    def unpublished(self, did: Did) -> Sequence[RawEvent]:
        """What of an account's identity the log may not have yet, in the order in which it takes them."""
        ...

    def published(self, did: Did) -> None:
        """The log has all that was unpublished."""
        ...

    def by_did(self, did: Did) -> Account | None:
        """An account, in whatever standing."""
        ...

    def by_name(self, name: str) -> Account | None:
        """The account that has this user name now, or had it before."""
        ...

    def by_email(self, email: str) -> Account | None:
        """The oldest account that gave this address."""
        ...

    def page(self, *, after: str = "", limit: int = 30, standing: Standing | None = None) -> Sequence[Account]:
        """Accounts by name, those behind the name `after`."""
        ...

    def count(self, standing: Standing | None = None) -> int:
        """How many accounts there are."""
        ...

    def set_email(self, did: Did, email: str) -> None:
        """Where the account can be written to."""
        ...

    def set_standing(self, did: Did, standing: Standing) -> None:
        """Approve, suspend or let back in. Who is not `active` has no sessions from here on."""
        ...

    def set_password(self, did: Did, password: str) -> None:
        """Another password; ends the reset code and every session."""
        ...

    def strengthen(self, did: Did, kept: str, password: str) -> None:
        """Keep the same password stretched anew, unless it has been changed since it was `kept`."""
        ...

    def set_reset(self, did: Did, digest: bytes, until_ms: int) -> None:
        """From now on only the code of this SHA-256 lets its owner in, once, to choose a password. Ends sessions."""
        ...

    def take_reset(self, did: Did, digest: bytes, password: str, now_ms: int) -> bool:
        """Use the reset code up for a new password; False where it is another, used, or too old."""
        ...

    def rename(self, did: Did, name: str, now_ms: int) -> None:
        """Another user name; the old ones lead to it and stay reserved. Raises `Conflict` for one that is taken."""
        ...

    def erase(self, did: Did) -> None:
        """Forget email, password, sessions and kept keys. Names and did stay, so that nobody else can be them."""
        ...


class Sessions(Protocol):
    """Who is logged in."""

    def begin(self, session: Session, digest: bytes) -> None:
        """Note a session under the SHA-256 of its secret. Of too many of one account the oldest end."""
        ...

    def of(self, did: Did, now_ms: int) -> Sequence[Session]:
        """Those that have not ended, the latest first."""
        ...

    def seen(self, id: str, now_ms: int) -> None:  # noqa: A002 - it is one
        """It was used."""
        ...

    def end(self, did: Did, id: str | None = None) -> bool:  # noqa: A002 - it is one
        """End one, or all of an account; whether there was one."""
        ...


class Known(Protocol):
    """Whom a secret stands for; asked with each request, on the event loop, and answered from memory mostly.

    What another process changes is seen by the next call.
    """

    def session(self, digest: bytes, now_ms: int) -> Session | None:
        """The session of a secret with this SHA-256, unless it has ended or its account is not active."""
        ...

    def password_of(self, did: Did) -> str:
        """What is kept of an account's password now; empty unless it is active and has one."""
        ...

    def is_active(self, did: Did) -> bool:
        """Whether a principal may come in: one who has an account here only while that is active."""
        ...


class Names(Protocol):
    """What accounts are called on this node, where that is not what their identity says."""

    def did_of(self, name: str) -> Did | None:
        """Whose name it is or was; None for a name that no account has had."""
        ...

    def name_of(self, did: Did) -> str | None:
        """An account's user name now; None for a principal without one."""
        ...


class Guesses(Protocol):
    """How often somebody may be wrong: five times a minute for each name and address, known or not."""

    def trying(self, name: str, address: str) -> None:
        """Count a guess before anything costly is done; raises `RateLimited` after five that were not right."""
        ...

    def right(self, name: str, address: str) -> None:
        """It was right: what was counted until now is forgotten."""
        ...

    def arriving(self, address: str) -> None:
        """Count an account that is to be made; raises `RateLimited` after a hundred from one address."""
        ...


class KeptDevices(Protocol):
    """Keys that this node keeps for others, sealed."""

    def keep(self, device: KeptDevice) -> None:
        """Keep one, or give the one that is kept its certificates."""
        ...

    def device_of(self, did: Did) -> KeptDevice | None:
        """The latest that is enrolled for a principal."""
        ...

    def device(self, device: DeviceKey) -> KeptDevice | None:
        """One by its public key."""
        ...

    def drop(self, device: DeviceKey) -> None:
        """Forget one; its bytes are overwritten."""
        ...
