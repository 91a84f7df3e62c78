"""Every answer a node has to a GET: all routes of its OpenAPI document, with all that can stand in their paths."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from tests.gitant.running import PATIENCE_S
from tests.interop.clients import asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.gitant.running import Node

LEFT_OUT: Final = {
    "/metrics": "counts what this process did since it started",
    "/api/v1/events/stream": "has no end",
}
"""Routes with nothing in them that is the node's; each with its reason."""

VARYING: Final[dict[str, tuple[str, ...]]] = {
    "/api/v1/status": ("started_at", "uptime_s"),
    "/ready": ("checks.disk.free_bytes",),
}
"""Fields that are this run's and this disk's, and the entity tag with them; the rest of these answers is compared."""

_HEADERS_LEFT_OUT: Final = {"date", "content-length", "x-request-id", "ratelimit", "ratelimit-policy"}

_PLAIN: Final = ("",)
_PAGED: Final = ("", "per_page=2")
_QUERIES: Final[dict[str, tuple[str, ...]]] = {
    "/api/v1/activity": _PAGED,
    "/api/v1/repos": (*_PAGED, "q=att"),
    "/api/v1/repos/{id}/branches": _PAGED,
    "/api/v1/repos/{id}/clone": ("", "branch=main"),
    "/api/v1/repos/{id}/commits": (*_PAGED, "ref=light", "path=docs"),
    "/api/v1/repos/{id}/diff": ("", "from=light&to=main"),
    "/api/v1/repos/{id}/diff/patch": ("", "from=light&to=main"),
    "/api/v1/repos/{id}/events": (*_PAGED, "kind=issue.opened.v1"),
    "/api/v1/repos/{id}/files": ("", "path=docs", "ref=feature/x"),
    "/api/v1/repos/{id}/issues": (
        *("", "state=all&per_page=2", "state=closed", "labels=bug", "labels=someday", "labels=bug,row/0"),
        *("assignee=operator", "assignee=ada", "author=ada", "q=roof", "q=ro", "state=all&q=line"),
    ),
    "/api/v1/repos/{id}/issues/{issueId}/comments": _PAGED,
    "/api/v1/repos/{id}/labels": _PAGED,
    "/api/v1/repos/{id}/refs": (*_PAGED, "prefix=refs/tags/"),
    "/api/v1/repos/{id}/search": ("q=line", "q=li", "q=caf%C3%A9", "q=nowhere"),
    "/{repo}.git/info/refs": ("service=git-upload-pack", "service=git-receive-pack"),
}
"""What is asked of routes that take parameters."""


