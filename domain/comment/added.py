"""`comment.added.v1`: somebody says something on an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.comment.state import CommentState
from domain.fold.kind import Kind, Payload, Touch
from domain.issue.state import IssueState
from domain.links.bound import mentions_problem, note_links
from domain.words import Body, Commits, Mentions, References, body_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class CommentAdded(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """The words, and what they name (see `domain/links/bound.py`); the event's entity is the issue."""

    body: Body
    mentions: Mentions = []
    references: References = []
    commits: Commits = []

    def problem(self) -> str:
        if not self.body.strip():
            return "body is empty"
        return body_problem(self.body, "body") or mentions_problem(self)


def _apply_to_issue(state: IssueState, event: Event, _: CommentAdded | None) -> None:
    state.comments += 1
    state.updated = max(state.updated, event.time)


def _apply(state: CommentState, event: Event, payload: CommentAdded | None) -> None:
    assert event.entity is not None
    state.stream = event.stream
    state.issue = event.entity
    state.author = event.author
    state.lamport = event.lamport
    state.time = state.updated = event.time
    if payload is None:
        state.redacted = True
    else:
        state.body.open(event, payload.body)
        note_links(state, event, payload)


def _touches(event: Event, _: CommentAdded | None) -> tuple[Touch, ...]:
    assert event.entity is not None
    return (Touch(event.entity, IssueState, _apply_to_issue), Touch(event.id, CommentState, _apply))


KIND = Kind(
    name="comment.added.v1",
    payload=CommentAdded,
    action="comment.add",
    touches=_touches,
    acts_on=("issue",),
    creates="comment",
    redactable=True,
)
