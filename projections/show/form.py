"""How values look in documents: times, ids, conflicts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from domain.fold.register import Register
    from domain.fold.text import Text

_MINUTE_MS: Final = 60_000
_TIME_MS_LAST: Final = 253_402_300_799_000
RIVALS_SHOWN_MAX: Final = 20
RIVAL_CHARS_MAX: Final = 16 * 1024
"""A document is shown in lists and written anew with every change, so it cannot grow with whatever is thrown at it. The
rest is in the log, and to settle a conflict settles all of it."""
encode_json: Final = msgspec.json.Encoder().encode


def iso(time_ms: int) -> str:
    """A claimed time in RFC 3339, UTC; times past year 9999 show as its last second."""
    minutes, rest = divmod(min(time_ms, _TIME_MS_LAST), _MINUTE_MS)
    seconds, milliseconds = divmod(rest, 1000)
    return f"{_minute(minutes)}:{seconds:02d}.{milliseconds:03d}Z"


@lru_cache(1_024)
def _minute(minutes: int) -> str:
    """The part that many events have in common: to work it out takes most of the time."""
    return datetime.fromtimestamp(minutes * 60, UTC).isoformat()[:16]


def conflict_of(register: Register[Any]) -> list[dict[str, Any]]:
    """The rival values of a register, each with who wrote it in which event."""
    shown = register.conflict[-RIVALS_SHOWN_MAX:]
    return [{"value": write.value, "author": write.author, "event": write.event.hex()} for write in shown]


def body_conflicts(body: Text) -> dict[str, Any]:
    """What of a body needs a person: rival documents and edits that could not be applied."""
    found: dict[str, Any] = {}
    if body.rivals:
        rivals = body.rivals[-RIVALS_SHOWN_MAX:]
        found["body"] = [{"event": event.hex(), "value": text[:RIVAL_CHARS_MAX]} for event, text in rivals]
    if body.stranded:
        stranded = sorted(body.stranded.items())[-RIVALS_SHOWN_MAX:]
        found["edits"] = [{"event": event.hex(), "reason": reason} for event, reason in stranded]
    return found


def conflicts(**registers: Register[Any]) -> dict[str, Any]:
    """All conflicts among named registers; empty when there are none."""
    return {
        name: conflict_of(register)
        for name, register in registers.items()
        if len(register.current) > 1 and register.conflict
    }
