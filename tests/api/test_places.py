"""Repositories are renamed, handed over, deleted and brought back; old addresses lead on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gitant.writer.world import STRANGER

if TYPE_CHECKING:
    from tests.api.client import Client
    from tests.api.history import History

REPOS = "/api/v1/repos"


def test_old_addresses_answer_with_the_new_one(api: Client, anyone: Client) -> None:
    name = "before"
    made = api.post(REPOS, {"name": name}).json()
    api.post(f"{REPOS}/{name}/issues", {"title": "Dust"})
    changed = api.patch(f"{REPOS}/{name}", {"name": "after"}).json()
    assert changed["full_name"] == "operator/after"
    assert changed["clone_url"].endswith("/operator/after.git")
    for selector in (name, f"operator~{name}"):
        told = anyone.get(f"{REPOS}/{selector}/issues?state=all&per_page=3", 308, follow_redirects=False)
        assert told.headers["location"] == f"../{made['id']}/issues?state=all&per_page=3"
        assert told.json()["type"] == "/problems/moved"
        assert anyone.get(f"{REPOS}/{selector}/issues").json()["issues"][0]["title"] == "Dust"
        assert anyone.get(f"{REPOS}/{selector}").json()["id"] == made["id"]
    once = {"idempotency-key": "rename"}
    api.patch(f"{REPOS}/after", {"name": "later"}, headers=once)
    assert api.patch(f"{REPOS}/after", {"name": "later"}, headers=once).headers["idempotent-replayed"] == "true"
    api.patch(f"{REPOS}/later", {"name": "after"})
    # A redirect keeps the method and the body, and who may do nothing learns nothing by it.
    assert api.post(f"{REPOS}/{name}/issues", {"title": "More"}).json()["number"] == 2
    anyone.post(f"{REPOS}/{name}/issues", {"title": "More"}, 401)
    api.patch(f"{REPOS}/after", {"private": True})
    anyone.get(f"{REPOS}/{name}", 404, follow_redirects=False)
    taken = api.post(REPOS, {"name": name}).json()
    assert api.get(f"{REPOS}/{name}", follow_redirects=False).json()["id"] == taken["id"]
    problem = api.patch(f"{REPOS}/{name}", {"name": "after"}, 409).json()
    assert "already have" in problem["detail"]
    api.patch(f"{REPOS}/{name}", {"name": "x.git"}, 422)


def test_an_offer_is_for_one_person(api: Client, repo: str) -> None:
    api.post(f"{repo}/transfer", {"owner": "nobody-here"}, 422)
    api.post(f"{repo}/transfer", {"owner": STRANGER.did}, 422)
    api.post(f"{repo}/transfer", {"owner": "operator"}, 409)
    api.post(f"{repo}/transfer/accept", expect=403)
    assert "offered_to" not in api.delete(f"{repo}/transfer", 200).json()


def test_what_is_deleted_can_be_brought_back(api: Client, anyone: Client) -> None:
    made = api.post(REPOS, {"name": "shed"}).json()
    repo = f"{REPOS}/{made['id']}"
    api.post(f"{repo}/issues", {"title": "Dust"})
    api.post(f"{repo}/undelete", expect=409)
    api.delete(repo)
    assert "gitant repo undelete" in api.get(repo, 404).json()["hint"]
    assert "hint" in anyone.get(repo, 404).json()
    assert "undelete" not in anyone.get(repo, 404).json()["hint"]
    assert [each["deleted"] for each in api.every(REPOS, "repos", deleted="true")] == [True]
    anyone.get(f"{REPOS}?deleted=true", 401)
    anyone.post(f"{repo}/undelete", expect=401)
    api.post(f"{REPOS}/never/undelete", expect=404)
    taken = api.post(REPOS, {"name": "shed"}).json()
    api.post(f"{REPOS}/operator~shed/undelete", {}, 409)
    once = {"idempotency-key": "undelete"}
    back = api.post(f"{repo}/undelete", {"name": "shed-2"}, 200, headers=once).json()
    assert api.post(f"{repo}/undelete", {"name": "shed-2"}, 200, headers=once).headers["idempotent-replayed"] == "true"
    assert back["full_name"] == "operator/shed-2"
    assert "deleted" not in back
    assert api.get(f"{repo}/issues").json()["issues"][0]["title"] == "Dust"
    api.delete(f"{REPOS}/{taken['id']}")
    assert api.post(f"{REPOS}/operator~shed/undelete", expect=200).json()["id"] == taken["id"]


def test_a_default_branch_has_to_be_there(api: Client, repo: str, history: History) -> None:
    assert api.patch(repo, {"default_branch": "trunk"}).json()["default_branch"] == "trunk"
    problem = api.patch(history.repo, {"default_branch": "nothing"}, 422).json()
    assert problem["errors"][0]["pointer"] == "/default_branch"
    before = api.get(history.repo).json()["default_branch"]
    api.post(f"{history.repo}/branches", {"name": "other"})
    assert api.patch(history.repo, {"default_branch": "other"}).json()["default_branch"] == "other"
    api.delete(f"{history.repo}/branches/other", 409)
    api.patch(history.repo, {"default_branch": before})
    api.delete(f"{history.repo}/branches/other")


def test_a_repository_goes_on_as_another(api: Client, anyone: Client, repo: str) -> None:
    heir = api.post(REPOS, {"name": "heir"}).json()
    api.post(f"{repo}/issues", {"title": "Dust"})
    before = api.get(repo)
    assert "succession" not in before.json()
    anyone.put(f"{repo}/successor", {"to": "heir"}, 401)
    api.put(f"{repo}/successor", {"to": "nobody-here"}, 422)
    api.put(f"{repo}/successor", {"to": repo.rpartition("/")[2]}, 409)
    told = api.put(f"{repo}/successor", {"to": "heir"}, headers={"if-match": before.headers["etag"]}).json()
    assert told["succeeded_by"] == heir["id"]
    assert told["successor"] == {name: heir[name] for name in ("id", "full_name", "clone_url")}
    assert (told["succession"]["threshold"], told["succession"]["named"][0]["author"]) == (1, told["roots"][0])
    api.put(f"{repo}/successor", {"to": "heir"}, 412, headers={"if-match": before.headers["etag"]})
    assert anyone.get(repo).json()["successor"]["full_name"] == "operator/heir"
    # Reads go on; what would change it is told where to go.
    assert anyone.get(f"{repo}/issues").json()["issues"][0]["title"] == "Dust"
    refused = api.post(f"{repo}/issues", {"title": "More"}, 409).json()
    assert "goes on as heir" in refused["detail"]
    assert heir["id"] in refused["hint"]
    api.put(f"{REPOS}/heir/successor", {"to": repo.rpartition("/")[2]}, 409)
    api.patch(f"{REPOS}/heir", {"private": True})
    assert "successor" not in anyone.get(repo).json(), "a private one is nobody's to hear of"
    back = api.delete(f"{repo}/successor", 200).json()
    assert "succession" not in back
    api.delete(f"{repo}/successor", 200)
    api.post(f"{repo}/issues", {"title": "More"})
    unknown = api.put(f"{repo}/successor", {"to": "ab" * 32}).json()
    assert (unknown["succeeded_by"], "successor" in unknown) == ("ab" * 32, False)
