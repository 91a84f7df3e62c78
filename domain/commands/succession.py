"""What a repository goes on as: its roots name the successor, each for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.commands.scene import Done, Scene, allow, check, heads, match, repository, settle
from domain.errors import Conflict, InvalidInput
from domain.ids import EventId, StreamId
from domain.repository.state import RepositoryState
from domain.repository.succeeded import RepositorySucceeded

if TYPE_CHECKING:
    from domain.actor import Actor


class SucceedRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The id of the repository that this one goes on as, here or not; empty takes back what the actor said."""

    repo: bytes
    to: bytes
    if_match: str = ""


def succeed(scene: Scene, actor: Actor, args: SucceedRepository) -> Done:
    """Say as a root what a repository goes on as. It counts once as many roots say the same as its genesis asks for."""
    stream = StreamId(args.repo)
    state = repository(scene, stream, writable=False)
    match(scene, stream, args.if_match)
    allow(scene, actor, "repository.succeed", state)
    own = [write for write in state.succession.current if write.author == actor.did]
    if args.to:
        _check_successor(scene, state, StreamId(args.to))
    if [write.value for write in own] == [args.to] or not (own or args.to):
        return Done(stream)
    payload = RepositorySucceeded(successor=args.to or None, replaces=heads([write.event for write in own]))
    settle(scene, "repository.succeeded.v1", stream, stream, check(payload))
    return Done(stream)


def _check_successor(scene: Scene, state: RepositoryState, to: StreamId) -> None:
    """Raise a fault unless it is another repository that does not lead back here, or one that is unknown."""
    seen = {StreamId(state.key)}
    step: StreamId | None = to
    while step is not None:
        if step in seen:
            raise Conflict(f"that one goes on as {state.name} itself", field="to")
        seen.add(step)
        found = scene.state(step)
        if found is None and scene.known(EventId(step)) is None:
            return
        if not isinstance(found, RepositoryState) or not found.exists:
            raise InvalidInput("what it goes on as is no repository", field="to")
        step = StreamId(found.successors[-1].value) if found.successors else None
