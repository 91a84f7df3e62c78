"""Star and watch repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from domain.commands.scene import Done, Scene, allow, check, heads, repository, settle
from domain.follower.starred import RepositoryStarred
from domain.follower.state import FollowerState, follower_key
from domain.follower.unstarred import RepositoryUnstarred
from domain.follower.watched import RepositoryWatched
from domain.ids import StreamId
from domain.limits import REPLACES_MAX

if TYPE_CHECKING:
    from domain.actor import Actor


class StarRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether a repository is to have the actor's star."""

    repo: bytes
    starred: bool


def star(scene: Scene, actor: Actor, args: StarRepository) -> Done:
    """Give a repository one's star, or take it back; what is so already stays so."""
    stream = StreamId(args.repo)
    allow(scene, actor, "repository.star", repository(scene, stream, writable=False))
    assert actor.did is not None, "nobody was let in who did not say who they are"
    key = follower_key(stream, actor.did)
    state = scene.state(key)
    stands = isinstance(state, FollowerState) and state.stands
    if args.starred and not stands:
        scene.write("repository.starred.v1", stream, stream, RepositoryStarred())
    while not args.starred and isinstance(state, FollowerState) and state.stands:
        observed = heads(state.stars.observed(actor.did))[:REPLACES_MAX]
        scene.write("repository.unstarred.v1", stream, stream, RepositoryUnstarred(observed=observed))
        state = scene.state(key)
    return Done(key if scene.state(key) is not None else None)


class WatchRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of a repository the actor wants to hear; empty takes a choice back."""

    repo: bytes
    level: Literal["", "participating", "all", "ignore"]


def watch(scene: Scene, actor: Actor, args: WatchRepository) -> Done:
    """Choose what of a repository one wants to hear."""
    stream = StreamId(args.repo)
    allow(scene, actor, "repository.watch", repository(scene, stream, writable=False))
    assert actor.did is not None, "nobody was let in who did not say who they are"
    key = follower_key(stream, actor.did)
    state = scene.state(key)
    levels = state.levels if isinstance(state, FollowerState) else None
    now = levels.value if levels is not None and levels.current else ""
    if args.level != now or (levels is not None and levels.conflict):
        replaced = heads(levels.heads) if levels is not None else []
        payload = check(RepositoryWatched(level=args.level, replaces=replaced))
        settle(scene, "repository.watched.v1", stream, stream, payload)
    return Done(key if scene.state(key) is not None else None)
