"""Create, edit and delete repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from domain.commands.places import check_free
from domain.commands.scene import (
    Done,
    HeadChanged,
    RepositoryMade,
    Scene,
    allow,
    check,
    heads,
    match,
    repository,
    settle,
    signer,
)
from domain.errors import Conflict, Forbidden, InvalidInput
from domain.ids import Did, StreamId
from domain.limits import TOPICS_PER_CHANGE_MAX
from domain.refs.names import BRANCH_PREFIX
from domain.repository.archived import RepositoryArchived
from domain.repository.created import RepositoryCreated
from domain.repository.default_branch_set import RepositoryDefaultBranchSet
from domain.repository.described import RepositoryDescribed
from domain.repository.renamed import RepositoryRenamed
from domain.repository.topics_changed import RepositoryTopicsChanged, TopicRemoval
from domain.repository.visibility_set import RepositoryVisibilitySet
from domain.repository.website_set import RepositoryWebsiteSet
from domain.words import Description, Website

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.actor import Actor
    from domain.fold.register import Register
    from domain.repository.state import RepositoryState

T = TypeVar("T")
_OBSERVED_PER_TOPIC_MAX: Final = 16


class CreateRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a new repository is to be."""

    name: str
    description: Description = ""
    private: bool = False
    default_branch: str = "main"


def create(scene: Scene, actor: Actor, args: CreateRepository) -> Done:
    """Begin a repository's stream."""
    me = newcomer(scene, actor, args.name)
    payload = check(
        RepositoryCreated(
            name=args.name,
            description=args.description,
            default_branch=args.default_branch,
            private=args.private,
        )
    )
    event = scene.begin("repository.created.v1", payload, [me])
    scene.after(RepositoryMade(event.stream))
    return Done(event.stream)


def newcomer(scene: Scene, actor: Actor, name: str, owner: str = "") -> Did:
    """Who a new repository will belong to, if the actor may make one of this name."""
    me = signer(scene, actor)
    if owner and scene.principal(owner) != me:
        raise Forbidden(f"you cannot make a repository for {owner}", hint="leave owner out", field="owner")
    if scene.repository_named(me, name) is not None:
        raise Conflict(f"you already have a repository named {name}", hint="choose another name", field="name")
    return me


class EditRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of a repository is to change. Under a new `name`, the old one leads to it until another takes that place."""

    repo: bytes
    name: str | None = None
    description: Description | None = None
    website: Website | None = None
    default_branch: str | None = None
    private: bool | None = None
    archived: bool | None = None
    if_match: str = ""


def edit(scene: Scene, actor: Actor, args: EditRepository) -> Done:
    """Set any of a repository's registers."""
    stream = StreamId(args.repo)
    state = repository(scene, stream, writable=args.archived is not False)
    match(scene, stream, args.if_match)
    writes = list(_writes(state, args))
    for action, _, payload in writes:
        allow(scene, actor, f"repository.{action}", state)
        check(payload)
    if args.name is not None and args.name != state.name:
        check_free(scene, Did(state.owners.value), args.name, stream, asker=actor.did)
    branched = any(verb == "default_branch_set" for _, verb, _ in writes)
    if args.default_branch is not None and args.default_branch != state.default_branch.value:
        _check_branch(scene, state, args.default_branch)
    for _, verb, payload in writes:
        settle(scene, f"repository.{verb}.v1", stream, stream, payload)
    if branched:
        scene.after(HeadChanged(stream))
    return Done(stream)


def _writes(state: RepositoryState, args: EditRepository) -> Iterator[tuple[str, str, Any]]:
    """The action, the kind's verb and the payload of each register that is to change, or whose conflict is settled."""
    if _changes(args.archived, state.archived):
        replaced = heads(state.archived.heads)
        yield "archive", "archived", RepositoryArchived(archived=bool(args.archived), replaces=replaced)
    if args.private is not None and (args.private != state.hidden or state.private.conflict):
        replaced = heads(state.private.heads)
        yield "administer", "visibility_set", RepositoryVisibilitySet(private=args.private, replaces=replaced)
    if _changes(args.name, state.names):
        yield "rename", "renamed", RepositoryRenamed(name=args.name or "", replaces=heads(state.names.heads))
    if _changes(args.description, state.description):
        replaced = heads(state.description.heads)
        yield "edit", "described", RepositoryDescribed(description=args.description or "", replaces=replaced)
    if _changes(args.website, state.website):
        replaced = heads(state.website.heads)
        yield "edit", "website_set", RepositoryWebsiteSet(website=args.website or "", replaces=replaced)
    if _changes(args.default_branch, state.default_branch):
        replaced = heads(state.default_branch.heads)
        payload = RepositoryDefaultBranchSet(branch=args.default_branch or "", replaces=replaced)
        yield "edit", "default_branch_set", payload


def _changes(wanted: T | None, register: Register[T]) -> bool:
    return wanted is not None and (wanted != register.value or bool(register.conflict))


def _check_branch(scene: Scene, state: RepositoryState, branch: str) -> None:
    """Raise `InvalidInput` unless the branch is there; where there is none at all, one to come may be chosen."""
    refs = scene.refs(StreamId(state.key))
    if BRANCH_PREFIX + branch not in refs and any(name.startswith(BRANCH_PREFIX) for name in refs):
        hint = f"push it first, or choose one of those there are: gitant branch list --repo {state.name}"
        raise InvalidInput(f"there is no branch {branch} in {state.name}", hint=hint, field="default_branch")


class SetTopics(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All the topics that a repository is to be found by."""

    repo: bytes
    topics: list[str]
    if_match: str = ""


def set_topics(scene: Scene, actor: Actor, args: SetTopics) -> Done:
    """Make a repository's topics exactly these."""
    stream = StreamId(args.repo)
    state = repository(scene, stream)
    match(scene, stream, args.if_match)
    allow(scene, actor, "repository.edit", state)
    wanted = sorted(set(args.topics))
    if len(wanted) > TOPICS_PER_CHANGE_MAX:
        raise InvalidInput(f"a repository has at most {TOPICS_PER_CHANGE_MAX} topics", field="topics")
    check(RepositoryTopicsChanged(add=wanted))
    add = [topic for topic in wanted if topic not in state.topics.added]
    while True:
        gone = [topic for topic in state.topics.members if topic not in wanted][:TOPICS_PER_CHANGE_MAX]
        if not add and not gone:
            return Done(stream)
        # Few of each: what others added at the same time may be much, and an event holds only so much.
        observed = {topic: heads(state.topics.observed(topic))[:_OBSERVED_PER_TOPIC_MAX] for topic in gone}
        remove = [TopicRemoval(topic=topic, observed=seen) for topic, seen in observed.items()]
        payload = RepositoryTopicsChanged(add=add, remove=remove)
        scene.write("repository.topics_changed.v1", stream, stream, payload)
        state, add = repository(scene, stream), []
