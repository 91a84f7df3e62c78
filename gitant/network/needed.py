"""Whether a node has anything to do with others, so that its network process is worth starting."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from storage.peers import SqlitePeerBook

if TYPE_CHECKING:
    from gitant.settings import Settings
    from storage.datadir import DataDir


def has_peers_set(settings: Settings) -> bool:
    """Whether its settings alone say so."""
    return bool(settings.peer_port or settings.seed_peers or settings.mdns)


def has_peers(folder: DataDir, settings: Settings) -> bool:
    """Whether it takes peers, or knows some, or replicates something."""
    if has_peers_set(settings):
        return True
    with closing(SqlitePeerBook(folder.local)) as book:
        return bool(book.peers() or book.follows())
