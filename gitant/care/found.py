"""The repositories that a command is about, by the names people give them."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import NotFound
from domain.ids import StreamId
from domain.keys import SigningKey
from gitant.current import current_views
from gitant.reception.names import NodeNames
from projections.database import NamedConnection
from projections.queries import repos
from storage.accounts.known import SqliteNames
from storage.accounts.shelf import Glance
from storage.git.store import DiskGitStore
from storage.keys import load_or_create

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator
    from pathlib import Path

    from storage.datadir import DataDir


@dataclass(frozen=True, slots=True)
class Found:
    """One repository that is not deleted."""

    id: StreamId
    name: str
    default_branch: str
    path: Path


@contextmanager
def named_views(folder: DataDir, progress: Callable[[int, int], None]) -> Generator[sqlite3.Connection]:
    """Views at the end of the log that know what accounts are called."""
    with current_views(folder, progress) as views, closing(Glance(folder.accounts)) as glance:
        assert isinstance(views, NamedConnection)
        operator = SigningKey(load_or_create(folder.identity_key)).did
        views.names = NodeNames(SqliteNames(glance), operator)
        yield views


def find(folder: DataDir, views: sqlite3.Connection, selector: str | None) -> list[Found]:
    """The repository of this name (`name`, `owner~name` or id), or all; `NotFound` if there is none of that name."""
    store = DiskGitStore(folder.repos)
    if selector is None:
        query = "SELECT stream, name, default_branch FROM repos WHERE deleted=0 ORDER BY name, stream"
        rows = [(StreamId(row[0]), str(row[1]), str(row[2])) for row in views.execute(query).fetchall()]
    else:
        row = repos.repo(views, selector)
        if row is None:
            raise NotFound(f"there is no repository {selector} here, or several of that name", hint="name it by its id")
        rows = [(row.id, row.name, row.default_branch)]
    return [Found(id_, name, branch, store.path(id_)) for id_, name, branch in rows]
