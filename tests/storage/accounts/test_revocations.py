"""Delegations that were taken back, and what came once, as several processes see them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import Conflict, Unavailable
from domain.ports_doors import Revocation
from storage.accounts.revocations import SqliteRevocations
from storage.accounts.shelf import Glance, make_accounts
from storage.kept import KeptFile
from storage.replays import SqliteReplays, boot_id
from tests.making import key

if TYPE_CHECKING:
    from pathlib import Path

NOW_S = 1_790_000_000
ONE = Revocation("bafyone", key("ann").did, key("ann").did, NOW_S, NOW_S + 60)


def test_what_one_worker_revokes_another_refuses(tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite"
    make_accounts(path)
    files, glances = [KeptFile(path), KeptFile(path)], [Glance(path), Glance(path)]
    here, there = (SqliteRevocations(file, glance, of_one_max=2) for file, glance in zip(files, glances, strict=True))
    try:
        assert not there.is_revoked(ONE.link)
        assert here.add(ONE)
        assert not there.add(replace(ONE, by=key("bob").did))
        assert there.is_revoked(ONE.link)
        forever = replace(ONE, link="bafytwo", expires_s=None)
        assert there.add(forever)
        with pytest.raises(Conflict):
            here.add(replace(ONE, link="bafythree"))
        assert here.page(limit=1) == [ONE]
        assert here.page(after=ONE.link) == [forever]
        # What has expired makes room; what never would have stays.
        assert here.add(replace(ONE, link="bafythree", revoked_s=NOW_S + 61, expires_s=NOW_S + 90))
        assert [each.link for each in there.page()] == ["bafythree", "bafytwo"]
        assert there.count() == 2
    finally:
        for file, glance in zip(files, glances, strict=True):
            file.close()
            glance.close()


def test_what_came_once_comes_to_no_worker_again(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "replays.sqlite"
    here, there = SqliteReplays(path, NOW_S), SqliteReplays(path, NOW_S + 5)
    assert here.take("ann nonce", NOW_S + 60, NOW_S)
    assert not there.take("ann nonce", NOW_S + 60, NOW_S + 1)
    assert there.take("bob nonce", NOW_S + 60, NOW_S + 1)
    assert there.since() == NOW_S
    here.close()
    there.close()
    after = SqliteReplays(path, NOW_S + 10)
    assert not after.take("ann nonce", NOW_S + 60, NOW_S + 10)
    assert after.take("ann nonce", NOW_S + 120, NOW_S + 61)  # the first means nothing any more
    assert after.since() == NOW_S
    assert path.stat().st_mode & 0o077 == 0
    after.close()


def test_after_the_machine_was_started_what_was_signed_before_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "replays.sqlite"
    for boot, began in (("one", NOW_S), ("one", NOW_S), ("two", NOW_S + 10), ("two", NOW_S + 10)):
        store = SqliteReplays(path, NOW_S + (10 if boot == "two" else 0), boot=boot)
        assert store.since() == began
        store.close()
    assert boot_id() == boot_id()


def test_when_it_is_full_nothing_is_pushed_out(tmp_path: Path) -> None:
    store = SqliteReplays(tmp_path / "replays.sqlite", NOW_S, rows_max=100)
    for number in range(128):
        assert store.take(f"nonce {number}", NOW_S + 60, NOW_S)
    with pytest.raises(Unavailable):
        store.take("one more", NOW_S + 60, NOW_S)
    assert store.take("later", NOW_S + 120, NOW_S + 61)
    store.close()
