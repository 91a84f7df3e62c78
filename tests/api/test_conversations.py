"""Reactions, locks, pins and the timeline of issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.reaction.contents import CONTENTS
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from tests.api.client import Client


@pytest.fixture
def issue(api: Client, repo: str) -> str:
    """The path of a fresh issue."""
    return f"{repo}/issues/{api.post(f'{repo}/issues', {'title': 'Dust', 'body': 'A lot.'}).json()['number']}"


def told(api: Client, issue: str, **params: int) -> list[dict[str, Any]]:
    return api.every(f"{issue}/timeline", "timeline", **params)


def test_reactions_are_counted_once_each(api: Client, anyone: Client, issue: str) -> None:
    assert "reactions" not in api.get(issue).json()
    for content in CONTENTS:
        api.put(f"{issue}/reactions/{content}", None)
    first = api.put(f"{issue}/reactions/+1", None)
    assert first.json()["reactions"] == dict.fromkeys(CONTENTS, 1)
    assert sorted(first.json()["own_reactions"]) == sorted(CONTENTS)
    assert anyone.get(issue).json()["reactions"] == dict.fromkeys(CONTENTS, 1)
    assert "own_reactions" not in anyone.get(issue).json()
    for content in CONTENTS[:-1]:
        api.delete(f"{issue}/reactions/{content}", expect=200)
    api.delete(f"{issue}/reactions/%2B1", expect=200)
    (listed,) = api.get(f"{issue.rpartition('/')[0]}").json()["issues"]
    assert (listed["reactions"], listed["own_reactions"]) == ({"eyes": 1}, ["eyes"])
    assert "reactions" not in api.delete(f"{issue}/reactions/eyes", expect=200).json()
    assert api.put(f"{issue}/reactions/shrug", None, expect=422).json()["hint"].startswith("one of +1")
    anyone.put(f"{issue}/reactions/heart", None, expect=401)


def test_comments_get_reactions_too(api: Client, anyone: Client, issue: str) -> None:
    comment = api.post(f"{issue}/comment", {"body": "So it is."}).json()
    path = f"{issue}/comments/{comment['id']}/reactions/heart"
    assert api.put(path, None).json()["reactions"] == {"heart": 1}
    assert api.get(f"{issue}/comments").json()["comments"][0]["own_reactions"] == ["heart"]
    assert "own_reactions" not in anyone.get(f"{issue}/comments").json()["comments"][0]
    assert "reactions" not in api.delete(path, expect=200).json()
    api.put(f"{issue}/comments/{'0' * 64}/reactions/heart", None, expect=404)


def test_a_tag_with_ones_own_reactions_still_binds_a_change(api: Client, anyone: Client, issue: str) -> None:
    api.put(f"{issue}/reactions/rocket", None)
    mine, theirs = api.get(issue).headers["etag"], anyone.get(issue).headers["etag"]
    assert mine != theirs
    api.get(issue, 304, headers={"if-none-match": mine})
    api.get(issue, 200, headers={"if-none-match": theirs})
    api.patch(issue, {"title": "More dust"}, headers={"if-match": mine})
    api.patch(issue, {"title": "No dust"}, 412, headers={"if-match": mine})


def test_locking_says_why_and_ends(api: Client, anyone: Client, issue: str) -> None:
    locked = api.put(f"{issue}/lock", {"reason": "too heated"}).json()
    assert (locked["locked"], locked["lock_reason"]) == (True, "too heated")
    assert api.put(f"{issue}/lock", {"reason": "too heated"}).json() == locked
    assert api.put(f"{issue}/lock", None).json()["lock_reason"] == ""
    api.post(f"{issue}/comment", {"body": "Whoever manages issues still speaks."})
    unlocked = api.delete(f"{issue}/lock", expect=200).json()
    assert "locked" not in unlocked
    assert "locked" not in api.delete(f"{issue}/lock", expect=200).json()
    anyone.put(f"{issue}/lock", None, expect=401)
    api.put(f"{issue}/lock", {"reason": "a\0"}, expect=422)
    rows = [(row["action"], row["from"], row["to"], row.get("reason")) for row in told(api, issue) if "from" in row]
    assert rows == [
        ("locked", [], True, "too heated"),
        ("locked", [True], True, None),
        ("unlocked", [True], False, None),
    ]


def test_three_can_be_pinned(api: Client, repo: str) -> None:
    for title in ("One", "Two", "Three", "Four"):
        api.post(f"{repo}/issues", {"title": title})
    for number in (2, 1, 3, 3):
        assert api.put(f"{repo}/issues/{number}/pin", None).json()["pinned"] is True
    assert [issue["number"] for issue in api.get(f"{repo}/issues/pinned").json()["issues"]] == [3, 1, 2]
    problem = api.put(f"{repo}/issues/4/pin", None, expect=409).json()
    assert problem["hint"] == "unpin one of #1, #2, #3 first"
    assert "pinned" not in api.delete(f"{repo}/issues/1/pin", expect=200).json()
    api.put(f"{repo}/issues/4/pin", None)
    api.delete(f"{repo}/issues/1/pin", expect=200)
    assert [issue["number"] for issue in api.get(f"{repo}/issues/pinned").json()["issues"]] == [4, 3, 2]


def test_the_timeline_tells_every_change(api: Client, repo: str, issue: str) -> None:
    api.patch(issue, {"title": "Much dust", "body": "A lot, still.", "labels": ["old"], "assignees": ["operator"]})
    api.patch(issue, {"labels": ["new"], "assignees": []})
    comment = api.post(f"{issue}/comment", {"body": "I see."}).json()["id"]
    api.post(f"{issue}/close", {"reason": "swept"}, expect=200)
    api.post(f"{issue}/reopen", expect=200)
    api.put(f"{issue}/pin", None)
    api.put(f"{issue}/reactions/heart", None)
    api.delete(f"{issue}/reactions/heart", expect=200)
    rows = told(api, issue)
    assert [row["action"] for row in rows] == [
        "opened", "edited", "retitled", "labelled", "assigned", "labelled", "assigned",
        "commented", "closed", "reopened", "pinned", "reacted", "unreacted",
    ]  # fmt: skip
    assert told(api, issue, per_page=4) == rows
    assert {row["author"] for row in rows} == {KEY.did}
    assert all(api.get(f"/api/v1/events/{row['id']}").json()["kind"] == row["kind"] for row in rows)
    opened, edited, retitled, labelled, assigned, relabelled, unassigned, commented, closed, reopened, pinned, *_ = rows
    assert (opened["to"], "from" in opened) == ("Dust", False)
    assert (edited["chars_added"], edited["chars_cut"]) == (7, 0)
    assert (retitled["field"], retitled["from"], retitled["to"]) == ("title", ["Dust"], "Much dust")
    assert (labelled["added"], "removed" in labelled) == (["old"], False)
    assert (relabelled["added"], relabelled["removed"]) == (["new"], ["old"])
    assert (assigned["added"], unassigned["removed"]) == ([KEY.did], [KEY.did])
    assert commented["comment"] == comment
    assert (closed["from"], closed["to"], closed["reason"]) == (["open"], "closed", "swept")
    assert (reopened["from"], reopened["to"], pinned["to"]) == (["closed"], "open", True)
    api.get(f"{repo}/issues/99/timeline", 404)
    api.get(f"{issue}/timeline", 422, params={"after": "x"})


def test_what_was_redacted_is_not_told(api: Client, issue: str) -> None:
    comment = api.post(f"{issue}/comment", {"body": "A secret."}).json()["id"]
    api.delete(f"{issue}/comments/{comment}")
    commented = told(api, issue)[-1]
    assert (commented["action"], commented["comment"], commented["redacted"]) == ("commented", comment, True)


def test_names_are_bound_when_they_are_written(api: Client, repo: str, issue: str) -> None:
    other = api.post(
        f"{repo}/issues", {"title": "Mop", "body": "For #1, says @operator; `#1` and a@operator not."}
    ).json()
    comment = api.post(f"{repo}/issues/2/comment", {"body": f"Again #1 {'0' * 40} and #77 by @nobody."}).json()
    api.patch(f"{repo}/issues/2/comments/{comment['id']}", {"body": "Again and again #1, @operator"})
    payload = api.get(f"/api/v1/events/{other['id']}").json()["payload"]
    target = api.get(issue).json()["id"]
    assert (payload["mentions"], payload["references"], "commits" in payload) == ([KEY.did], [target], False)
    rows = told(api, issue)
    assert [row["action"] for row in rows] == ["opened", "referenced", "referenced"]
    source = {"repo": repo.rpartition("/")[2], "issue": other["id"], "number": 2, "title": "Mop"}
    assert [source | {"repo_name": row["source"]["repo_name"]} == row["source"] for row in rows[1:]] == [True, False]
    assert rows[2]["source"]["comment"] == comment["id"]
    assert len(told(api, f"{repo}/issues/2")) == 2
    api.delete(f"{repo}/issues/2/comments/{comment['id']}")
    assert [row["action"] for row in told(api, issue)] == ["opened", "referenced"]


def test_references_cross_repositories_but_show_no_closed_ones(
    api: Client, anyone: Client, repo: str, issue: str
) -> None:
    name = api.get(repo).json()["name"]
    hidden = api.post("/api/v1/repos", {"name": f"{name}-hidden", "private": True}).json()
    inside = f"/api/v1/repos/{hidden['id']}/issues"
    api.post(inside, {"title": "Quiet", "body": f"operator/{name}#1"})
    api.post(f"{repo}/issues", {"title": "Loud", "body": f"operator~{name}-hidden#1"})
    assert [row["source"]["title"] for row in told(api, issue) if "source" in row] == ["Quiet"]
    assert [row["action"] for row in told(anyone, issue)] == ["opened"]
    assert [row["action"] for row in told(api, f"{inside}/1")] == ["opened"]
