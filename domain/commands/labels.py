"""Create, edit and delete labels; find the ids behind names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from domain.commands.scene import Done, Scene, allow, check, heads, match, repository, settle
from domain.errors import Conflict, InvalidInput, NotFound
from domain.ids import StreamId
from domain.label.created import LabelCreated
from domain.label.deleted import LabelDeleted
from domain.label.described import LabelDescribed
from domain.label.recoloured import LabelRecoloured
from domain.label.renamed import LabelRenamed
from domain.words import Description, LabelName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.actor import Actor
    from domain.label.state import LabelState

DEFAULT_COLOUR = "ededed"


class CreateLabel(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a new label is to be."""

    repo: bytes
    name: LabelName
    color: str = DEFAULT_COLOUR
    description: Description = ""


def create(scene: Scene, actor: Actor, args: CreateLabel) -> Done:
    """Create a label whose name is free."""
    repo = repository(scene, StreamId(args.repo))
    allow(scene, actor, "label.manage", repo)
    payload = check(LabelCreated(name=args.name, colour=_colour(args.color), description=args.description))
    if scene.labels_named(StreamId(args.repo), args.name):
        raise Conflict(f"there is a label {args.name!r} already", hint="edit that one, or choose another name")
    event = scene.write("label.created.v1", StreamId(args.repo), args.repo, payload)
    return Done(event.id)


class EditLabel(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of the label named `label` is to change."""

    repo: bytes
    label: str
    name: LabelName | None = None
    color: str | None = None
    description: Description | None = None
    if_match: str = ""


def edit(scene: Scene, actor: Actor, args: EditLabel) -> Done:
    """Rename, recolour or describe a label; all of that name where there are several."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream)
    labels = _named(scene, stream, args.label)
    match(scene, labels[-1].key, args.if_match)
    allow(scene, actor, "label.manage", repo)
    if args.name is not None and args.name != args.label and scene.labels_named(stream, args.name):
        raise Conflict(f"there is a label {args.name!r} already", hint="choose another name")
    writes = [write for label in labels for write in _changes(label, args)]
    for _, _, payload in writes:
        check(payload)
    for key, verb, payload in writes:
        settle(scene, f"label.{verb}.v1", stream, key, payload)
    return Done(labels[-1].key)


def _changes(label: LabelState, args: EditLabel) -> list[tuple[bytes, str, Any]]:
    writes: list[tuple[bytes, str, Any]] = []
    if args.name is not None and (args.name != label.name.value or label.name.conflict):
        writes.append((label.key, "renamed", LabelRenamed(name=args.name, replaces=heads(label.name.heads))))
    if args.color is not None and (_colour(args.color) != label.colour.value or label.colour.conflict):
        colour = LabelRecoloured(colour=_colour(args.color), replaces=heads(label.colour.heads))
        writes.append((label.key, "recoloured", colour))
    if args.description is not None and (args.description != label.description.value or label.description.conflict):
        words = LabelDescribed(description=args.description, replaces=heads(label.description.heads))
        writes.append((label.key, "described", words))
    return writes


class DeleteLabel(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which label is to go."""

    repo: bytes
    label: str
    if_match: str = ""


def delete(scene: Scene, actor: Actor, args: DeleteLabel) -> Done:
    """Delete a label from the repository and from every issue that carries it."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream)
    labels = _named(scene, stream, args.label)
    match(scene, labels[-1].key, args.if_match)
    allow(scene, actor, "label.manage", repo)
    for label in labels:
        scene.write("label.deleted.v1", stream, label.key, LabelDeleted())
    return Done()


def new_labels(scene: Scene, stream: StreamId, names: Sequence[str]) -> list[str]:
    """Which of `names` have no label yet, checked to be usable as names."""
    missing = [name for name in dict.fromkeys(names) if not scene.labels_named(stream, name)]
    for name in missing:
        if len(name) > 64:
            raise InvalidInput("a label's name is over 64 characters", field="labels")
        check(LabelCreated(name=name, colour=DEFAULT_COLOUR))
    return missing


def label_ids(scene: Scene, stream: StreamId, names: Sequence[str]) -> list[bytes]:
    """The ids of labels by name; those that are new get created."""
    for name in new_labels(scene, stream, names):
        scene.write("label.created.v1", stream, stream, LabelCreated(name=name, colour=DEFAULT_COLOUR))
    return [scene.labels_named(stream, name)[-1].key for name in dict.fromkeys(names)]


def _named(scene: Scene, stream: StreamId, name: str) -> Sequence[LabelState]:
    labels = scene.labels_named(stream, name)
    if not labels:
        raise NotFound(f"there is no label {name!r}", hint="see which there are: gitant label list")
    return labels


def _colour(text: str) -> str:
    colour = text.removeprefix("#").lower()
    if len(colour) == 3:
        colour = "".join(digit * 2 for digit in colour)
    if len(colour) != 6 or not all(digit in "0123456789abcdef" for digit in colour):
        raise InvalidInput(f"{text!r} is no colour", hint="give six hex digits, like d73a4a", field="color")
    return colour
