"""What holds for every route: conditions, idempotency, positions, problems, limits, headers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from api.app import create_app
from api.ports import ApiSettings
from api.remembered import RENDERED_BYTES_MAX, REPOS_MAX, Remembered, Rendered
from domain.actor import ANONYMOUS
from domain.etag import etag
from tests.api.client import PROBLEM, Client, http_to
from tests.api.node import TOKEN, node_on
from tests.gitant.writer.world import ME

if TYPE_CHECKING:
    from pathlib import Path

    from api.ports import Asked
    from domain.actor import Actor
    from tests.api.node import Node


def test_reads_are_tagged_and_not_sent_twice(api: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    for path in (repo, f"{repo}/issues", f"{repo}/issues/1", f"{repo}/labels", "/api/v1/repos", "/api/v1/version"):
        response = api.get(path)
        tag = response.headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = api.get(path, 304, headers={"if-none-match": known})
            assert again.content == b""
            assert again.headers["etag"] == tag
            assert again.headers.get("link") == response.headers.get("link")
        api.get(path, headers={"if-none-match": '"other"'})
    assert api.get(f"{repo}/issues/1").headers["etag"] == etag(api.get(f"{repo}/issues/1").content)


def test_a_change_can_be_bound_to_what_was_read(api: Client, repo: str) -> None:
    made = api.post(f"{repo}/issues", {"title": "Dust"})
    tag = made.headers["etag"]
    assert tag == api.get(f"{repo}/issues/1").headers["etag"]
    changed = api.patch(f"{repo}/issues/1", {"title": "More"}, headers={"if-match": f'"other", {tag}'})
    for stale in (tag, f'{tag}, "other"', f"W/{changed.headers['etag']}"):
        problem = api.patch(f"{repo}/issues/1", {"title": "Most"}, expect=412, headers={"if-match": stale}).json()
        assert problem["type"] == "/problems/precondition-failed"
    api.patch(f"{repo}/issues/1", {"title": "Most"}, headers={"if-match": "*"})
    api.patch(f"{repo}/issues/1", {"title": "Most"}, expect=422, headers={"if-match": "bare"})


def test_every_changeable_thing_takes_conditions(api: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    api.post(f"{repo}/labels", {"name": "bug"})
    comment = api.post(f"{repo}/issues/1/comment", {"body": "Yes"}).json()["id"]
    stale = {"if-match": '"000"'}
    for path, body in (
        ("", {"description": "x"}),
        ("/issues/1", {"title": "x"}),
        (f"/issues/1/comments/{comment}", {"body": "x"}),
    ):
        api.patch(repo + path, body, expect=412, headers=stale)
        tag = api.get(repo + path).headers["etag"] if "comments" not in path else "*"
        api.patch(repo + path, body, headers={"if-match": tag})
    api.put(f"{repo}/labels/bug", {"color": "000000"}, expect=412, headers=stale)
    api.put(f"{repo}/issues/1/labels", {"labels": []}, expect=412, headers=stale)
    api.put(f"{repo}/issues/1/assignees", {"assignees": []}, expect=412, headers=stale)
    for path in (f"/issues/1/comments/{comment}", "/labels/bug", ""):
        api.delete(repo + path, 412, headers=stale)


def test_the_same_key_is_answered_the_same(api: Client, repo: str) -> None:
    key = {"idempotency-key": "a-key"}
    first = api.post(f"{repo}/issues", {"title": "Dust"}, headers=key)
    again = api.post(f"{repo}/issues", {"title": "Dust"}, headers=key)
    assert again.content == first.content
    assert again.headers["gitant-position"] == first.headers["gitant-position"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert len(api.every(f"{repo}/issues", "issues")) == 1
    api.post(f"{repo}/issues", {"title": "Other"}, expect=409, headers=key)
    api.post(f"{repo}/labels", {"name": "Dust"}, expect=409, headers=key)
    for bad in ("", "x" * 256):
        api.post(f"{repo}/issues", {"title": "Dust"}, expect=422, headers={"idempotency-key": bad})


def test_a_retry_with_a_condition_is_answered_again(api: Client, repo: str) -> None:
    tag = api.post(f"{repo}/issues", {"title": "Dust"}).headers["etag"]
    headers = {"if-match": tag, "idempotency-key": "conditional"}
    first = api.patch(f"{repo}/issues/1", {"title": "More"}, headers=headers)
    again = api.patch(f"{repo}/issues/1", {"title": "More"}, headers=headers)
    assert again.content == first.content


def test_a_read_waits_for_what_was_written(api: Client, anyone: Client, repo: str) -> None:
    position = api.post(f"{repo}/issues", {"title": "Dust"}).headers["gitant-position"]
    anyone.get(f"{repo}/issues", headers={"gitant-position": position})
    for bad in ("-1", "x", "1.5", "9" * 30, ""):
        anyone.get(f"{repo}/issues", 422, headers={"gitant-position": bad})


def test_a_position_that_is_never_reached_is_503(node: Node) -> None:
    impatient = replace(node.ports, settings=ApiSettings(position_wait_s=0.02))
    with http_to(create_app(impatient)) as http:
        response = Client(http, operator=False).get("/api/v1/version", 503, headers={"gitant-position": "99999999"})
    assert int(response.headers["retry-after"]) > 0


def test_errors_of_every_sort_are_problems(api: Client, anyone: Client, repo: str) -> None:
    assert anyone.get("/api/v1/nothing/here", 404).json()["type"] == "/problems/no-such-route"
    assert anyone.get("/nothing/here", 404).json()["type"] == "/problems/not-found"
    response = api.ask("PUT", repo, 405)
    assert {method.strip() for method in response.headers["allow"].split(",")} >= {"GET", "PATCH", "DELETE"}
    issues = f"{repo}/issues"
    as_json = {"content-type": "application/json"}
    for content in (b"{", b"\xff", b'"\\ud800"', b"[" * 100_000, b'{"title": "a\xed\xa0\x80"}'):
        problem = api.post(issues, expect=400, content=content, headers=as_json).json()
        assert problem["type"] == "/problems/malformed"
    for content in (b"[]", b'"x"', b"null", b"5"):
        api.post(issues, expect=422, content=content, headers=as_json)
    assert "null" not in api.post(issues, expect=422).json()["detail"]
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        problem = api.post(issues, expect=415, content=b"title=x", headers={"content-type": kind}).json()
        assert "application/json" in problem["hint"]
    api.post(issues, expect=415, content=b"x", headers={**as_json, "content-encoding": "gzip"})
    api.post(issues, content=b'{"title": "x"}', headers={"content-type": "application/merge-patch+json"})
    api.post(issues, content=b'{"title": "x"}')


def test_bodies_have_a_limit(api: Client, anyone: Client, repo: str) -> None:
    large = b'{"title": "x", "body": "' + b"x" * (1 << 20) + b'"}'
    api.post(f"{repo}/issues", expect=413, content=large)
    chunks = (large[start : start + 65536] for start in range(0, len(large), 65536))
    api.post(f"{repo}/issues", expect=413, content=chunks)
    anyone.post("/api/v1/events", expect=413, content=large)
    push = b'{"ref_updates": [], "packfile": "' + b"A" * (1 << 20) + b'"}'
    api.post(f"{repo}/push-packfile", expect=422, content=push)


def test_nobody_writes_and_is_told_how_to(anyone: Client, repo: str) -> None:
    for method, path in (
        ("POST", "/api/v1/repos"),
        ("PATCH", repo),
        ("DELETE", repo),
        ("POST", f"{repo}/issues"),
        ("POST", "/api/v1/repos/nothing/issues"),
        ("PUT", f"{repo}/labels/x"),
        ("POST", f"{repo}/push"),
        ("DELETE", f"{repo}/branches/main"),
    ):
        response = anyone.ask(method, path, 401, content=b"{not json")
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert "gitant token" in response.json()["hint"]
    anyone.get(repo, 401, headers={"authorization": "Bearer wrong"})
    anyone.get(repo, headers={"authorization": f"Bearer {TOKEN}"})


def test_a_private_repository_does_not_exist_for_others(api: Client, anyone: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Secret"})
    name = api.patch(repo, {"private": True}).json()["name"]
    missing = anyone.get("/api/v1/repos/nothing-of-the-sort", 404).json()
    for path in (
        "", "/issues", "/issues/1", "/issues/1/comments", "/labels", "/refs", "/branches", "/clone", "/events",
        "/files", "/files/x", "/raw/x", "/commits", "/commits/main", "/commits/main/parents", "/diff",
        "/diff/patch", "/search?q=x", f"/objects/{'0' * 40}",
    ):  # fmt: skip
        problem = anyone.get(repo + path, 404).json()
        assert (problem["type"], problem["title"]) == (missing["type"], missing["title"])
        assert "repository" in problem["detail"]
        assert name not in str(problem)
    anyone.get(f"/api/v1/repos/{name}", 404)
    assert name not in [each["name"] for each in anyone.every("/api/v1/repos", "repos")]


def test_every_answer_is_safe_to_show(anyone: Client) -> None:
    for path, status in (("/live", 200), ("/nothing", 404), ("/api/v1/repos", 200), ("/a%00b", 400)):
        is_page = path in {"/nothing", "/a%00b"}
        headers = anyone.get(path, status).headers
        assert headers["x-content-type-options"] == "nosniff"
        # With no-referrer, older browsers would say of our own forms that they come from nowhere.
        assert headers["referrer-policy"] == ("same-origin" if is_page else "no-referrer")
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-cache"


def test_head_is_get_without_the_body(anyone: Client, repo: str) -> None:
    for path, status in ((repo, 200), ("/nothing", 404)):
        head, get = anyone.http.head(path), anyone.http.get(path)
        assert head.status_code == get.status_code == status
        assert head.content == b""
        assert head.headers["content-length"] == str(len(get.content))
        assert head.headers.get("etag") == get.headers.get("etag")


def test_options_and_405_list_the_methods(anyone: Client, repo: str) -> None:
    for path, methods in ((repo, "DELETE, GET, HEAD, OPTIONS, PATCH"), ("/live", "GET, HEAD, OPTIONS")):
        options = anyone.ask("OPTIONS", path, 204)
        assert options.headers["allow"] == methods
        assert anyone.ask("PUT", path, 405).headers["allow"] == methods


def test_what_is_remembered_is_bounded_and_never_old() -> None:
    class Views:
        at = 1
        asked = 0

        def position(self) -> int:
            return self.at

        def visible(self, reader: Actor, selector: str) -> str:
            self.asked += 1
            return f"{selector}@{self.at} for {reader.did}"

    views = Views()
    remembered: Any = Remembered(views)  # type: ignore[arg-type]
    remembered.look()
    assert [remembered.repo(ANONYMOUS, "a"), remembered.repo(ANONYMOUS, "a"), views.asked] == [*["a@1 for None"] * 2, 1]
    assert remembered.repo(ME, "a") == f"a@1 for {ME.did}", "what somebody sees is remembered for nobody else"
    remembered.keep("key", Rendered(b"body", "tag", []))
    remembered.look()
    assert remembered.get("key") is not None
    views.at = 2
    remembered.look()
    assert remembered.get("key") is None
    remembered.keep("key", Rendered(b"made while the log moved on", "tag", []), 1)
    assert remembered.get("key") is None
    remembered.keep("key", Rendered(b"body", "tag", []), 2)
    assert remembered.get("key") is not None
    assert remembered.repo(ANONYMOUS, "a") == "a@2 for None"
    for number in range(REPOS_MAX + 1):
        remembered.repo(ANONYMOUS, str(number))
        remembered.keep(number, Rendered(bytes(8192), "tag", []))
    assert len(remembered._repos) <= REPOS_MAX
    assert sum(len(each.body) for each in remembered._rendered.values()) <= RENDERED_BYTES_MAX


def test_a_bug_is_not_shown(node: Node) -> None:
    class Broken:
        async def actor(self, asked: Asked) -> Any:
            raise RuntimeError(f"secret {asked}")

    class BrokenViews:
        def repos(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("secret")

    broken = replace(node.ports, doors=Broken(), views=BrokenViews())  # type: ignore[arg-type]
    with http_to(create_app(broken)) as http:
        for headers in ({"authorization": "x"}, {}):
            response = http.get("/api/v1/repos", headers=headers)
            assert response.status_code == 500
            assert response.headers["content-type"] == PROBLEM
            assert "secret" not in response.text


def test_urls_begin_with_how_the_world_reaches_the_node(tmp_path: Path) -> None:
    with node_on(tmp_path / "node", public_url="https://git.example.com/") as node, http_to(node.app) as http:
        api = Client(http, operator=True)
        for name in ("one", "two"):
            api.post("/api/v1/repos", {"name": name})
        listed = api.get("/api/v1/repos", params={"limit": 1})
        assert listed.json()["repos"][0]["clone_url"] == "https://git.example.com/operator/two.git"
        assert listed.links["next"]["url"].startswith("https://git.example.com/api/v1/repos?limit=1&after=")


@pytest.mark.parametrize("host", ["evil\r\nx: y", 'a"b', "a b", "<a>"])
def test_a_host_that_is_none_is_refused(node: Node, host: str) -> None:
    """Straight to the application: an HTTP client would not send it."""
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": "/api/v1/repos", "raw_path": b"/api/v1/repos", "root_path": "",
            "query_string": b"", "headers": [(b"host", host.encode())], "scheme": "http", "http_version": "1.1",
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "asgi": {"version": "3.0"},
        }  # fmt: skip
        await node.app(scope, receive, send)  # type: ignore[arg-type]

    asyncio.run(ask())
    assert sent[0]["status"] == 400
