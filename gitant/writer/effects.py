"""What has to happen on disk once events are durable; and doing it again at start, for a crash in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands.scene import (
    HeadChanged,
    ObjectsAdopted,
    RefsChanged,
    RefsSettled,
    RepositoryEffect,
    RepositoryGone,
    RepositoryMade,
)
from domain.refs.names import BRANCH_PREFIX, DIVERGED_PREFIX
from domain.repository.state import RepositoryState
from gitant.refs_shown import refs_shown, values_shown

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from domain.commands.scene import Effect
    from domain.ids import StreamId
    from domain.ports_git import GitStore, Leftover
    from projections.projector import Projector


def carry_out(
    effect: RepositoryEffect, projector: Projector, store: GitStore, on_code_change: Callable[[StreamId], None]
) -> None:
    """Do on disk what a committed command asked for."""
    if isinstance(effect, RepositoryMade):
        if not store.holds(effect.repo):
            store.create(effect.repo)
            store.set_refs(effect.repo, {}, head=_head(projector, effect.repo))
    elif isinstance(effect, ObjectsAdopted):
        if effect.staged is not None:
            store.adopt(effect.repo, effect.staged)
            store.unstage(effect.staged)
        _excuse(projector, store, effect.repo)
    elif isinstance(effect, HeadChanged):
        _set_refs(effect.repo, projector, store)
        on_code_change(effect.repo)
    elif isinstance(effect, RefsSettled):
        if effect.quarantine is not None:
            store.publish(effect.repo, effect.quarantine)
        _set_refs(effect.repo, projector, store)
        on_code_change(effect.repo)
    elif isinstance(effect, RepositoryGone):
        on_code_change(effect.repo)
    else:
        _change_refs(effect, projector, store)
        if _head(projector, effect.repo) in effect.refs:
            on_code_change(effect.repo)


def drop_quarantines(effects: Sequence[Effect], store: GitStore) -> None:
    """The events that name these pushes were not appended: leave nothing of them."""
    for effect in effects:
        if isinstance(effect, RefsChanged | RefsSettled) and effect.quarantine is not None:
            store.discard(effect.repo, effect.quarantine)


def heal(projector: Projector, store: GitStore) -> None:
    """Finish what a crash cut short: folders, published objects and refs of every repository follow the log."""
    staged = store.staged()
    for repo in _repositories(projector.shelf.connection):
        store.create(repo)
        wanted = refs_shown(projector.shelf.connection, repo)
        adopt_staged(repo, wanted, staged, store)
        _excuse(projector, store, repo)
        for leftover in store.leftovers(repo):
            if leftover.finished and not wanted.keys().isdisjoint(_refs_at(wanted, leftover.tips)):
                store.publish(repo, leftover.token)
            else:
                store.discard(repo, leftover.token)
        store.set_refs(repo, servable(repo, wanted, store), head=_head(projector, repo))
    for leftover in staged:
        store.unstage(leftover.token)


def adopt_staged(repo: StreamId, wanted: Mapping[str, str], staged: Sequence[Leftover], store: GitStore) -> None:
    """Give a repository what was staged for it, if a crash came between its beginning and that."""
    for leftover in staged:
        is_for_it = leftover.finished and leftover.tips and set(leftover.tips) <= set(wanted.values())
        if is_for_it and not all(store.has(repo, tip) for tip in leftover.tips):
            store.adopt(repo, leftover.token)


def _excuse(projector: Projector, store: GitStore, repo: StreamId) -> None:
    state = projector.state(repo)
    if isinstance(state, RepositoryState) and state.skips:
        store.excuse(repo, {oid.hex() for oids in state.skips.values() for oid in oids})


def _change_refs(effect: RefsChanged, projector: Projector, store: GitStore) -> None:
    connection = projector.shelf.connection
    if effect.quarantine is not None:
        store.publish(effect.repo, effect.quarantine)
    moves: dict[str, str | None] = {}
    for name in effect.refs:
        wanted = values_shown(connection, effect.repo, name)
        moves[name] = wanted.pop(name, None)
        moves.update(wanted)
    diverged = [name for name in store.refs(effect.repo) if name.startswith(DIVERGED_PREFIX)]
    if diverged or any(name.startswith(DIVERGED_PREFIX) for name in moves):
        _set_refs(effect.repo, projector, store)
    else:
        store.move_refs(effect.repo, moves)


def _set_refs(repo: StreamId, projector: Projector, store: GitStore) -> None:
    wanted = refs_shown(projector.shelf.connection, repo)
    store.set_refs(repo, servable(repo, wanted, store), head=_head(projector, repo))


def servable(repo: StreamId, wanted: Mapping[str, str], store: GitStore) -> dict[str, str]:
    """`wanted` as far as its objects are here; a ref whose object a peer still owes us stays where it is."""
    there = store.refs(repo)
    moved = {name: oid for name, oid in wanted.items() if there.get(name) != oid}
    if not moved:
        return dict(wanted)
    here = store.kinds(repo, list(set(moved.values())))
    kept = {name: there[name] for name, oid in moved.items() if oid not in here and name in there}
    return {name: oid for name, oid in wanted.items() if name not in moved or oid in here} | kept


def _head(projector: Projector, repo: StreamId) -> str:
    state = projector.state(repo)
    assert isinstance(state, RepositoryState)
    return BRANCH_PREFIX + state.default_branch.value


def _refs_at(wanted: dict[str, str], tips: tuple[str, ...]) -> set[str]:
    return {name for name, oid in wanted.items() if oid in tips}


def _repositories(connection: sqlite3.Connection) -> list[StreamId]:
    return [row[0] for row in connection.execute("SELECT stream FROM repos WHERE deleted=0 ORDER BY pos")]
