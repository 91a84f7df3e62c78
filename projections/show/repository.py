"""Rows of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.show.form import conflicts, encode_json, iso
from projections.tables import REPOS

if TYPE_CHECKING:
    from domain.repository.state import RepositoryState
    from projections.projector import Projector


def show_repository(state: RepositoryState, projector: Projector) -> None:
    """Write a repository's row, counts of its issues included."""
    opened, closed = projector.issue_counts(state.key)
    fields = {
        "id": state.key.hex(),
        "name": state.name,
        "description": state.description.value,
        "private": state.private.value,
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
    row = (
        state.key,
        projector.history.position(state.key),
        state.name,
        state.author,
        int(state.private.value),
        int(state.archived.value),
        int(state.deleted.value),
        state.default_branch.value,
        " ".join(state.roots),
        encode_json(fields),
    )
    projector.shelf.put(REPOS, row)
