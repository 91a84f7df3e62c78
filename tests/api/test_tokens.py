"""Access tokens and deploy keys: made by somebody who came in whole, narrowed, told once, ended at once."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from api.ports import Asked
from api.tokens import new_token
from domain.errors import Forbidden, NotFound, Unauthenticated
from domain.ids import Did
from domain.ports_tokens import TOKENS_MAX, USED_GRAIN_MS
from domain.scopes import SCOPES
from gitant.gitgate import NodeGate
from tests.api.accounts import Person, person
from tests.api.node import Node, node_on
from transport.git.app import is_git_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.actor import Actor
    from tests.api.client import Client

ME = "/api/v1/users/@me/tokens"
SECRET = re.compile(r"gap_[A-Za-z0-9_-]{43}")
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_on(tmp_path_factory.mktemp("node") / "data", registration="open", audited=True) as node:
        yield node


@pytest.fixture(scope="module")
def kay(anyone: Client) -> Person:
    return person(anyone, "kay")


@pytest.fixture(scope="module")
def lee(anyone: Client) -> Person:
    return person(anyone, "lee")


@pytest.fixture(scope="module")
def yard(kay: Person) -> dict[str, Any]:
    """A private repository of Kay's."""
    made: dict[str, Any] = kay.post("/api/v1/repos", {"name": "yard", "private": True}).json()
    return made


def _make(who: Person | Client, scopes: list[str], **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = who.post(ME, {"name": "for a test", "scopes": scopes, **more}, 201).json()
    return made


def _with(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def _basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def _git(node: Node, headers: dict[str, str], path: str) -> Actor:
    """Who comes in by git with these headers to fetch what is at a path; raises as git's gate does."""
    gate = NodeGate(node.ports.views, node.ports.writer, node.ports.doors)
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def coming() -> Actor:
        scope = {"type": "http", "method": "GET", "path": f"/{path}.git/info/refs", "query_string": b"", "headers": raw}
        actor = await gate.actor(scope)
        await gate.readable(actor, path)
        return actor

    return asyncio.run(coming())


def _push(node: Node, headers: dict[str, str], path: str) -> None:
    gate = NodeGate(node.ports.views, node.ports.writer, node.ports.doors)
    actor = _git(node, headers, path)
    asyncio.run(gate.writable(actor, asyncio.run(gate.readable(actor, path))))


# --- making, listing, ending ---


def test_a_token_is_told_once_and_listed_without_its_secret(kay: Person, node: Node) -> None:
    made = _make(kay, ["repo:read", "issue:write"])
    assert SECRET.fullmatch(made["token"])
    (listed,) = [each for each in kay.get(ME).json()["tokens"] if each["id"] == made["id"]]
    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert (listed["scopes"], listed["repos"], listed["expired"]) == (["issue:write", "repo:read"], None, False)
    made_at, ends_at = (datetime.fromisoformat(listed[name]) for name in ("created_at", "expires_at"))
    assert round((ends_at - made_at).total_seconds() / 86_400) == 90
    for path in node.world.folder.path.rglob("*"):
        assert not path.is_file() or made["token"].encode() not in path.read_bytes(), path


def test_it_stands_for_its_maker_until_it_is_revoked(kay: Person, anyone: Client) -> None:
    made = _make(kay, ["user:read"])
    assert anyone.get("/api/v1/auth/profile", headers=_with(made["token"])).json()["username"] == "kay"
    assert anyone.get("/api/v1/auth/profile", headers=_basic("whoever", made["token"])).json()["username"] == "kay"
    kay.ask("DELETE", f"{ME}/{made['id']}", 204)
    anyone.get("/api/v1/version", 401, headers=_with(made["token"]))
    kay.ask("DELETE", f"{ME}/{made['id']}", 404)


def test_it_ends_when_it_was_to_and_never_only_where_that_was_said(kay: Person, anyone: Client, node: Node) -> None:
    short, forever = _make(kay, ["user:read"], days=2), _make(kay, ["user:read"], never=True)
    assert forever["expires_at"] is None
    now = int(datetime.now(UTC).timestamp() * 1000)
    try:
        node.clock_ms = now + 2 * DAY_MS - 60_000
        anyone.get("/api/v1/version", headers=_with(short["token"]))
        node.clock_ms = now + 2 * DAY_MS + 60_000
        answer = anyone.get("/api/v1/version", 401, headers=_with(short["token"])).json()
        assert "has expired" in answer["detail"]
        node.clock_ms = now + 3_000 * DAY_MS
        anyone.get("/api/v1/version", headers=_with(forever["token"]))
    finally:
        node.clock_ms = 0


def test_when_it_was_last_used_is_noted_once_a_minute(kay: Person, anyone: Client, node: Node) -> None:
    made = _make(kay, ["user:read"])
    tokens, start = node.ports.tokens, int(datetime.now(UTC).timestamp() * 1000)
    assert tokens is not None

    def used() -> int | None:
        return next(each.used_ms for each in tokens.of(Did(kay.did)) if each.id == made["id"])

    try:
        seen = []
        for after_ms in (0, USED_GRAIN_MS - 1, USED_GRAIN_MS, USED_GRAIN_MS + 5):
            node.clock_ms = start + after_ms
            anyone.get("/api/v1/version", headers=_with(made["token"]))
            # What is written beside the loop is there when the next request has been to the disk.
            kay.get(ME)
            seen.append(used())
        assert seen == [start, start, start + USED_GRAIN_MS, start + USED_GRAIN_MS]
    finally:
        node.clock_ms = 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["repo:everything"]}, "scopes"),
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"days": 0}, "days"),
        ({"days": 3_651}, "days"),
        ({"days": 1, "never": True}, "never"),
        ({"repos": []}, "repos"),
        ({"scopes": ["node:admin"], "repos": ["yard"]}, "repos"),
    ],
)
def test_what_no_token_is(kay: Person, wrong: dict[str, Any], field: str) -> None:
    problem = kay.post(ME, {"name": "for a test", "scopes": ["repo:read"], **wrong}, 422).json()
    assert field in str(problem.get("errors") or problem), problem


