"""One wire for each peer: which of two is kept. Both ends come to the same answer without a word about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, final

if TYPE_CHECKING:
    from domain.ids import Did

W = TypeVar("W")


def keeps_new(me: Did, peer: Did, *, old_dialled: bool, new_dialled: bool) -> bool:
    """Whether a new wire with a peer takes the place of the old; `…_dialled` says whether this side dialled it.

    When both dialled, the wire of the one with the lesser did is kept. When one did twice, it has lost the first.
    """
    if old_dialled is new_dialled:
        return True
    return new_dialled is (me < peer)


@final
class Roster(Generic[W]):
    """The wires that are kept, by peer."""

    def __init__(self, me: Did) -> None:
        self._me = me
        self._kept: dict[Did, tuple[W, bool]] = {}

    def add(self, peer: Did, wire: W, *, dialled: bool) -> W | None:
        """Take a wire in. The one that has to go, which may be this very one; None if there is no other."""
        old = self._kept.get(peer)
        if old is not None and not keeps_new(self._me, peer, old_dialled=old[1], new_dialled=dialled):
            return wire
        self._kept[peer] = wire, dialled
        return old[0] if old is not None else None

    def remove(self, peer: Did, wire: W) -> None:
        """A wire has ended; another that has taken its place stays."""
        if (kept := self._kept.get(peer)) is not None and kept[0] is wire:
            del self._kept[peer]

    def get(self, peer: Did) -> W | None:
        """The wire with a peer."""
        kept = self._kept.get(peer)
        return kept[0] if kept is not None else None

    def all(self) -> tuple[W, ...]:
        """All of them."""
        return tuple(wire for wire, _ in self._kept.values())
