"""How the HTTP workers of a node learn whether it takes peers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitant.network.awaited import PeersAwaited
from gitant.network.lives import Lives, write_lives
from storage.datadir import DataDir

if TYPE_CHECKING:
    from pathlib import Path


def test_a_node_is_not_ready_before_it_takes_the_peers_it_is_to_take(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    folder.cache.mkdir()
    assert not PeersAwaited(folder, by_settings=False).reasons()
    by_setting = PeersAwaited(folder, by_settings=True)
    assert by_setting.reasons(), "before anybody has said anything"
    write_lives(folder, Lives(wanted=True))
    by_book = PeersAwaited(folder, by_settings=False)
    assert by_book.reasons()
    write_lives(folder, Lives(wanted=True, taking=True))
    assert not by_setting.reasons()
    assert not by_book.reasons()
    write_lives(folder, Lives(deaths=1, fault="it was killed", wanted=True))
    assert not by_book.reasons(), "who only reads and writes can go on"
    assert PeersAwaited(folder, by_settings=False).reasons()
