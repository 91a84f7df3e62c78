"""The states that were folded last, for they are likely to be wanted again: so many, and of so many bytes, at most."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from domain.fold.kind import State

STATES_MAX: Final = 8192
STATES_BYTES_MAX: Final = 64 * 2**20
"""Of the payloads that states were folded from: one of more than its share is rare, and never is it much less."""
STATES_MIN: Final = 64
"""Kept whatever they weigh, lest an entity in use be folded from its whole history for every event."""


@dataclass(slots=True)
class Folded:
    """A state, the place in the total order of the last event in it, and its share of the bytes of their payloads."""

    state: State
    last: tuple[int, bytes]
    payload_bytes: int = 0


@final
class States:
    """Keeps the most recently used states; those that are settled, and hardly change again, are the first to go."""

    def __init__(
        self, *, states_max: int = STATES_MAX, bytes_max: int = STATES_BYTES_MAX, states_min: int = STATES_MIN
    ) -> None:
        self._states_max = states_max
        self._bytes_max = bytes_max
        self._states_min = states_min
        self._held: OrderedDict[bytes, Folded] = OrderedDict()
        self._bytes = 0

    def find(self, key: bytes) -> State | None:
        """A state that is to be read."""
        folded = self._held.get(key)
        if folded is None:
            return None
        self._held.move_to_end(key)
        return folded.state

    def take(self, key: bytes) -> Folded | None:
        """A state that is to change, or to be made anew: it is here no more until it is kept again."""
        folded = self._held.pop(key, None)
        if folded is not None:
            self._bytes -= folded.payload_bytes
        return folded

    def keep(self, key: bytes, folded: Folded) -> None:
        """Keep a state that was taken or is new."""
        assert key not in self._held, "it was taken"
        self._held[key] = folded
        self._held.move_to_end(key, last=not folded.state.settled)
        self._bytes += folded.payload_bytes
        while len(self._held) > self._states_max or (
            self._bytes > self._bytes_max and len(self._held) > self._states_min
        ):
            _, dropped = self._held.popitem(last=False)
            self._bytes -= dropped.payload_bytes

    def clear(self) -> None:
        """Keep none."""
        self._held.clear()
        self._bytes = 0
