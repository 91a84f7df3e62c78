"""Rows of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.show.form import conflicts, encode_json, iso
from projections.tables import REPOS

if TYPE_CHECKING:
    from domain.repository.state import RepositoryState
    from projections.canvas import Canvas


def document(state: RepositoryState, canvas: Canvas) -> bytes:
    """The JSON of one repository, counts of its issues included; owner names and URLs are the reader's to add."""
    opened, closed = canvas.issue_counts(state.key)
    fields: dict[str, Any] = {
        "id": state.key.hex(),
        "name": state.name,
        "description": state.description.value,
        "private": state.hidden,
        "archived": state.archived.value,
        "default_branch": state.default_branch.value,
        "created_at": iso(state.time),
        "updated_at": iso(state.updated),
        "roots": state.roots,
        "open_issues": opened,
        "closed_issues": closed,
        "event": state.key.hex(),
    }
    found = conflicts(
        description=state.description,
        default_branch=state.default_branch,
        private=state.private,
        archived=state.archived,
        deleted=state.deleted,
    )
    if found:
        fields["conflicts"] = found
    return encode_json(fields)


def show(state: RepositoryState, doc: bytes, canvas: Canvas) -> None:
    """Write a repository's row."""
    row = (
        state.key,
        canvas.position_of(state.key),
        state.name,
        state.author,
        int(state.hidden),
        int(state.archived.value),
        int(state.deleted.value),
        state.default_branch.value,
        " ".join(state.roots),
        doc,
    )
    canvas.shelf.put(REPOS, row)
