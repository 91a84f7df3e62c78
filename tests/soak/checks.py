"""What must hold of a data folder after a crash, once a node (or just its writer) has opened it again."""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

from gitant import rebuild
from gitant.verify import verify
from projections.database import open_readonly
from projections.reader import SqliteViews
from storage.git.store import DiskGitStore
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from domain.ids import StreamId
    from storage.datadir import DataDir
    from tests.soak.ledger import Fact, Ledger


def check_folder(folder: DataDir) -> None:
    """The log is sound, the views are what it comes to, and git agrees with both."""
    faults: list[str] = []
    with closing(SQLiteEventLog(folder.log, create=False)) as log:
        verify(log, faults.append)
    assert faults == []
    assert rebuild.check(folder) == []
    store = DiskGitStore(folder.repos)
    with closing(open_readonly(folder.views)) as views:
        for (repo,) in views.execute("SELECT stream FROM repos WHERE deleted=0").fetchall():
            _check_repository(
                views.execute("SELECT name, oid FROM refs WHERE stream=?", (repo,)).fetchall(), store, repo
            )


def _check_repository(refs: list[tuple[str, bytes]], store: DiskGitStore, repo: StreamId) -> None:
    assert store.refs(repo) == {name: oid.hex() for name, oid in refs}, "a ref on disk is not what the log says"
    assert store.leftovers(repo) == [], "a quarantine was left behind"
    found = subprocess.run(
        ["git", "-C", str(store.path(repo)), "fsck", "--connectivity-only"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr


def check_acknowledged(folder: DataDir, repo: StreamId, ledger: Ledger, facts: list[Fact]) -> None:
    """Nothing that anyone was told is missing."""
    views = SqliteViews(folder.views)
    for fact in facts:
        if fact.sort == "issue":
            assert views.issue(repo, fact.name) is not None, f"issue {fact.name} is lost"
        if fact.sort == "comment":
            assert views.comment(repo, fact.name) is not None, f"comment {fact.name} is lost"
    for name, title in ledger.last(facts, "title").items():
        row = views.issue(repo, name)
        assert row is not None
        assert json.loads(row.doc)["title"] in ledger.allowed(name, title), f"a title of {name} is lost"
    store = DiskGitStore(folder.repos)
    refs = store.refs(repo)
    for branch, oid in ledger.last(facts, "ref").items():
        assert refs.get(f"refs/heads/{branch}") in ledger.allowed(branch, oid), f"a push to {branch} is lost"
        assert store.has(repo, refs[f"refs/heads/{branch}"])
