"""Rows of repositories, of their topics, and of where they were found before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.show.form import RIVALS_SHOWN_MAX, conflicts, encode_json, iso
from projections.tables import FORMER_PLACES, REPO_FORKS, REPO_TOPICS, REPOS

if TYPE_CHECKING:
    from domain.fold.register import Written
    from domain.repository.state import RepositoryState
    from projections.canvas import Canvas


def document(state: RepositoryState, canvas: Canvas) -> bytes:
    """The JSON of one repository, its counts included; owner names and URLs are the reader's to add."""
    opened, closed = canvas.issue_counts(state.key)
    fields: dict[str, Any] = {
        "id": state.key.hex(),
        "name": state.name,
        "description": state.description.value,
        "website": state.website.value,
        "topics": state.topics.members,
        "private": state.hidden,
        "archived": state.archived.value,
        "default_branch": state.default_branch.value,
        "created_at": iso(state.time),
        "updated_at": iso(state.updated),
        "roots": state.roots,
        "open_issues": opened,
        "closed_issues": closed,
        "stars": canvas.star_count(state.key),
        "event": state.key.hex(),
    }
    if state.forked_from:
        fields["fork_of"] = state.forked_from.hex()
    if state.imported_from:
        fields["imported_from"] = state.imported_from
    if state.offer.value:
        fields["offered_to"] = state.offer.value
    if state.deleted.value:
        fields["deleted"] = True
    fields |= _succession(state)
    found = conflicts(
        name=state.names,
        owner=state.owners,
        description=state.description,
        website=state.website,
        default_branch=state.default_branch,
        private=state.private,
        archived=state.archived,
        deleted=state.deleted,
    )
    if len(state.successors) > 1:
        found["succeeded_by"] = [_told(write) for write in state.successors[-RIVALS_SHOWN_MAX:]]
    if found:
        fields["conflicts"] = found
    return encode_json(fields)


def _succession(state: RepositoryState) -> dict[str, Any]:
    """What it goes on as, and who says so; nothing while no root does."""
    if not state.named:
        return {}
    named = [_told(write) for write in state.named]
    found: dict[str, Any] = {"succession": {"threshold": state.threshold, "named": named}}
    return {"succeeded_by": state.successors[-1].value.hex(), **found} if state.successors else found


def _told(write: Written[bytes]) -> dict[str, str]:
    return {"value": write.value.hex(), "author": write.author, "event": write.event.hex()}


def show(state: RepositoryState, doc: bytes, canvas: Canvas) -> None:
    """Write a repository's row and those of its topics and former places."""
    shelf = canvas.shelf
    row = (
        state.key,
        canvas.position_of(state.key),
        canvas.position_of(state.placed),
        state.name,
        state.owners.value,
        int(state.hidden),
        int(state.archived.value),
        state.successors[-1].value if state.successors else None,
        int(state.deleted.value),
        state.default_branch.value,
        canvas.readers(state.key),
        state.updated,
        canvas.star_count(state.key),
        doc,
    )
    shelf.put(REPOS, row)
    if not canvas.is_new(state.key):
        shelf.delete("DELETE FROM repo_topics WHERE stream=?", (state.key,))
        shelf.delete("DELETE FROM former_places WHERE stream=?", (state.key,))
    if state.forked_from:
        shelf.put(REPO_FORKS, (state.forked_from, state.key))
    for topic in state.topics.added:
        shelf.put(REPO_TOPICS, (topic, state.key))
    for place, left in state.former.items():
        shelf.put(FORMER_PLACES, (place.name, place.owner, state.key, canvas.position_of(left)))
