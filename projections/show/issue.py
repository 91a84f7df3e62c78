"""Rows of issues, of what they carry, and of the counts a repository shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.label.state import LabelState
from domain.reaction.contents import counts
from projections.show.form import body_conflicts, conflicts, encode_json, iso
from projections.show.links import hide_links, show_links
from projections.show.reactions import hide_reactions, show_reactions
from projections.show.unsettled import show_unsettled
from projections.tables import ISSUE_ASSIGNEES, ISSUE_LABELS, ISSUES, PINS

if TYPE_CHECKING:
    from domain.issue.state import IssueState
    from projections.canvas import Canvas


def show(state: IssueState, doc: bytes, canvas: Canvas) -> None:
    """Write an issue's row and its label and assignee rows."""
    shelf = canvas.shelf
    row = (
        canvas.position_of(state.key),
        state.key,
        state.stream,
        state.number,
        int(state.open),
        state.lamport,
        state.updated,
        state.author,
        state.title.value,
        state.body.value,
        doc,
    )
    shelf.put(ISSUES, row)
    if not canvas.is_new(state.key):
        _hide_carried(state.key, canvas)
    for label in state.labels.added:
        shelf.put(ISSUE_LABELS, (state.stream, label, state.lamport, state.key))
    for did in state.assignees.added:
        shelf.put(ISSUE_ASSIGNEES, (state.stream, did, state.lamport, state.key))
    _show_pin(state, canvas)
    show_unsettled(state.stream, "issue", state.key, canvas, waits=bool(_rivals(state)))
    show_reactions(state, canvas)
    show_links(state, state.key, canvas)


def hide(key: bytes, canvas: Canvas) -> None:
    """Take an issue away of which nothing counts any longer."""
    canvas.shelf.delete("DELETE FROM pins WHERE (stream, issue) IN (SELECT stream, id FROM issues WHERE id=?)", (key,))
    of_it = "(SELECT stream, 'issue', id FROM issues WHERE id=?)"
    canvas.shelf.delete(f"DELETE FROM unsettled WHERE (stream, sort, thing) IN {of_it}", (key,))
    canvas.shelf.delete("DELETE FROM issues WHERE id=?", (key,))
    _hide_carried(key, canvas)
    hide_reactions(key, canvas)
    hide_links(key, canvas)


def _hide_carried(key: bytes, canvas: Canvas) -> None:
    canvas.shelf.delete("DELETE FROM issue_labels WHERE issue=?", (key,))
    canvas.shelf.delete("DELETE FROM issue_assignees WHERE issue=?", (key,))


def _show_pin(state: IssueState, canvas: Canvas) -> None:
    if not canvas.is_new(state.key):
        canvas.shelf.delete("DELETE FROM pins WHERE stream=? AND issue=?", (state.stream, state.key))
    if state.pinned:
        canvas.shelf.put(PINS, (state.stream, state.key, state.pin.shown.lamport, state.pin.shown.event))


def document(state: IssueState, canvas: Canvas) -> bytes:
    """The JSON of one issue."""
    is_open, reason = state.status.value
    name = state.key.hex()
    fields: dict[str, Any] = {
        "id": name,
        "repo": state.stream.hex(),
        "number": state.number,
        "title": state.title.value,
        "body": state.body.value,
        "state": "open" if is_open else "closed",
        "state_reason": reason,
        "author": state.author,
        "labels": label_names(state, canvas),
        "assignees": state.assignees.members,
        "comments": state.comments,
        "created_at": iso(state.time),
        "updated_at": iso(state.updated),
        "lamport": state.lamport,
        "event": name,
        "edited": state.body.edited,
    }
    if state.reactions.added:
        fields["reactions"] = counts(state.reactions)
    if state.locked:
        fields |= {"locked": True, "lock_reason": state.lock_reason}
    if state.pinned:
        fields["pinned"] = True
    found = _rivals(state) | body_conflicts(state.body)
    if found:
        fields["conflicts"] = found
    return encode_json(fields)


def _rivals(state: IssueState) -> dict[str, Any]:
    """What somebody has to choose among; edits that had no effect are not."""
    found = conflicts(title=state.title, state=state.status, lock=state.lock)
    return found | {name: rivals for name, rivals in body_conflicts(state.body).items() if name == "body"}


def label_names(state: IssueState, canvas: Canvas) -> list[str]:
    """The names of the labels that an issue carries, without deleted ones and those not known here."""
    names = set[str]()
    for label in state.labels.added:
        known = canvas.state(label)
        if isinstance(known, LabelState) and not known.deleted and known.stream == state.stream:
            names.add(known.name.value)
    return sorted(names)
