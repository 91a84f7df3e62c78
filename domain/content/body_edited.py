"""`body.edited.v1`: splices on named earlier edits of an issue's or comment's body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from domain.content.bodies import touching_body
from domain.fold.kind import Kind, Payload
from domain.fold.merged import Splice
from domain.ids import EventId
from domain.limits import DOCUMENT_CHARS_MAX, SPLICES_PER_EDIT_MAX
from domain.links.bound import mentions_problem, note_links
from domain.words import Body, Commits, Mentions, References, Replaces, body_problem

if TYPE_CHECKING:
    from domain.envelope import Event

Position = Annotated[int, msgspec.Meta(ge=0, le=DOCUMENT_CHARS_MAX)]


class BodySplice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At code point `at`, delete `cut` code points and insert `text`."""

    at: Position
    cut: Position
    text: Body


class BodyEdited(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`base` names the edits (or the opening) whose merged text the splices are for.

    `mentions`, `references` and `commits` are what the text names now and did not before.
    """

    base: Annotated[Replaces, msgspec.Meta(min_length=1)]
    splices: Annotated[list[BodySplice], msgspec.Meta(min_length=1, max_length=SPLICES_PER_EDIT_MAX)]
    mentions: Mentions = []
    references: References = []
    commits: Commits = []

    def problem(self) -> str:
        problems = (body_problem(splice.text, "text") for splice in self.splices)
        return next(filter(None, problems), "") or mentions_problem(self)


def _apply(state: Any, event: Event, payload: BodyEdited | None) -> None:
    if payload is None:
        return
    splices = [Splice(splice.at, splice.cut, splice.text) for splice in payload.splices]
    reason = state.body.edit(event, [EventId(base) for base in payload.base], splices)
    if reason:
        state.voided[event.id] = reason
    else:
        state.updated = max(state.updated, event.time)
        note_links(state, event, payload)


KIND = Kind(
    name="body.edited.v1",
    payload=BodyEdited,
    action="body.edit",
    touches=touching_body(_apply),
    acts_on=("issue", "comment"),
    redactable=True,
)
