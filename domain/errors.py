"""The error tree.

    GitantError
    ├── LocalFault                  the caller of this node asked for something it cannot have
    │   ├── InvalidInput            the words are off: shape, size, characters
    │   ├── Unauthenticated         nobody said who is asking
    │   ├── Forbidden               known, but may not do this
    │   ├── NotFound                there is no such thing (or none the asker may see)
    │   ├── Moved                   it is found at another address now
    │   ├── Conflict                the thing is in another state than the request supposes
    │   │   └── PreconditionFailed  If-Match named a version that is no longer current
    │   ├── TooLarge                over a limit that is named in the message
    │   ├── OverBudget              more than one principal may add in a while
    │   ├── Unavailable             the node cannot do it now: stopping, writer gone
    │   │   └── DiskFull            there is no room for it on the node's disk
    │   └── Damaged                 what the node keeps is not what it must be: a disk that forgot, a file cut off
    └── PeerFault                   bytes that came from elsewhere are not what they must be
        ├── Rejected                they never can be: a pure function of the bytes
        └── MissingParents          they may be, once what they name has arrived

Our own bugs are assertions, and nobody catches those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.ids import EventId


class GitantError(Exception):
    """Everything Gitant raises on purpose."""


class LocalFault(GitantError):
    """A request this node will not carry out; `code` is stable, `hint` says what to do instead.

    `retry_after_s` says when to ask again, where that is known.
    """

    code = "fault"

    def __init__(self, message: str, *, hint: str = "", field: str = "", retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.retry_after_s = retry_after_s


class InvalidInput(LocalFault):
    """The request's words are off: shape, size or characters."""

    code = "invalid-input"


class Unauthenticated(LocalFault):
    """The request needs to say who is asking."""

    code = "unauthenticated"


class Forbidden(LocalFault):
    """The asker is known and may not do this."""

    code = "forbidden"


class NotFound(LocalFault):
    """There is no such thing, or none that the asker may see."""

    code = "not-found"


class Moved(LocalFault):
    """It is found at another address now; `to` is what to ask for instead, in the form that the asker used."""

    code = "moved"

    def __init__(self, message: str, *, to: str) -> None:
        super().__init__(message)
        self.to = to


class Conflict(LocalFault):
    """The thing is in another state than the request supposes."""

    code = "conflict"


class PreconditionFailed(Conflict):
    """`If-Match` named a version that is no longer current."""

    code = "precondition-failed"


class TooLarge(LocalFault):
    """Over a limit, which the message names."""

    code = "too-large"


class OverBudget(LocalFault):
    """More than one principal may add in a while; `retry_after_s` says when there is room again."""

    code = "over-budget"


class Unavailable(LocalFault):
    """The node cannot do it now."""

    code = "unavailable"


class DiskFull(Unavailable):
    """There is no room for it on the node's disk."""

    code = "disk-full"


class Damaged(LocalFault):
    """What the node keeps, and needs to answer, is missing or broken: somebody has to look after it."""

    code = "damaged"


LOCAL_FAULTS: dict[str, type[LocalFault]] = {
    fault.code: fault
    for fault in (
        InvalidInput,
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        PreconditionFailed,
        TooLarge,
        OverBudget,
        Unavailable,
        DiskFull,
        Damaged,
    )
}
"""By code: how a fault crosses the socket between an HTTP worker and the writer."""


class PeerFault(GitantError):
    """Bytes from elsewhere are not what they must be."""


class Rejected(PeerFault):
    """Never acceptable, whatever else arrives: a pure function of the bytes.

    `reason` is one of the codes in `domain/verdict.py`.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class MissingParents(PeerFault):
    """Not judgeable yet: events that it names as its past are not here."""

    def __init__(self, missing: tuple[EventId, ...]) -> None:
        super().__init__(f"{len(missing)} parents missing")
        self.missing = missing