class Answer(NamedTuple):
    """What must not change."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answers(node: Node) -> dict[tuple[str, str], Answer]:
    """By who asks and what, as the node answers now."""
    found: dict[tuple[str, str], Answer] = {}
    with asking(node) as operator, asking(node, operator=False) as anyone:
        addresses = list(dict.fromkeys(_addresses(operator)))
        for who, client in (("operator", operator), ("anyone", anyone)):
            for template, address in addresses:
                found |= {(who, at): answer for at, answer in _pages(client, template, address)}
    return found


def wait_indexed(node: Node) -> None:
    """Until the code of every repository is in the index, which follows the log at its own pace."""
    deadline = time.monotonic() + PATIENCE_S
    with asking(node) as client:
        for repo in _listed(client, "/api/v1/repos", "repos"):
            address = f"/api/v1/repos/{repo['id']}/search?q=line"
            while not _json(client, address)["complete"]:
                assert time.monotonic() < deadline, f"{repo['name']} is never indexed"


def _pages(client: httpx.Client, template: str, address: str) -> Iterator[tuple[str, Answer]]:
    following: str | None = address
    while following is not None:
        response = client.get(following)
        body = response.content
        if response.is_success:
            for field in VARYING.get(template, ()):
                body = _without(body, field)
        elif response.headers["content-type"] == "application/problem+json":
            body = _without(body, "request_id")
        left_out = _HEADERS_LEFT_OUT | ({"etag"} if template in VARYING else set())
        kept = [(name, value) for name, value in response.headers.items() if name not in left_out]
        yield following, Answer(response.status_code, tuple(kept), body)
        following = response.links.get("next", {}).get("url")


def _without(body: bytes, field: str) -> bytes:
    """The same JSON with a field, which must be there, made nothing of."""
    whole = inner = json.loads(body)
    *path, last = field.split(".")
    for name in path:
        inner = inner[name]
    assert last in inner
    inner[last] = None
    return json.dumps(whole).encode()


def _addresses(client: httpx.Client) -> Iterator[tuple[str, str]]:
    """Templates and what they become. A route that is not thought of here fails."""
    document = _json(client, "/api/v1/openapi.json")
    templates = [path for path, methods in document["paths"].items() if "get" in methods and path not in LEFT_OUT]
    values = _Values(client)
    for template in templates:
        for path in values.paths(template):
            assert "{" not in path, f"nothing to put into {template}"
            for query in _QUERIES.get(template, _PLAIN):
                yield template, f"{path}?{query}" if query else path


class _Values:
    """What there is on a node, to be put into paths."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._events = [event["id"] for event in _listed(client, "/api/v1/activity", "activity")]
        self._authors = list(dict.fromkeys(each["author"] for each in _listed(client, "/api/v1/activity", "activity")))
        # A deleted repository is in no list any more, and its events still say what it was.
        documents = [_json(client, f"/api/v1/events/{event}") for event in self._events]
        self._repos = [each["id"] for each in documents if each["kind"] == "repository.created.v1"]
        self._shown = {repo["id"]: repo["full_name"] for repo in _listed(client, "/api/v1/repos", "repos")}
        self._hashes = {repo: self._objects_of(repo) for repo in self._shown}

    def paths(self, template: str) -> Iterator[str]:
        if "{eventId}" in template:
            yield from (template.replace("{eventId}", event) for event in (*self._events, "0" * 64))
        elif "{did}" in template:
            yield from (template.replace("{did}", did) for did in (*self._authors, "did:key:z"))
        elif "{job}" in template:
            yield template.replace("{job}", "nowhere")
        elif "{repo}" in template:
            for repo, name in self._shown.items():
                yield from (template.replace("{repo}", path) for path in (repo, name))
        elif "{id}" in template:
            for repo in (*self._repos, "nowhere"):
                path = template.replace("{id}", repo)
                yield from self._within(repo, path)
            if template.endswith("{id}"):
                for name in self._shown.values():
                    yield from (
                        template.replace("{id}", each) for each in (name.replace("/", "~"), name.partition("/")[2])
                    )
        else:
            yield template

    def _within(self, repo: str, path: str) -> Iterator[str]:
        base = f"/api/v1/repos/{repo}"
        if "{issueId}" in path:
            issues = _listed(self._client, f"{base}/issues?state=all", "issues") if repo in self._shown else []
            names = [str(each[name]) for each in issues for name in ("id", "number")]
            names += [f"{each['number']}.{each['id'][:8]}" for each in issues]
            yield from (path.replace("{issueId}", name) for name in (*names, "99"))
        elif "{hash}" in path:
            hashes = self._hashes.get(repo, ())
            path = path.replace("{name}", "picture.png")
            yield from (path.replace("{hash}", name) for name in (*hashes, "0" * (64 if "attachments" in path else 40)))
        elif "{branch}" in path:
            yield from (path.replace("{branch}", name) for name in ("main", "nowhere"))
        elif "{ref}" in path:
            yield from (path.replace("{ref}", name) for name in ("HEAD.tar", "nowhere.tar"))
        elif "{path}" in path:
            yield from (path.replace("{path}", quote(name)) for name in (*self._files(repo), "no/where"))
        else:
            yield path

    def _files(self, repo: str, folder: str = "") -> Iterator[str]:
        answer = self._client.get(f"/api/v1/repos/{repo}/files", params={"path": folder} if folder else {})
        for entry in answer.json()["entries"] if answer.is_success else ():
            yield entry["path"]
            if entry["type"] in {"tree", "dir"}:
                yield from self._files(repo, entry["path"])

    def _objects_of(self, repo: str) -> list[str]:
        base = f"/api/v1/repos/{repo}"
        refs = [each["hash"] for each in _listed(self._client, f"{base}/refs", "refs")]
        answer = self._client.get(f"{base}/commits")
        commits = answer.json()["commits"] if answer.is_success else []
        trees = [each["tree_hash"] for each in commits]
        return list(dict.fromkeys([*refs, *(each["hash"] for each in commits), *trees]))


def _listed(client: httpx.Client, address: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: str | None = address
    while following is not None:
        response = client.get(following)
        assert response.is_success, response.text
        found += response.json()[name]
        following = response.links.get("next", {}).get("url")
    return found


def _json(client: httpx.Client, address: str) -> Any:
    response = client.get(address)
    assert response.is_success, response.text
    return response.json()
