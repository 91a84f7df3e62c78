"""Create, edit and delete repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from domain.commands.scene import (
    Done,
    HeadChanged,
    RepositoryGone,
    RepositoryMade,
    Scene,
    allow,
    check,
    heads,
    match,
    repository,
    settle,
)
from domain.errors import Conflict, Forbidden, Unauthenticated
from domain.ids import StreamId
from domain.repository.archived import RepositoryArchived
from domain.repository.created import RepositoryCreated
from domain.repository.default_branch_set import RepositoryDefaultBranchSet
from domain.repository.deleted import RepositoryDeleted
from domain.repository.described import RepositoryDescribed
from domain.repository.visibility_set import RepositoryVisibilitySet
from domain.words import Description

if TYPE_CHECKING:
    from domain.actor import Actor


class CreateRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a new repository is to be."""

    name: str
    description: Description = ""
    private: bool = False
    default_branch: str = "main"


def create(scene: Scene, actor: Actor, args: CreateRepository) -> Done:
    """Begin a repository's stream."""
    if actor.did is None:
        raise Unauthenticated("creating a repository needs a token", hint="use what `gitant token` prints")
    if not actor.operator:
        raise Forbidden("only the operator may create repositories on this node")
    payload = check(
        RepositoryCreated(
            name=args.name,
            description=args.description,
            default_branch=args.default_branch,
            private=args.private,
        )
    )
    if scene.repository_named(actor.did, args.name) is not None:
        raise Conflict(f"you already have a repository named {args.name}", hint="choose another name", field="name")
    event = scene.begin("repository.created.v1", payload, [actor.did])
    scene.after(RepositoryMade(event.stream))
    return Done(event.stream)


class EditRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of a repository is to change."""

    repo: bytes
    description: Description | None = None
    default_branch: str | None = None
    private: bool | None = None
    archived: bool | None = None
    if_match: str = ""


def edit(scene: Scene, actor: Actor, args: EditRepository) -> Done:
    """Set any of a repository's registers."""
    stream = StreamId(args.repo)
    unarchiving = args.archived is False
    state = repository(scene, stream, writable=not unarchiving)
    match(scene, stream, args.if_match)
    writes: list[tuple[str, str, Any]] = []
    if args.archived is not None and (args.archived != state.archived.value or state.archived.conflict):
        replaced = heads(state.archived.heads)
        writes.append(("administer", "archived", RepositoryArchived(archived=args.archived, replaces=replaced)))
    if args.private is not None and (args.private != state.hidden or state.private.conflict):
        replaced = heads(state.private.heads)
        writes.append(
            ("administer", "visibility_set", RepositoryVisibilitySet(private=args.private, replaces=replaced))
        )
    if args.description is not None and (args.description != state.description.value or state.description.conflict):
        payload = RepositoryDescribed(description=args.description, replaces=heads(state.description.heads))
        writes.append(("edit", "described", payload))
    branch = state.default_branch
    moved = args.default_branch is not None and (args.default_branch != branch.value or bool(branch.conflict))
    if args.default_branch is not None and moved:
        head = RepositoryDefaultBranchSet(branch=args.default_branch, replaces=heads(branch.heads))
        writes.append(("edit", "default_branch_set", head))
    for action, _, payload in writes:
        allow(scene, actor, f"repository.{action}", state)
        check(payload)
    for _, verb, payload in writes:
        settle(scene, f"repository.{verb}.v1", stream, stream, payload)
    if moved:
        scene.after(HeadChanged(stream))
    return Done(stream)


class DeleteRepository(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which repository is to go."""

    repo: bytes
    if_match: str = ""


def delete(scene: Scene, actor: Actor, args: DeleteRepository) -> Done:
    """Take a repository from readers; its log and objects stay on this disk."""
    stream = StreamId(args.repo)
    state = repository(scene, stream, writable=False)
    match(scene, stream, args.if_match)
    allow(scene, actor, "repository.administer", state)
    payload = RepositoryDeleted(deleted=True, replaces=heads(state.deleted.heads))
    settle(scene, "repository.deleted.v1", stream, stream, payload)
    scene.after(RepositoryGone(stream))
    return Done()
