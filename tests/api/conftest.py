"""Fixtures: a node for each file of tests, a client for the operator and one for nobody, repositories."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.api.client import Client, http_to
from tests.api.history import History, push_history
from tests.api.node import Node, node_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.testing import TestClient

_NUMBERS: Final = count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_on(tmp_path_factory.mktemp("node") / "data") as node:
        yield node


@pytest.fixture(scope="module")
def http(node: Node) -> Iterator[TestClient[Any]]:
    with http_to(node.app) as client:
        yield client


@pytest.fixture(scope="module")
def api(http: TestClient[Any]) -> Client:
    """The operator."""
    return Client(http, operator=True)


@pytest.fixture(scope="module")
def anyone(http: TestClient[Any]) -> Client:
    """Somebody without a token."""
    return Client(http, operator=False)


@pytest.fixture
def repo(api: Client) -> str:
    """The path of an empty public repository."""
    return f"/api/v1/repos/{api.post('/api/v1/repos', {'name': f'attic-{next(_NUMBERS)}'}).json()['id']}"


@pytest.fixture(scope="module")
def history(api: Client, node: Node, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A repository with some history in it, pushed and indexed; not to be changed."""
    repo = f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'history'}).json()['id']}"
    pushed = push_history(api, repo, tmp_path_factory.mktemp("stock"))
    node.index()
    return pushed
