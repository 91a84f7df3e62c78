"""What all parts of one core share: who it is, what it may use, its limits, and the effects it has decided on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from replication.alarms import Alarms
from replication.effects import Effect, Note, Token, WakeAt

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ids import DeviceKey, Did, StreamId
    from domain.ports_replication import Index
    from replication.limits import Limits
    from replication.records import Follows, Identity


class Chance(Protocol):
    """The part of `random.Random` that is used."""

    def randbytes(self, n: int, /) -> bytes:
        """So many random bytes."""
        ...

    def randrange(self, stop: int, /) -> int:
        """A number from 0 to below `stop`."""
        ...


@dataclass(slots=True)
class Room:
    """Shared by the links, the inbox and the objects of one `Replicator`."""

    identity: Identity
    index: Index
    rng: Chance
    follows: Follows
    limits: Limits
    verify: Callable[[DeviceKey, bytes, bytes], bool]
    alarms: Alarms = field(default_factory=Alarms)
    now: int = 0
    _out: list[Effect] = field(default_factory=list[Effect])
    _tokens: int = 0
    _wake: int | None = None

    def emit(self, effect: Effect) -> None:
        """Decide on an effect."""
        self._out.append(effect)

    def note(
        self, code: str, words: str, /, *, peer: Did | None = None, stream: StreamId | None = None, **values: Any
    ) -> None:
        """Tell whoever reads the log."""
        self._out.append(Note(code, words, peer, stream, values or None))

    def token(self) -> Token:
        """A new one."""
        self._tokens += 1
        return Token(self._tokens)

    def salt(self, size: int) -> bytes:
        """Random bytes."""
        return self.rng.randbytes(size)

    def flush(self) -> list[Effect]:
        """What was decided since the last time, with the next time to wake at if that has become earlier."""
        at = self.alarms.next_ms()
        if at is not None and (self._wake is None or at != self._wake):
            self._wake = at
            self._out.append(WakeAt(at))
        out, self._out = self._out, []
        return out

    def woken(self) -> None:
        """The wake that was asked for has come, or may have: ask for the next one again."""
        self._wake = None
