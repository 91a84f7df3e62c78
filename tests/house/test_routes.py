"""No route is undocumented, undescribed or uncalled, and none that clients expect is missing."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from api.app import HANDLERS, PUSHES
from api.asking import Asking
from api.openapi import describe
from api.problems import TABLE
from tests.api.calls import CALLED
from tests.house.tree import ROOT, files

GIT = {
    ("GET", "/{repo}.git/info/refs"),
    ("POST", "/{repo}.git/git-upload-pack"),
    ("POST", "/{repo}.git/git-receive-pack"),
}
"""Served by another application; stock git calls them in its tests."""
ROUTE = re.compile(r"^\| `(?P<method>[A-Z]+) (?P<path>/\S+)` \|", re.MULTILINE)
PROBLEM = re.compile(r"^\| `/problems/(?P<code>[a-z-]+)` \| (?P<status>\d+) \|", re.MULTILINE)

Routes = set[tuple[str, str]]


@pytest.fixture(scope="module")
def mounted() -> Routes:
    """What Litestar routes, its own pages included, were there any."""
    app = Litestar((*HANDLERS, *PUSHES), request_class=Asking, openapi_config=None, logging_config=None)
    return {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }


@pytest.fixture(scope="module")
def described() -> Routes:
    """What the OpenAPI document lists."""
    document: dict[str, Any] = msgspec.json.decode(describe((*HANDLERS, *PUSHES), "0"))
    return {(method.upper(), path) for path, item in document["paths"].items() for method in item}


def test_the_openapi_document_lists_what_is_mounted_and_git(mounted: Routes, described: Routes) -> None:
    assert described == mounted | GIT


def test_the_docs_list_what_is_mounted_and_git(mounted: Routes) -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    rows = [(found["method"], found["path"]) for found in ROUTE.finditer(page)]
    assert set(rows) == mounted | GIT
    assert len(rows) == len(set(rows))


def test_every_route_that_clients_expect_is_there(described: Routes) -> None:
    lines = (ROOT / "tests" / "house" / "routes_expected.tsv").read_text().splitlines()[1:]
    expected = {(line.split("\t")[0], line.split("\t")[1]) for line in lines}
    assert len(expected) == len(lines)
    assert expected - described == set()


def test_every_route_is_called_by_a_test(mounted: Routes, request: pytest.FixtureRequest) -> None:
    """By one of `tests/api`, whose clients note what they call. Decides only when all of them have run before."""
    items = request.session.items
    run = {item.path for item in items[: items.index(request.node)]}
    whole = {ROOT / path for path in files() if path.match("tests/api/test_*.py")}
    config = request.config
    narrowed = config.getoption("keyword") or config.getoption("markexpr") or any("::" in arg for arg in config.args)
    if not whole <= run or narrowed:
        return
    assert mounted - CALLED == set()


def test_the_docs_list_every_problem() -> None:
    page = (ROOT / "docs" / "problems.md").read_text()
    rows = {found["code"]: int(found["status"]) for found in PROBLEM.finditer(page)}
    assert rows == {code: row.status for code, row in TABLE.items()}
