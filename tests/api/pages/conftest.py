"""A node where anybody may register, and people who look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import http_to
from tests.api.node import Node, node_on
from tests.api.pages.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.testing import TestClient


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_on(tmp_path_factory.mktemp("node") / "data", registration="open") as node:
        yield node


@pytest.fixture(scope="module")
def http(node: Node) -> Iterator[TestClient[Any]]:
    with http_to(node.app) as client:
        yield client


@pytest.fixture(scope="module")
def stranger(http: TestClient[Any]) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(http)


@pytest.fixture(scope="module")
def kay(http: TestClient[Any]) -> Visitor:
    """Somebody with an account."""
    found = Visitor(http, "kay")
    found.register()
    return found


@pytest.fixture(scope="module")
def lee(http: TestClient[Any]) -> Visitor:
    """Somebody else with an account."""
    found = Visitor(http, "lee")
    found.register()
    return found