def test_one_account_has_so_many_and_no_more(anyone: Client, node: Node) -> None:
    mo, tokens = person(anyone, "mo"), node.ports.tokens
    assert tokens is not None
    for _ in range(TOKENS_MAX):
        token, _, digest = new_token(Did(mo.did), "for a test", frozenset({"user:read"}), None, None)
        tokens.add(token, digest)
    mo.post(ME, {"name": "one more", "scopes": ["user:read"]}, 409)


# --- who ---


def test_tokens_are_their_owner_s_affair_and_the_operator_s_to_end(kay: Person, lee: Person, api: Client) -> None:
    made = _make(kay, ["user:read"])
    path = "/api/v1/users/kay/tokens"
    lee.get(path, 403)
    lee.post(path, {"name": "stolen", "scopes": ["repo:read"]}, 403)
    lee.ask("DELETE", f"{path}/{made['id']}", 403)
    lee.ask("DELETE", f"{ME}/{made['id']}", 404)
    api.post(path, {"name": "in the name of", "scopes": ["repo:read"]}, 403)
    assert made["id"] in [each["id"] for each in api.get(path).json()["tokens"]]
    api.ask("DELETE", f"{path}/{made['id']}", 204)
    lee.client.get(ME, 401)


def test_a_token_makes_no_other_one(kay: Person, anyone: Client) -> None:
    made = _make(kay, [scope for scope in SCOPES if scope != "node:admin"])
    body = {"name": "wider", "scopes": ["repo:admin"], "never": True}
    problem = anyone.post(ME, body, 403, headers=_with(made["token"])).json()
    assert "cannot make another" in problem["detail"]


def test_only_the_operator_s_tokens_run_the_node(
    kay: Person, api: Client, anyone: Client, yard: dict[str, Any]
) -> None:
    kay.post(ME, {"name": "too much", "scopes": ["node:admin"]}, 403)
    private = f"/api/v1/repos/{yard['id']}"
    whole, narrow = _make(api, ["node:admin"]), _make(api, ["repo:read"])
    anyone.get(private, headers=_with(whole["token"]))
    anyone.get(private, 404, headers=_with(narrow["token"]))


