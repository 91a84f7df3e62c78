"""Whoever serves objects to git clients, under the same contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.ports_git import PackCaps
from storage.git.by_git import ByGit
from storage.git.engine.keeping import KeptTables
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from storage.git.store import DiskGitStore
from tests.contracts.serving import ServingContract
from tests.contracts.serving_judge import make_origin

if TYPE_CHECKING:
    from pathlib import Path

    from domain.ports_serving import ServingStore
    from storage.git.engine.tables import Tables
    from tests.contracts.serving_judge import Origin

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    return make_origin(tmp_path_factory.mktemp("serving"), seed=3)


class TestEngineServing(ServingContract):
    def store_of(self, root: Path) -> ServingStore:
        return EngineServing(DiskGitStore(root), KeptTables(), Shelf(root / "cache"))


class Unready:
    """`TableStore` of a node whose tables are still to be made."""

    def ready(self, repo: Path) -> bool:
        assert repo.is_dir()
        return False

    def tables(self, repo: Path) -> Tables:
        raise AssertionError(f"somebody waits for the tables of {repo}")


class TestServingWithoutTables(ServingContract):
    combines_filters_exactly = False

    def store_of(self, root: Path) -> ServingStore:
        return EngineServing(DiskGitStore(root), Unready(), Shelf(root / "cache"), ByGit(PackCaps()))
