"""Whether a node that is to take peers does so yet, as its HTTP workers are asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, final

from gitant.limits import PEERS_WAIT_S
from gitant.network.lives import read_lives

if TYPE_CHECKING:
    from storage.datadir import DataDir

_STARTING = "the process that talks with peers is starting"


@final
class PeersAwaited:
    """It counts until peers were taken once, or could have been: who only reads and writes can do so all the same."""

    def __init__(self, folder: DataDir, *, by_settings: bool) -> None:
        """`by_settings`: whether it is to take peers whatever anybody adds."""
        self._folder = folder
        self._by_settings = by_settings
        self._until = time.monotonic() + PEERS_WAIT_S
        self._over = False

    def reasons(self) -> list[str]:
        """Why not, in words for a person; nothing if it does."""
        if self._over:
            return []
        lives = read_lives(self._folder)
        self._over = lives.taking or time.monotonic() > self._until
        return [_STARTING] if (lives.wanted or self._by_settings) and not self._over else []
