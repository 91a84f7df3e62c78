"""What happened on this node and is no event of the log: rows that are chained by their hashes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from domain.canonical import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.actor import Actor
    from domain.ids import Did, EventId

DOMAIN_TAG: Final = b"gitant-audit-1\n"
HASH_BYTES: Final = 32
BEGINNING: Final = bytes(HASH_BYTES)
"""What the first row of all has before it."""
TARGET_CHARS_MAX: Final = 500
NAME_CHARS_MAX: Final = 200
PRUNED: Final = "audit.pruned"
"""The act of removing old rows: its target is the number and the hash of the last one that went."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did, or tried to. `event` is what came of it in the log, if anything did."""

    act: str
    """`login.failed`, `token.created` …; the kind of `event`, where there is one."""
    actor: Did | None = None
    door: str = ""
    credential: str = ""
    """The public name of a token, session or key; of what was refused, the account it was shown for."""
    address: str = ""
    target: str = ""
    event: EventId | None = None
    position: int = 0
    """Where the log was then; 0 for wherever it is when this is written down."""
    count: int = 1
    """How many alike this stands for."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry as it was written down. `hash` covers all of it, and by `previous` all rows before."""

    seq: int
    time_ms: int
    entry: Entry
    previous: bytes
    hash: bytes


def by(actor: Actor, act: str, *, address: str = "", target: str = "") -> Entry:
    """What somebody did who was let in."""
    return Entry(act, actor.did, actor.door, actor.credential, address, target)


def trimmed(entry: Entry) -> tuple[object, ...]:
    """The fields that are kept, in their order; words of strangers are cut to what a row may hold."""
    return (
        *(entry.position, entry.act[:NAME_CHARS_MAX], entry.actor, entry.door, entry.credential[:NAME_CHARS_MAX]),
        *(entry.address[:NAME_CHARS_MAX], entry.target[:TARGET_CHARS_MAX], entry.event, entry.count),
    )


def row_hash(seq: int, time_ms: int, fields: Sequence[object], previous: bytes) -> bytes:
    """The hash of a row; `fields` as `trimmed`."""
    return hashlib.sha256(DOMAIN_TAG + encode([seq, time_ms, *fields, previous])).digest()


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Up to where the rows go: whoever has noted this elsewhere can tell later that none before it was changed."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at all rows has found: `broken` says where and how the chain breaks, nothing if it is whole."""

    rows: int
    first: int
    head: AuditHead
    broken: str = ""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which rows: all that match every given term. Times are when they were written down, in milliseconds."""

    about: Did | None = None
    """Only what this principal did."""
    act: str = ""
    """An act, or how it begins with a `*` behind."""
    since_ms: int | None = None
    until_ms: int | None = None
    """The first moment that is too late."""
    without: Sequence[str] = ()
    """Leave out these acts."""


class Journal(Protocol):
    """The local audit log at rest. Several processes write it; each method waits for the file."""

    def note(self, entries: Sequence[Entry], position: int = 0) -> None:
        """Write entries down, in order; `position` is where the log is, for those that do not say.

        Where nobody knows (0), it is taken to be where it was last.
        """
        ...

    def page(self, which: EntryFilter, *, before: tuple[int, int] | None = None, limit: int = 30) -> Sequence[AuditRow]:
        """Rows by (position, seq), the highest first, those below `before`."""
        ...

    def count(self, which: EntryFilter) -> int:
        """How many rows there are in all."""
        ...

    def of_events(self, events: Sequence[EventId]) -> dict[EventId, Entry]:
        """By whom and through which door events were written, of those that this node wrote."""
        ...

    def verify(self, noted: AuditHead | None = None) -> Verified:
        """Look at every row; with `noted`, also whether that is one of them, or was when it went."""
        ...
