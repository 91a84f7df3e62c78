"""A store with one empty repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage.git.store import DiskGitStore
from tests.storage.git.git_room import REPO, SMALL, Room

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def room(tmp_path: Path) -> Room:
    store = DiskGitStore(tmp_path, SMALL)
    store.create(REPO)
    return Room(store, store.path(REPO))
