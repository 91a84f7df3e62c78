"""`issue.opened.v1`: an issue begins, with a proposed number, a title and a plain body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.fold.kind import Kind, Payload, Touch
from domain.issue.state import IssueState
from domain.keys import is_did
from domain.limits import ASSIGNEES_PER_CHANGE_MAX, LABELS_PER_CHANGE_MAX
from domain.links.bound import mentions_problem, note_links
from domain.words import Body, Commits, Count, Id, Mentions, References, Title, body_problem, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class IssueOpened(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`number` is 1 + the highest its writer had seen; `labels` are label ids.

    `mentions`, `references` and `commits` are what the body names (see `domain/links/bound.py`).
    """

    title: Title
    body: Body = ""
    number: Count
    labels: Annotated[list[Id], msgspec.Meta(max_length=LABELS_PER_CHANGE_MAX)] = []
    assignees: Annotated[list[str], msgspec.Meta(max_length=ASSIGNEES_PER_CHANGE_MAX)] = []
    mentions: Mentions = []
    references: References = []
    commits: Commits = []

    def problem(self) -> str:
        if not all(map(is_did, self.assignees)):
            return "an assignee is no did:key"
        return line_problem(self.title, "title") or body_problem(self.body, "body") or mentions_problem(self)


REDACTED_TITLE = "[redacted]"


def _apply(state: IssueState, event: Event, payload: IssueOpened | None) -> None:
    state.stream = event.stream
    state.author = event.author
    state.lamport = event.lamport
    state.time = state.updated = event.time
    state.status.write(event, (True, ""))
    if payload is None:
        # The number is what links point to, but it was in the payload: the content id still names the issue.
        state.title.write(event, REDACTED_TITLE)
        return
    state.number = payload.number
    state.title.write(event, payload.title)
    state.body.open(event, payload.body)
    note_links(state, event, payload)
    for label in payload.labels:
        state.labels.add(label, event.id)
    for did in payload.assignees:
        state.assignees.add(did, event.id)


def _check(event: Event, payload: IssueOpened) -> str:
    return "" if 0 < payload.number < event.lamport else "number-invalid"


def _demands(payload: IssueOpened) -> str:
    """To label and assign is not the opener's, as little in the opening as later."""
    return "issue.triage" if payload.labels or payload.assignees else ""


def _touches(event: Event, _: IssueOpened | None) -> tuple[Touch, ...]:
    return (Touch(event.id, IssueState, _apply),)


KIND = Kind(
    name="issue.opened.v1",
    payload=IssueOpened,
    action="issue.open",
    touches=_touches,
    acts_on=("repository",),
    creates="issue",
    check=_check,
    demands=_demands,
    redactable=True,
)
