"""Labels of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.client import Client


def test_labels_are_made_listed_changed_and_deleted(api: Client, repo: str) -> None:
    doc = api.post(f"{repo}/labels", {"name": "bug", "color": "#D73A4A", "description": "Broken"}).json()
    assert (doc["name"], doc["color"], doc["description"]) == ("bug", "d73a4a", "Broken")
    assert api.post(f"{repo}/labels", {"name": "plain"}).json()["color"] == "ededed"
    assert api.post(f"{repo}/labels", {"name": "short", "color": "f0a"}).json()["color"] == "ff00aa"
    names = [label["name"] for label in api.every(f"{repo}/labels", "labels", per_page=2)]
    assert names == ["bug", "plain", "short"]
    changed = api.put(f"{repo}/labels/bug", {"name": "defect", "color": "000000"}).json()
    assert (changed["name"], changed["color"], changed["description"]) == ("defect", "000000", "Broken")
    api.delete(f"{repo}/labels/defect")
    api.delete(f"{repo}/labels/defect", 404)
    api.put(f"{repo}/labels/defect", {"color": "111111"}, expect=404)


def test_a_name_may_hold_a_slash_and_a_space(api: Client, repo: str) -> None:
    api.post(f"{repo}/labels", {"name": "area/web ui"})
    assert api.put(f"{repo}/labels/area/web%20ui", {"color": "abcdef"}).json()["color"] == "abcdef"
    assert api.put(f"{repo}/labels/area%2Fweb%20ui", {"description": "x"}).json()["description"] == "x"
    api.delete(f"{repo}/labels/area%2Fweb%20ui")


def test_an_issue_shows_a_label_s_new_name(api: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust", "labels": ["bug"]})
    api.put(f"{repo}/labels/bug", {"name": "defect"})
    assert api.get(f"{repo}/issues/1").json()["labels"] == ["defect"]


def test_a_name_is_taken_once(api: Client, repo: str) -> None:
    api.post(f"{repo}/labels", {"name": "bug"})
    api.post(f"{repo}/labels", {"name": "bug"}, expect=409)


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": " x"},
        {"name": "a\0b"},
        {"name": "a\u2066b"},
        {"name": "x" * 65},
        {"name": "ok", "color": "red"},
        {"name": "ok", "color": "#12345"},
        {"name": "ok", "description": "a\0"},
        {"color": "000000"},
    ],
)
def test_bad_labels_are_refused(api: Client, repo: str, body: dict[str, str]) -> None:
    api.post(f"{repo}/labels", body, expect=422)


def test_nothing_to_change_is_said(api: Client, repo: str) -> None:
    api.post(f"{repo}/labels", {"name": "bug"})
    api.put(f"{repo}/labels/bug", {}, expect=422)
