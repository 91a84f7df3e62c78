"""What a text names, bound to ids by whoever writes it, so that no fold ever has to look a name up.

A payload with words in it carries the people, issues and commits that they name. What was named once stays named when
the words change, and goes when they are redacted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from domain.keys import is_did

if TYPE_CHECKING:
    from domain.envelope import Event
    from domain.ids import EventId

Linked: TypeAlias = tuple[int, tuple[str, ...], tuple[bytes, ...], tuple[bytes, ...]]
"""Of one event: its lamport time, and the people, issues and commits that it names."""


class Linking(Protocol):
    """A payload that names things."""

    @property
    def mentions(self) -> list[str]: ...
    @property
    def references(self) -> list[bytes]: ...
    @property
    def commits(self) -> list[bytes]: ...


class HasLinks(Protocol):
    """The state of a thing whose words name others, by the event that says so."""

    links: dict[EventId, Linked]


def mentions_problem(payload: Linking) -> str:
    """What is wrong with whom a payload mentions, or nothing."""
    return "" if all(map(is_did, payload.mentions)) else "a mention is no did:key"


def note_links(state: HasLinks, event: Event, payload: Linking) -> None:
    """Remember what an event's words name."""
    if payload.mentions or payload.references or payload.commits:
        named = tuple(payload.mentions), tuple(payload.references), tuple(payload.commits)
        state.links[event.id] = (event.lamport, *named)
