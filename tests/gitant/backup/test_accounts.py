"""Accounts through a backup: they come back, and their devices sign nothing before the node may write again."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from domain.actor import Actor
from domain.errors import Unavailable
from domain.ids import parse_stream_id
from domain.ports_accounts import Account
from domain.ports_views import Answer
from gitant.backup.restore import restore
from gitant.backup.take import take
from gitant.reception.making import make_principal
from gitant.writer.opening import open_core
from gitant.writer.request import Request
from storage.datadir import DataDir
from storage.local import LocalStore
from storage.restored import RestoredFeeds
from tests.gitant.backup.room import node_at
from tests.gitant.writer.world import KEY, VAULT

if TYPE_CHECKING:
    from pathlib import Path

NOW_MS = 1_790_000_000_000


def test_a_restored_account_writes_with_its_device_once_the_node_may(tmp_path: Path) -> None:
    made = make_principal("kay", "", node=KEY.did, vault=VAULT, now_ms=NOW_MS, random_bytes=os.urandom)
    kay = Actor(made.did)
    with node_at(tmp_path / "node") as world:
        world.accounts.people.add(Account(made.did, "kay", "", "active", NOW_MS, "x"), made.device, made.events)
        for raw in made.events:
            world.run("event.submit", header=raw.header, signature=raw.signature, payload=raw.payload)
        repo = parse_stream_id(world.run("repository.create", kay, name="attic").events[-1])
        take(world.folder, tmp_path / "out", NOW_MS)
    new = DataDir(tmp_path / "new")
    restore(tmp_path / "out", new.path)
    writing = Request("issue.open", kay, {"repo": repo, "title": "Dust", "body": "", "labels": [], "assignees": []})
    with closing(LocalStore(new.local)) as local, closing(open_core(new)) as core:
        assert repo in RestoredFeeds(local).marked(), "only the account's device has written there"
        (outcome,) = core.execute([writing])
        assert isinstance(outcome, Unavailable)
        RestoredFeeds(local).clear_all()
        (outcome,) = core.execute([writing])
        assert isinstance(outcome, Answer)
