"""Stars, subscriptions and topics, and the lists they narrow and sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from tests.api.client import Client

REPOS = "/api/v1/repos"


def test_a_star_is_given_once_and_taken_back(api: Client, anyone: Client, repo: str) -> None:
    for _ in range(2):
        assert api.post(f"{repo}/star", expect=200).json() == {"starred": True, "stars": 1}
    (star,) = anyone.every(f"{repo}/stars", "stars")
    assert (star["did"], star["name"]) == (KEY.did, "operator")
    assert star["starred_at"].endswith("Z")
    shown = anyone.get(repo)
    assert shown.json()["stars"] == 1
    anyone.post(f"{repo}/star", expect=401)
    assert api.post(f"{repo}/unstar", expect=200).json() == {"starred": False, "stars": 0}
    assert anyone.get(repo).headers["etag"] != shown.headers["etag"]
    assert anyone.every(f"{repo}/stars", "stars") == []
    api.patch(repo, {"archived": True})
    api.post(f"{repo}/star", expect=200)
    api.delete(repo)
    api.post(f"{repo}/star", expect=404)


def test_what_one_hears_is_a_choice(api: Client, anyone: Client, repo: str) -> None:
    path = f"{repo}/subscription"
    assert api.get(path).json() == {"level": "participating", "chosen": False}
    assert api.put(path, {"level": "all"}).json() == {"level": "all", "chosen": True}
    assert api.get(path).json() == {"level": "all", "chosen": True}
    wrong = api.put(path, {"level": "some"}, 422).json()["errors"]
    assert wrong == [{"pointer": "/level", "detail": "must be 'all', 'ignore' or 'participating', not 'some'"}]
    api.delete(path)
    api.delete(path)
    assert api.get(path).json() == {"level": "participating", "chosen": False}
    anyone.get(path, 401)


def test_lists_are_narrowed_and_sorted(api: Client, anyone: Client) -> None:
    made = [api.post(REPOS, {"name": f"list-{letter}"}).json()["id"] for letter in "bca"]
    for each, topics in zip(made, (["git"], ["git", "p2p"], []), strict=True):
        assert api.put(f"{REPOS}/{each}/topics", {"topics": topics}).json()["topics"] == topics
    api.put(f"{REPOS}/{made[0]}/topics", {"topics": ["Bad Topic"]}, 422)
    api.post(f"{REPOS}/{made[1]}/star", expect=200)
    api.patch(f"{REPOS}/{made[0]}", {"website": "https://example.org"})
    api.patch(f"{REPOS}/{made[0]}", {"website": "javascript:alert(1)"}, 422)
    api.patch(f"{REPOS}/{made[2]}", {"archived": True})

    def names(who: Client = api, **params: str) -> list[str]:
        found = [repo["name"] for repo in who.every(REPOS, "repos", q="list-", per_page="1", **params)]
        return [name.removeprefix("list-") for name in found]

    assert names() == ["a", "c", "b"]
    assert names(sort="name") == ["a", "b", "c"]
    assert names(sort="stars")[0] == "c"
    assert names(sort="updated") == ["a", "b", "c"]
    assert sorted(names(topic="git")) == ["b", "c"]
    assert names(topic="p2p") == names(starred="true") == ["c"]
    assert names(archived="true") == ["a"]
    assert names(archived="false", sort="name") == ["b", "c"]
    assert names(mine="true") == names(owner="operator") == names(owner=KEY.did) == names()
    assert names(owner="nobody") == []
    assert names(anyone, topic="git", sort="name") == ["b", "c"]
    anyone.get(f"{REPOS}?mine=true", 401)
    wrong = api.get(f"{REPOS}?sort=size", 422).json()["errors"]
    assert wrong == [{"pointer": "?sort", "detail": "must be 'created', 'name', 'stars' or 'updated', not 'size'"}]
    for sort in ("name", "stars", "updated"):
        api.get(f"{REPOS}?sort={sort}&after=nonsense", 422)
