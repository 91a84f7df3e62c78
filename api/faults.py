"""Faults that only HTTP knows: a body that is no JSON, a media type nobody speaks."""

from __future__ import annotations

from domain.errors import LocalFault, Unauthenticated


class Malformed(LocalFault):
    """The bytes of the request are not what they claim to be."""

    code = "malformed"


class UnsupportedMedia(LocalFault):
    """The body is of a media type, or encoded in a way, that this route does not take."""

    code = "unsupported-media-type"


class NotBelieved(Unauthenticated):
    """A signature or a capability that is not taken; `reason` is its stable code."""

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class UnknownHost(LocalFault):
    """The request was meant for a host that this node is not."""

    code = "unknown-host"


class RateLimited(LocalFault):
    """The asker has asked too often; there is room again after `retry_after_s`."""

    code = "rate-limited"


class PackNotTaken(LocalFault):
    """A pushed pack was refused; the message says why."""

    code = "pack-refused"


class RefsNotMoved(LocalFault):
    """Some refs of an atomic push could not move, so none did; `reasons` holds (index, reason) pairs."""

    code = "refs-refused"

    def __init__(self, message: str, reasons: list[tuple[int, str]]) -> None:
        super().__init__(message, hint="fetch what is there now, and send moves that start from it")
        self.reasons = reasons


class EventRejected(LocalFault):
    """The bytes of an event can never be accepted; `reason` is its stable code."""

    code = "event-rejected"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, hint="docs/event-format.md says what an event's bytes must be")
        self.reason = reason


class EventVoid(LocalFault):
    """An event that is well formed would have no effect; `reason` is the verdict's stable code."""

    code = "void-event"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, hint="docs/event-format.md lists the reasons an event is void for")
        self.reason = reason


class NotReady(LocalFault):
    """The node is up and cannot take work yet; `checks` says what was looked at."""

    code = "not-ready"

    def __init__(self, message: str, checks: dict[str, object]) -> None:
        super().__init__(message)
        self.checks = checks
