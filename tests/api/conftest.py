"""Fixtures: a node, a client for the operator and one for nobody, a repository, and one with history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import Client, http_to
from tests.api.history import History, push_history
from tests.api.node import Node, node_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from litestar.testing import TestClient


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with node_on(tmp_path / "node") as node:
        yield node


@pytest.fixture
def http(node: Node) -> Iterator[TestClient[Any]]:
    with http_to(node.app) as client:
        yield client


@pytest.fixture
def api(http: TestClient[Any]) -> Client:
    """The operator."""
    return Client(http, operator=True)


@pytest.fixture
def anyone(http: TestClient[Any]) -> Client:
    """Somebody without a token."""
    return Client(http, operator=False)


@pytest.fixture
def repo(api: Client) -> str:
    """The path of an empty public repository."""
    return f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'attic'}).json()['id']}"


@pytest.fixture
def history(api: Client, node: Node, repo: str, tmp_path: Path) -> History:
    """The repository with some history in it, pushed and indexed."""
    pushed = push_history(api, repo, tmp_path / "stock")
    node.index()
    return pushed
