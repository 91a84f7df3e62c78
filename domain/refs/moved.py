"""`refs.moved.v1`: branches and tags move, are created or deleted, all or none of one event's moves together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.authority.acts import Push
from domain.fold.kind import Kind, Payload, Touch
from domain.limits import MOVES_PER_EVENT_MAX
from domain.refs.names import ref_problem
from domain.refs.state import RefState, ref_key
from domain.words import Oid, RefName, Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class Move(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`old` and `new` are object ids, None where the ref is not there; `replaces` names the move events it follows.

    `forced` says that `old` is not in the history of `new`. The fold cannot check that; nodes that have the objects do.
    """

    ref: RefName
    old: Oid | None
    new: Oid | None
    replaces: Replaces
    forced: bool = False


class RefsMoved(Payload, frozen=True, kw_only=True):
    """At most 400 moves, each of another ref."""

    moves: Annotated[list[Move], msgspec.Meta(min_length=1, max_length=MOVES_PER_EVENT_MAX)]

    def problem(self) -> str:
        if len({move.ref for move in self.moves}) != len(self.moves):
            return "a ref is moved twice"
        for move in self.moves:
            problem = ref_problem(move.ref)
            if problem:
                return f"{move.ref!r}: {problem}"
        return ""


def _apply(move: Move, state: RefState, event: Event, _: RefsMoved) -> None:
    state.moves.write(event, move.new, move.replaces)


def _touches(event: Event, payload: RefsMoved | None) -> tuple[Touch, ...]:
    assert payload is not None, "ref payloads cannot be redacted"
    return tuple(Touch(ref_key(event.stream, move.ref), RefState, partial(_apply, move)) for move in payload.moves)


def _pushes(payload: RefsMoved) -> tuple[Push, ...]:
    return tuple(Push(move.ref, move.new is None, move.forced) for move in payload.moves)


KIND = Kind(
    name="refs.moved.v1",
    payload=RefsMoved,
    action="refs.move",
    touches=_touches,
    acts_on=("repository",),
    pushes=_pushes,
)
