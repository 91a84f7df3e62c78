"""`identity.described.v1`: what a principal says of itself, all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain import limits
from domain.fold.kind import Kind, Payload
from domain.identity.certificates import touching_identity
from domain.identity.state import IdentityState, Profile
from domain.words import Description, Id, Replaces, Website, characters_problem, line_problem, website_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class IdentityDescribed(Payload, frozen=True, kw_only=True):
    """The whole profile (empty: nothing), and the events whose profiles it replaces."""

    replaces: Replaces
    display_name: Annotated[str, msgspec.Meta(max_length=limits.TITLE_CHARS_MAX)] = ""
    about: Description = ""
    website: Website = ""
    avatar: Id | None = None

    def problem(self) -> str:
        named = line_problem(self.display_name, "display_name") if self.display_name else ""
        return named or characters_problem(self.about, "about") or website_problem(self.website, "website")


def profile_of(payload: IdentityDescribed) -> Profile:
    """The profile that a payload writes."""
    return Profile(payload.display_name, payload.about, payload.website, payload.avatar or b"")


def _apply(state: IdentityState, event: Event, payload: IdentityDescribed | None) -> None:
    if payload is None:
        return
    state.said.append(event.id)
    state.updated = max(state.updated, event.time)
    state.profile.write(event, profile_of(payload), payload.replaces)


KIND = Kind(
    name="identity.described.v1",
    payload=IdentityDescribed,
    action="identity.edit",
    touches=touching_identity(_apply),
    acts_on=("identity",),
    redactable=True,
)
