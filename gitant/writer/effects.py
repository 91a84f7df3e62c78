"""What has to happen on disk once events are durable; and doing it again at start, for a crash in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands.scene import Effect, HeadChanged, RefsChanged, RepositoryGone, RepositoryMade
from domain.refs.names import BRANCH_PREFIX, DIVERGED_PREFIX, TAG_PREFIX
from domain.refs.state import RefState, ref_key
from domain.repository.state import RepositoryState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from domain.ids import StreamId
    from domain.ports_git import GitStore
    from projections.projector import Projector

SHORT_ID_DIGITS = 12
_REFS = "SELECT name, oid, json_extract(CAST(doc AS TEXT), '$.diverged') FROM refs"
"""Of the tables and not of the fold: there may be more refs than states in memory, and a start looks at all of them."""


def carry_out(
    effect: Effect, projector: Projector, store: GitStore, on_code_change: Callable[[StreamId], None]
) -> None:
    """Do on disk what a committed command asked for."""
    if isinstance(effect, RepositoryMade):
        store.create(effect.repo)
        store.set_refs(effect.repo, {}, head=_head(projector, effect.repo))
    elif isinstance(effect, HeadChanged):
        store.set_refs(effect.repo, refs_wanted(projector, effect.repo), head=_head(projector, effect.repo))
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
        if isinstance(effect, RefsChanged) and effect.quarantine is not None:
            store.discard(effect.repo, effect.quarantine)


def heal(projector: Projector, store: GitStore) -> None:
    """Finish what a crash cut short: folders, published objects and refs of every repository follow the log."""
    for repo in _repositories(projector.shelf.connection):
        store.create(repo)
        wanted = refs_wanted(projector, repo)
        for leftover in store.leftovers(repo):
            if leftover.finished and not wanted.keys().isdisjoint(_refs_at(wanted, leftover.tips)):
                store.publish(repo, leftover.token)
            else:
                store.discard(repo, leftover.token)
        store.set_refs(repo, wanted, head=_head(projector, repo))


def refs_wanted(projector: Projector, repo: StreamId) -> dict[str, str]:
    """Every ref that the fold says should be on disk, diverged values included."""
    rows = projector.shelf.connection.execute(f"{_REFS} WHERE stream=?", (repo,)).fetchall()
    wanted: dict[str, str] = {}
    for row in rows:
        wanted.update(_values(projector, repo, *row))
    return wanted


def _change_refs(effect: RefsChanged, projector: Projector, store: GitStore) -> None:
    if effect.quarantine is not None:
        store.publish(effect.repo, effect.quarantine)
    moves: dict[str, str | None] = {}
    for name in effect.refs:
        row = projector.shelf.connection.execute(f"{_REFS} WHERE stream=? AND name=?", (effect.repo, name)).fetchone()
        wanted = {} if row is None else _values(projector, effect.repo, *row)
        moves[name] = wanted.pop(name, None)
        moves.update(wanted)
    diverged = [name for name in store.refs(effect.repo) if name.startswith(DIVERGED_PREFIX)]
    if diverged or any(name.startswith(DIVERGED_PREFIX) for name in moves):
        store.set_refs(effect.repo, refs_wanted(projector, effect.repo), head=_head(projector, effect.repo))
    else:
        store.move_refs(effect.repo, moves)


def _values(projector: Projector, repo: StreamId, name: str, oid: bytes | None, diverged: int) -> dict[str, str]:
    """A ref's value, and its rivals under refs/diverged/<branch>/<short event id>."""
    values = {} if oid is None else {name: oid.hex()}
    if diverged:
        state = projector.state(ref_key(repo, name))
        assert isinstance(state, RefState), "it has a row"
        short = name.removeprefix(BRANCH_PREFIX).removeprefix(TAG_PREFIX)
        for move in state.moves.current[:-1]:
            if move.value is not None:
                values[f"{DIVERGED_PREFIX}{short}/{move.event.hex()[:SHORT_ID_DIGITS]}"] = move.value.hex()
    return values


def _head(projector: Projector, repo: StreamId) -> str:
    state = projector.state(repo)
    assert isinstance(state, RepositoryState)
    return BRANCH_PREFIX + state.default_branch.value


def _refs_at(wanted: dict[str, str], tips: tuple[str, ...]) -> set[str]:
    return {name for name, oid in wanted.items() if oid in tips}


def _repositories(connection: sqlite3.Connection) -> list[StreamId]:
    return [row[0] for row in connection.execute("SELECT stream FROM repos WHERE deleted=0 ORDER BY pos")]