# --- narrowed, through every door ---


def test_scopes_hold_in_the_api_and_in_git(kay: Person, anyone: Client, node: Node, yard: dict[str, Any]) -> None:
    reads, writes, talks, other = (
        _make(kay, [scope])["token"] for scope in ("repo:read", "repo:write", "issue:write", "user:read")
    )
    repo = f"/api/v1/repos/{yard['id']}"
    for secret in (reads, writes, talks):
        anyone.get(repo, headers=_with(secret))
    anyone.get(repo, 404, headers=_with(other))
    for secret, status in ((reads, 403), (writes, 403), (other, 403), (talks, 201)):
        anyone.post(f"{repo}/issues", {"title": "Dust"}, status, headers=_with(secret))
    for secret in (reads, writes, talks):
        anyone.ask("PATCH", repo, 403, json={"description": "mine"}, headers=_with(secret))
        _git(node, _basic("x", secret), "kay/yard")
    with pytest.raises(NotFound):
        _git(node, _basic("x", other), "kay/yard")
    _push(node, _basic("x", writes), "kay/yard")
    for secret in (reads, talks):
        with pytest.raises(Forbidden, match="repo:write"):
            _push(node, _basic("x", secret), "kay/yard")


def test_a_token_for_some_repositories_does_not_see_the_others(kay: Person, anyone: Client, node: Node) -> None:
    inside = kay.post("/api/v1/repos", {"name": "inside", "private": True}).json()
    outside = kay.post("/api/v1/repos", {"name": "outside", "private": True}).json()
    public = kay.post("/api/v1/repos", {"name": "shown"}).json()
    secret = _make(kay, ["repo:admin"], repos=["kay~inside"])["token"]
    headers = _with(secret)
    anyone.get(f"/api/v1/repos/{inside['id']}", headers=headers)
    anyone.get(f"/api/v1/repos/{outside['id']}", 404, headers=headers)
    names = {each["name"] for each in anyone.get("/api/v1/repos", headers=headers).json()["repos"]}
    assert "outside" not in names
    anyone.post(f"/api/v1/repos/{inside['id']}/issues", {"title": "Dust"}, headers=headers)
    anyone.post(f"/api/v1/repos/{public['id']}/issues", {"title": "Dust"}, 403, headers=headers)
    anyone.post("/api/v1/repos", {"name": "new"}, 403, headers=headers)
    _push(node, _basic("x", secret), "kay/inside")
    with pytest.raises(NotFound):
        _git(node, _basic("x", secret), "kay/outside")
    with pytest.raises(Forbidden):
        _push(node, _basic("x", secret), "kay/shown")


@pytest.mark.parametrize("place", ["password", "user", "oauth", "token", "bearer"])
def test_git_takes_a_token_on_either_side(kay: Person, node: Node, yard: dict[str, Any], place: str) -> None:
    secret = _make(kay, ["repo:read"])["token"]
    headers = {
        "password": _basic("anyone", secret),
        "user": _basic(secret, ""),
        "oauth": _basic(secret, "x-oauth-basic"),
        "token": {"authorization": f"token {secret}"},
        "bearer": _with(secret),
    }[place]
    actor = _git(node, headers, yard["id"])
    assert (actor.did, actor.door, actor.operator) == (kay.did, "token", False)


# --- deploy keys ---


