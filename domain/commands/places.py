"""Where repositories are found: hand over, delete for a while, and take back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from domain.authority.acts import Grant
from domain.authority.roles import Role
from domain.commands.scene import (
    Done,
    HeadChanged,
    RepositoryGone,
    Scene,
    allow,
    allow_act,
    check,
    heads,
    match,
    repository,
    settle,
)
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from domain.fold.kind import read_payload
from domain.ids import Did, StreamId
from domain.member.granted import MemberGranted
from domain.repository.deleted import KIND as DELETED
from domain.repository.deleted import RepositoryDeleted
from domain.repository.offered import RepositoryOffered
from domain.repository.renamed import KIND as RENAMED
from domain.repository.renamed import RepositoryRenamed
from domain.repository.state import RepositoryState
from domain.repository.transferred import KIND as TRANSFERRED
from domain.repository.transferred import RepositoryTransferred

if TYPE_CHECKING:
    from domain.actor import Actor
    from domain.envelope import Event
    from domain.fold.kind import Kind

_MOVING: Final[dict[str, Kind]] = {kind.name: kind for kind in (RENAMED, TRANSFERRED, DELETED)}


class OfferRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """To whom a repository is offered, by name or did; empty takes an offer back."""

    repo: bytes
    to: str
    if_match: str = ""


def offer(scene: Scene, actor: Actor, args: OfferRepository) -> Done:
    """Offer a repository to somebody, whose it is once they accept; they get the role of an owner at once.

    To take an offer back takes no role away.
    """
    stream = StreamId(args.repo)
    state = repository(scene, stream)
    match(scene, stream, args.if_match)
    allow(scene, actor, "repository.transfer", state)
    to = scene.principal(args.to) if args.to else Did("")
    if to is None or (to and not scene.enrolled(to)):
        raise InvalidInput(f"this node knows nobody called {args.to}", hint="they enrol their key first", field="owner")
    if to == state.owners.value:
        raise Conflict("it is theirs already")
    if to:
        check_free(scene, to, state.name, stream, asker=actor.did, only_seen=True)
    if to and scene.role(stream, to) < Role.OWNER:
        # An owner is a name to be found by; what they may do there has to be given.
        allow_act(scene, actor, "member.change", state, Grant(to, Role.OWNER))
        scene.write("member.granted.v1", stream, stream, MemberGranted(principal=to, role=Role.OWNER.word))
    if to == state.offer.value and not state.offer.conflict:
        return Done(stream)
    payload = check(RepositoryOffered(to=to, replaces=heads(state.offer.heads)))
    settle(scene, "repository.offered.v1", stream, stream, payload)
    return Done(stream)


class AcceptRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which offered repository is taken over."""

    repo: bytes
    if_match: str = ""


def accept(scene: Scene, actor: Actor, args: AcceptRepository) -> Done:
    """Take over a repository that is offered to the actor: it is found under their name from now on."""
    stream = StreamId(args.repo)
    state = repository(scene, stream)
    match(scene, stream, args.if_match)
    allow(scene, actor, "repository.accept", state)
    offers = [write.event for write in state.offer.current if write.value == actor.did]
    if not offers or actor.did is None:
        raise Forbidden(f"{state.name} is not offered to you")
    if state.owners.value == actor.did and not state.owners.conflict:
        raise Conflict("it is yours already")
    check_free(scene, actor.did, state.name, stream, asker=actor.did)
    payload = check(RepositoryTransferred(offer=offers[-1], replaces=heads(state.owners.heads)))
    settle(scene, "repository.transferred.v1", stream, stream, payload)
    return Done(stream)


class DeleteRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which repository is to go."""

    repo: bytes
    if_match: str = ""


def delete(scene: Scene, actor: Actor, args: DeleteRepository) -> Done:
    """Take a repository from readers. Its objects stay on this disk for a while, its log for good."""
    stream = StreamId(args.repo)
    state = repository(scene, stream, writable=False)
    match(scene, stream, args.if_match)
    allow(scene, actor, "repository.administer", state)
    payload = RepositoryDeleted(deleted=True, replaces=heads(state.deleted.heads))
    settle(scene, "repository.deleted.v1", stream, stream, payload)
    scene.after(RepositoryGone(stream))
    return Done()


class UndeleteRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which deleted repository is to come back; under another name, if its own was taken meanwhile."""

    repo: bytes
    name: str = ""


def undelete(scene: Scene, actor: Actor, args: UndeleteRepository) -> Done:
    """Bring back a deleted repository with everything in it, as long as its objects are here."""
    stream = StreamId(args.repo)
    state = scene.state(stream)
    if not isinstance(state, RepositoryState) or not state.name:
        raise NotFound("there is no such repository")
    allow(scene, actor, "repository.administer", state)
    if state.exists:
        raise Conflict(f"{state.name} is not deleted")
    if not scene.holds_repository(stream):
        raise Conflict(
            f"{state.name} was deleted too long ago: its git objects are gone from this node",
            hint="the setting delete_grace_days says how long they are kept; make a new one and push to it",
        )
    name = args.name or state.name
    renamed = check(RepositoryRenamed(name=name, replaces=heads(state.names.heads)))
    if name != state.name:
        allow(scene, actor, "repository.rename", state)
    hint = "give it another one: gitant repo undelete --name"
    check_free(scene, Did(state.owners.value), name, stream, hint=hint, asker=actor.did)
    if name != state.name:
        settle(scene, "repository.renamed.v1", stream, stream, renamed)
    payload = RepositoryDeleted(deleted=False, replaces=heads(state.deleted.heads))
    settle(scene, "repository.deleted.v1", stream, stream, payload)
    scene.after(HeadChanged(stream))
    return Done(stream)


def check_submitted(scene: Scene, event: Event, state: RepositoryState) -> None:
    """Raise a fault if an event that somebody else signed would put a repository where another one is found here."""
    if event.kind not in _MOVING or event.payload is None:
        return
    payload = read_payload(_MOVING[event.kind], event.payload)
    owner, name = Did(state.owners.value), state.name
    if isinstance(payload, RepositoryRenamed):
        name = payload.name
    elif isinstance(payload, RepositoryTransferred):
        if not any(write.event == payload.offer and write.value == event.author for write in state.offer.current):
            raise Forbidden("the repository is not offered to whoever signed this, or not by that event")
        owner = event.author
    elif isinstance(payload, RepositoryDeleted) and (payload.deleted or state.exists):
        return
    elif not scene.holds_repository(event.stream):
        raise Conflict("the repository's git objects are gone from this node")
    check_free(scene, owner, name, event.stream)


def check_free(
    scene: Scene,
    owner: Did,
    name: str,
    stream: StreamId,
    *,
    hint: str = "choose another name",
    asker: Did | None = None,
    only_seen: bool = False,
) -> None:
    """Raise `Conflict` if another repository is found here under that owner and name.

    With `only_seen` not for one that `asker` may not see: then it is for later, and for somebody else, to find out.
    """
    found = scene.repository_named(owner, name)
    if found is None or found == stream or (only_seen and not _sees(scene, asker, found)):
        return
    whose = "you already have" if owner == asker else f"{owner} already has"
    raise Conflict(f"{whose} a repository named {name}", hint=hint, field="name")


def _sees(scene: Scene, did: Did | None, repo: StreamId) -> bool:
    state = scene.state(repo)
    is_hidden = isinstance(state, RepositoryState) and state.hidden
    return not is_hidden or (did is not None and scene.role(repo, did) >= Role.VIEWER)
