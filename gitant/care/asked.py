"""Which of the repositories that want care comes first: until one has its tables, its clients are answered slower."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from storage.git.engine.shelf import Shelf

ASKED_MAX: Final = 16
"""So many that were asked for last come first."""
LOOK_EVERY_S: Final = 1.0
"""With thousands in line, it is not looked anew for each."""


@final
class AskedLast:
    """Puts those first that somebody has just cloned or fetched from."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._asked: list[str] = []
        self._looked = -LOOK_EVERY_S

    def first(self, due: Sequence[Path]) -> Path:
        """Of some folders of repositories; where none of them was asked for, the first."""
        if time.monotonic() - self._looked >= LOOK_EVERY_S:
            self._asked = [repo.hex() for repo in self._shelf.recent(ASKED_MAX)]
            self._looked = time.monotonic()
        waiting = {repo.stem: repo for repo in due}
        return next((waiting[stem] for stem in self._asked if stem in waiting), due[0])
