"""`fields=`, and what is said of what is on its way out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from litestar import Litestar, get
from litestar.testing import TestClient

from api.app import HANDLERS, PUSHES
from api.asking import Asking
from api.deprecated import ROUTE_OPTION, Deprecated, marks_of
from api.openapi import describe

if TYPE_CHECKING:
    from tests.api.client import Client


def test_only_the_fields_that_are_asked_for(api: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust", "labels": ["bug"]})
    whole = api.get(f"{repo}/issues/1")
    part = api.get(f"{repo}/issues/1", params={"fields": "title, labels,number"})
    assert part.json() == {"number": 1, "title": "Dust", "labels": ["bug"]}
    assert list(part.json()) == [name for name in whole.json() if name in part.json()]
    # The tag is the whole one's: a change may be bound to it, and it changes with what is not shown.
    assert part.headers["etag"] == whole.headers["etag"]
    api.get(f"{repo}/issues/1", 304, params={"fields": "title"}, headers={"if-none-match": part.headers["etag"]})
    api.patch(f"{repo}/issues/1", {"title": "More"}, headers={"if-match": part.headers["etag"]})
    listed = api.get(f"{repo}/issues", params={"fields": "number,title", "per_page": 1})
    assert listed.json() == {"issues": [{"number": 1, "title": "More"}]}
    assert listed.headers["x-total-count"] == "1"


def test_links_of_a_page_keep_the_choice(api: Client, repo: str) -> None:
    for number in range(3):
        api.post(f"{repo}/issues", {"title": f"Number {number}"})
    page = api.get(f"{repo}/issues", params={"fields": "number", "per_page": 2})
    assert api.get(page.links["next"]["url"]).json() == {"issues": [{"number": 1}]}


@pytest.mark.parametrize("given", ["title,colour", "", ",", "Title", "title;body"])
def test_a_field_that_is_not_there_is_named_with_those_that_are(api: Client, repo: str, given: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    for path in (f"{repo}/issues/1", f"{repo}/issues"):
        problem = api.get(path, 422, params={"fields": given}).json()
        assert problem["errors"][0]["pointer"] == "?fields"
        assert "title, body, state" in problem["hint"]


def test_an_alias_says_what_to_use_instead(api: Client, repo: str) -> None:
    for path in (f"{repo}/issues?limit=2", f"{repo}/issues?per_page=1&status=all"):
        answer = api.get(path)
        assert answer.headers["deprecation"] == "@1793491200"  # 2026-11-01
        assert answer.links["deprecation"]["url"] == "/api/v1/openapi.json"
        assert "first" in answer.links
    for path in (f"{repo}/issues?per_page=2&state=all", f"{repo}/issues?q=limit%3D2", f"{repo}/labels"):
        assert "deprecation" not in api.get(path).headers


def test_the_document_marks_what_is_deprecated_and_where_fields_can_be_chosen() -> None:
    document: dict[str, Any] = msgspec.json.decode(describe((*HANDLERS, *PUSHES), "0"))
    issues = document["paths"]["/api/v1/repos/{id}/issues"]["get"]["parameters"]
    named = {each["name"]: each for each in issues if "name" in each}
    assert {name for name, each in named.items() if each.get("deprecated")} == {"limit", "status"}
    assert named["limit"]["description"].endswith("Use `per_page` instead.")
    assert "fields" in named


def test_a_route_can_be_marked_as_a_whole() -> None:
    mark = Deprecated(since=date(2026, 1, 1), instead="/new", sunset=date(2027, 1, 1))

    @get("/old", sync_to_thread=False, opt={ROUTE_OPTION: mark})
    def old() -> str:
        return "still here"

    app = Litestar([old], openapi_config=None, request_class=Asking)
    with TestClient(app) as client:
        assert client.get("/old").text == "still here"
    told = dict(marks_of(app)["GET", "/old"].told(b""))
    assert told[b"deprecation"] == b"@1767225600"
    assert told[b"sunset"] == b"Fri, 01 Jan 2027 00:00:00 GMT"
