"""`repository.topics_changed.v1`: words it is found by are put on it or taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.fold.kind import Kind, Payload
from domain.limits import TOPICS_PER_CHANGE_MAX
from domain.repository.state import RepositoryState, touching_repository
from domain.words import Replaces, Topic

if TYPE_CHECKING:
    from domain.envelope import Event


class TopicRemoval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic to take away, and the additions of it that the writer had seen."""

    topic: Topic
    observed: Replaces


class RepositoryTopicsChanged(Payload, frozen=True, kw_only=True):
    """Topics to add and to take away."""

    add: Annotated[list[Topic], msgspec.Meta(max_length=TOPICS_PER_CHANGE_MAX)] = []
    remove: Annotated[list[TopicRemoval], msgspec.Meta(max_length=TOPICS_PER_CHANGE_MAX)] = []


def _apply(state: RepositoryState, event: Event, payload: RepositoryTopicsChanged | None) -> None:
    if payload is None:
        return
    for removal in payload.remove:
        state.topics.remove(removal.topic, removal.observed)
    for topic in payload.add:
        state.topics.add(topic, event.id)
    state.updated = max(state.updated, event.time)


KIND = Kind(
    name="repository.topics_changed.v1",
    payload=RepositoryTopicsChanged,
    action="repository.edit",
    touches=touching_repository(_apply),
    acts_on=("repository",),
    redactable=True,
)
