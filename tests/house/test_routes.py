"""No route is undocumented, undescribed or uncalled, and none that clients expect is missing."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from api.app import HANDLERS, PUSHES, UPLOADS
from api.openapi import describe
from api.problems import TABLE
from tests.house.routes import Routes, mounted_routes, uncalled
from tests.house.tree import ROOT, files

GIT = {
    ("GET", "/{repo}.git/info/refs"),
    ("POST", "/{repo}.git/git-upload-pack"),
    ("POST", "/{repo}.git/git-receive-pack"),
}
"""Served by another application; stock git calls them in its tests."""
ROUTE = re.compile(r"^\| `(?P<method>[A-Z]+) (?P<path>/\S+)` \|", re.MULTILINE)
PROBLEM = re.compile(r"^\| `/problems/(?P<code>[a-z-]+)` \| (?P<status>\d+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def mounted() -> Routes:
    return mounted_routes()


@pytest.fixture(scope="module")
def described() -> Routes:
    """What the OpenAPI document lists."""
    document: dict[str, Any] = msgspec.json.decode(describe((*HANDLERS, *PUSHES, *UPLOADS), "0"))
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


def test_a_route_that_no_test_calls_is_named(mounted: Routes) -> None:
    """The rule itself is about a run as a whole: tests/conftest.py applies it once all processes have ended."""
    whole = {path.as_posix() for path in files() if path.match("tests/api/test_*.py")}
    assert uncalled(whole, mounted) == []
    assert uncalled(whole, mounted - {("GET", "/health")}) == ["GET /health"]
    assert uncalled(set(), set()) == []


def test_the_docs_list_every_problem() -> None:
    page = (ROOT / "docs" / "problems.md").read_text()
    rows = {found["code"]: int(found["status"]) for found in PROBLEM.finditer(page)}
    assert rows == {code: row.status for code, row in TABLE.items()}