def test_a_deploy_key_reads_or_writes_one_repository_s_code_and_nothing_else(
    kay: Person, anyone: Client, node: Node, yard: dict[str, Any]
) -> None:
    keys = f"/api/v1/repos/{yard['id']}/deploy-keys"
    reads = kay.post(keys, {"name": "builder"}).json()
    writes = kay.post(keys, {"name": "publisher", "write": True, "never": True}).json()
    assert SECRET.fullmatch(reads["token"])
    listed = kay.get(keys).json()["deploy_keys"]
    assert [(each["name"], each["write"], each["by"]) for each in listed] == [
        ("publisher", True, kay.did),
        ("builder", False, kay.did),
    ]
    assert "token" not in listed[0]
    assert not {reads["id"], writes["id"]} & {each["id"] for each in kay.get(ME).json()["tokens"]}
    other = kay.post("/api/v1/repos", {"name": "elsewhere", "private": True}).json()
    _git(node, _basic("deploy", reads["token"]), "kay/yard")
    _push(node, _basic("deploy", writes["token"]), "kay/yard")
    with pytest.raises(Forbidden):
        _push(node, _basic("deploy", reads["token"]), "kay/yard")
    with pytest.raises(NotFound):
        _git(node, _basic("deploy", writes["token"]), other["id"])
    for path in (f"/api/v1/repos/{yard['id']}", f"/api/v1/repos/{yard['id']}/issues", "/api/v1/version", keys, ME):
        problem = anyone.get(path, 403, headers=_with(writes["token"])).json()
        assert "for git alone" in problem["detail"]
    kay.ask("DELETE", f"{keys}/{reads['id']}", 204)
    kay.ask("DELETE", f"{keys}/{reads['id']}", 404)
    with pytest.raises(Unauthenticated):
        _git(node, _basic("deploy", reads["token"]), "kay/yard")


def test_deploy_keys_are_an_admin_s_affair_and_end_with_their_rights(
    kay: Person, lee: Person, node: Node, api: Client
) -> None:
    made = kay.post("/api/v1/repos", {"name": "shared", "private": True}).json()
    repo = f"/api/v1/repos/{made['id']}"
    keys = f"{repo}/deploy-keys"
    lee.get(keys, 404)
    kay.post(f"{repo}/collaborators", {"user": "lee", "role": "developer"})
    lee.post(keys, {"name": "lee's builder", "write": True}, 403)
    kay.post(f"{repo}/collaborators", {"user": "lee", "role": "admin"})
    answer = lee.post(keys, {"name": "lee's builder", "write": True})
    secret = answer.json()["token"]
    _push(node, _basic("x", secret), "kay/shared")
    # Another repository's admin ends none of these, and the operator, who has no role here, makes none.
    kay.ask("DELETE", f"{keys}/{answer.json()['id'][::-1]}", 404)
    api.post(keys, {"name": "operator's"}, 403)
    assert len(api.get(keys).json()["deploy_keys"]) == 1
    kay.ask("DELETE", f"{repo}/collaborators/lee", 204)
    with pytest.raises(Forbidden, match="kay removed you"):
        _git(node, _basic("x", secret), "kay/shared")
    kay.post(keys, {"name": "a token", "write": True}, 403, headers=_with(_make(kay, ["repo:admin"])["token"]))


def test_a_door_looks_at_the_path_as_it_is_served(kay: Person, node: Node, yard: dict[str, Any]) -> None:
    """Percent signs do not make a path of the API look like one of git's."""
    secret = kay.post(f"/api/v1/repos/{yard['id']}/deploy-keys", {"name": "builder"}).json()["token"]
    for path in ("/api%2Fv1%2Frepos%2Fyard.git/issues", "/api%2fv1/x.git/..", "/api/v1%2Frepos/a.git/b"):
        asked = Asked({b"authorization": f"Bearer {secret}".encode()}, path=path)
        if is_git_path(path):
            with pytest.raises(Forbidden):
                asyncio.run(node.ports.doors.actor(asked))


def test_a_suspended_account_s_tokens_are_nobody_s(anyone: Client, api: Client, node: Node) -> None:
    ann = person(anyone, "ann")
    made = ann.post("/api/v1/repos", {"name": "den"}).json()
    secret = _make(ann, ["repo:read"])["token"]
    key = ann.post(f"/api/v1/repos/{made['id']}/deploy-keys", {"name": "builder"}).json()["token"]
    anyone.get("/api/v1/version", headers=_with(secret))
    api.ask("PATCH", "/api/v1/users/ann", 200, json={"standing": "suspended"})
    anyone.get("/api/v1/version", 401, headers=_with(secret))
    with pytest.raises(Unauthenticated):
        _git(node, _basic("x", key), "ann/den")
