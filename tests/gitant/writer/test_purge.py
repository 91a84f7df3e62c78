"""Redacted bytes go for good after the delay, on this node's clock, and the log stays sound without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitant import rebuild
from gitant.writer.purge import DAY_MS, Housekeeper
from storage.local import LocalStore
from tests.gitant.writer.world import make_world

if TYPE_CHECKING:
    from pathlib import Path


def test_redacted_bytes_stay_for_the_delay_and_then_go(tmp_path: Path) -> None:
    world = make_world(tmp_path / "node")
    repo = world.repo()
    issue = world.issue(repo)
    comment = bytes.fromhex(world.run("comment.add", repo=repo, issue=issue, body="my password is 1234").events[0])
    world.run("comment.redact", repo=repo, comment=comment)
    keeper = Housekeeper(world.projector.shelf.connection, world.log, LocalStore(world.folder.local), delay_days=30)

    def held() -> list[bool]:
        return [b"1234" in (row.payload or b"") for row in world.log.read(0, 100)]

    assert keeper.forget(0) == 0
    assert keeper.forget(30 * DAY_MS - 1) == 0
    assert any(held())
    assert keeper.forget(30 * DAY_MS) == 1
    assert not any(held())
    assert keeper.forget(31 * DAY_MS) == 0
    assert rebuild.check(world.folder) == []
    keeper.close()
    world.close()
