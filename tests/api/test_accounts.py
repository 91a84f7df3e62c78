"""Accounts: registering, logging in and out, what is one's own, and what the operator does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.ids import Did
from domain.keys import SigningKey
from domain.ports_accounts import RESET_MS_MAX, SESSION_IDLE_MS_MAX
from gitant.recovery import recovery_of, seed_of
from tests.api.accounts import PASSWORD, Person, login, person, register
from tests.api.client import Client, http_to
from tests.api.node import Node, node_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.testing import TestClient

NEW = "another horse and battery"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_on(tmp_path_factory.mktemp("node") / "data", registration="open") as node:
        yield node


@pytest.fixture(scope="module")
def kay(anyone: Client) -> Person:
    return person(anyone, "kay", display_name="Kay Arden")


@pytest.fixture
def registered(anyone: Client, request: pytest.FixtureRequest) -> Person:
    """Somebody for one test alone."""
    return person(anyone, f"p{abs(hash(request.node.name)) % 10**12}")


# --- registering ---


def test_who_registers_is_a_principal_with_a_root_key_of_their_own(anyone: Client, kay: Person, node: Node) -> None:
    key, chain = recovery_of(kay.recovery)
    assert key.did == kay.did
    assert seed_of(kay.recovery) == (seed_of(kay.recovery)[0], ())
    assert SigningKey(seed_of(kay.recovery)[0]).did == kay.did
    assert chain
    agent = anyone.get(f"/api/v1/agents/{kay.did}").json()
    assert (agent["name"], agent["display_name"]) == ("kay", "Kay Arden")
    (device,) = agent["devices"]
    assert device["node"] == node.ports.node.did
    assert device["did"] != kay.did


def test_nothing_that_is_kept_holds_the_root_key_or_the_password(kay: Person, node: Node) -> None:
    seed, _ = seed_of(kay.recovery)
    for path in node.world.folder.path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert seed not in data, path
            assert PASSWORD.encode() not in data, path
            assert kay.token.encode() not in data, path
            assert kay.recovery.encode() not in data, path


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"username": "operator"}, "username"),
        ({"username": "a/b"}, "username"),
        ({"username": "-kay"}, "username"),
        ({"username": "каy"}, "username"),  # two of these letters are Cyrillic
        ({"username": "x" * 41}, "username"),
        ({"username": "did-key-z6Mk"}, "username"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b\r\nBcc: c@d"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "aaaaaaaaaa"}, "password"),
        ({"username": "harriet-1", "password": "Harriet-1"}, "password"),
        ({"display_name": "two\nlines"}, "display_name"),
    ],
)
def test_what_will_not_do_is_said_with_the_field(anyone: Client, wrong: dict[str, str], field: str) -> None:
    body = {"username": "fine", "email": "fine@example.org", "password": PASSWORD, **wrong}
    problem = anyone.post("/api/v1/auth/register", body, 422).json()
    assert problem["errors"][0]["pointer"] == f"/{field}"
    assert body["password"] not in str(problem)


@pytest.mark.parametrize("name", ["kay", "KAY", "Kay"])
def test_a_name_is_taken_whatever_its_case(anyone: Client, kay: Person, name: str) -> None:
    assert kay.name == "kay"
    register(anyone, name, 409, email="other@example.org")


def test_a_closed_node_takes_accounts_from_its_operator_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    with node_on(tmp_path_factory.mktemp("closed") / "data") as node, http_to(node.app) as http:
        anyone, operator = Client(http, operator=False), Client(http, operator=True)
        assert register(anyone, "ann", 403)["type"] == "/problems/forbidden"
        assert register(operator, "ann")["waiting"] is False
        login(anyone, "ann")


def test_with_approval_an_account_waits_and_is_nobody_until_then(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("approval") / "data"
    with node_on(folder, registration="approval", public_url="https://git.example") as node, http_to(node.app) as http:
        anyone, operator = Client(http, operator=False), Client(http, operator=True)
        made = register(anyone, "ann", 202)
        assert (made["waiting"], made["user"]["standing"]) == (True, "waiting")
        login(anyone, "ann", expect=403)
        login(anyone, "ann", "not the password", expect=401)
        anyone.get("/api/v1/users/ann", 404)
        anyone.get(f"/api/v1/agents/{made['user']['did']}", 404)
        register(anyone, "Ann", 409)
        (waiting,) = operator.get("/api/v1/users?standing=waiting").json()["users"]
        assert waiting["username"] == "ann"
        assert operator.patch("/api/v1/users/ann", {"standing": "active"}).json()["standing"] == "active"
        ann = login(anyone, "ann")
        headers = {"authorization": f"Bearer {ann['token']}"}
        anyone.post("/api/v1/repos", {"name": "attic"}, headers=headers)
        http.cookies.clear()
        cookies_are_for_that_host_alone(anyone)


def cookies_are_for_that_host_alone(anyone: Client) -> None:
    """On a node that is reached by TLS."""
    answer = anyone.post("/api/v1/auth/login", {"username": "ann", "password": PASSWORD}, 200)
    parts = answer.headers["set-cookie"].split("; ")
    assert parts[0].startswith("__Host-gitant_session=gas_")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(parts)
    anyone.http.cookies.clear()
    for name, status in (("gitant_session", 401), ("__Host-gitant_session", 200)):
        anyone.get("/api/v1/auth/profile", status, headers={"cookie": f"{name}={answer.json()['token']}"})


# --- logging in ---


@pytest.mark.parametrize("body", [{"username": "kay"}, {"username": "Kay"}, {"email": "KAY@example.org"}])
def test_a_login_gives_a_token_and_a_cookie(anyone: Client, kay: Person, body: dict[str, str]) -> None:
    answer = anyone.post("/api/v1/auth/login", {**body, "password": PASSWORD}, 200)
    begun = answer.json()
    assert (begun["user"]["username"], begun["user"]["email"]) == ("kay", "kay@example.org")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"gitant_session={begun['token']}; Path=/; Max-Age=")
    assert {"HttpOnly", "SameSite=Lax"} < set(cookie.split("; "))
    assert "no-store" in answer.headers["cache-control"]
    assert begun["token"] != kay.token
    # The client sends the cookie by itself.
    assert anyone.get("/api/v1/auth/profile").json()["did"] == kay.did
    anyone.http.cookies.clear()
    bearer = {"authorization": f"Bearer {begun['token']}"}
    assert anyone.get("/api/v1/auth/profile", headers=bearer).json()["did"] == kay.did


def test_basic_takes_name_and_password_and_name_and_token(anyone: Client, kay: Person) -> None:
    for pair in (
        ("kay", PASSWORD),
        ("kay@example.org", PASSWORD),
        ("whoever", kay.token),
        (kay.token, "x-oauth-basic"),
    ):
        answer = anyone.http.get("/api/v1/auth/profile", auth=pair)
        assert (answer.status_code, answer.json().get("did")) == (200, kay.did), pair
    for pair in (("kay", "not the password"), ("kay", f"{kay.token}x"), ("nobody", PASSWORD)):
        assert anyone.http.get("/api/v1/auth/profile", auth=pair).status_code == 401


def test_a_remembered_password_is_forgotten_with_the_next_one(anyone: Client, registered: Person) -> None:
    pair = (registered.name, PASSWORD)
    assert [anyone.http.get("/api/v1/auth/profile", auth=pair).status_code for _ in range(2)] == [200, 200]
    registered.ask("PUT", f"/api/v1/users/{registered.name}/password", 200, json={"current": PASSWORD, "password": NEW})
    assert anyone.http.get("/api/v1/auth/profile", auth=pair).status_code == 401
    assert anyone.http.get("/api/v1/auth/profile", auth=(registered.name, NEW)).status_code == 200
    anyone.http.cookies.clear()


def test_logging_out_ends_the_session_and_no_other(anyone: Client, registered: Person) -> None:
    other = login(anyone, registered.name)["token"]
    anyone.http.cookies.clear()
    answer = registered.post("/api/v1/auth/logout", expect=204)
    assert "Max-Age=0" in answer.headers["set-cookie"]
    registered.get("/api/v1/auth/profile", 401)
    anyone.get("/api/v1/auth/profile", headers={"authorization": f"Bearer {other}"})


def test_a_session_that_is_not_used_ends(anyone: Client, registered: Person, node: Node) -> None:
    node.clock_ms = node.now_ms() + SESSION_IDLE_MS_MAX
    try:
        registered.get("/api/v1/auth/profile", 401)
    finally:
        node.clock_ms = 0


# --- what is one's own ---


def test_a_profile_is_changed_by_whose_it_is(anyone: Client, registered: Person) -> None:
    words = {"display_name": "P. Erson", "about": "Likes attics.", "website": "https://example.org/"}
    changed = registered.ask("PATCH", "/api/v1/auth/profile", 200, json={**words, "email": "new@example.org"}).json()
    assert changed | words == changed
    assert changed["email"] == "new@example.org"
    public = anyone.get(f"/api/v1/users/{registered.name}").json()
    assert public | words == public
    assert {"email", "standing"}.isdisjoint(public)
    anyone.ask("PATCH", "/api/v1/auth/profile", 401, json=words)


def test_an_email_is_shown_to_its_owner_and_the_operator_alone(
    anyone: Client, api: Client, kay: Person, registered: Person
) -> None:
    path = "/api/v1/users/kay"
    assert kay.get(path).json()["email"] == api.get(path).json()["email"] == "kay@example.org"
    for who in (anyone, registered):
        assert "kay@example.org" not in who.get(path).text
    for path in ("/api/v1/users", f"/api/v1/agents/{kay.did}", f"/api/v1/agents/resolve/{kay.did}"):
        assert "kay@example.org" not in registered.get(path).text


def test_accounts_are_listed_for_who_is_known(anyone: Client, api: Client, kay: Person) -> None:
    anyone.get("/api/v1/users", 401)
    names = [user["username"] for user in api.every("/api/v1/users", "users", per_page=2)]
    assert names == sorted(names)
    assert "kay" in names
    assert kay.get("/api/v1/users?per_page=1").json()["users"][0].keys() >= {"id", "username", "did"}


def test_sessions_are_listed_and_ended(anyone: Client, kay: Person, registered: Person) -> None:
    path = f"/api/v1/users/{registered.name}/sessions"
    other = login(anyone, registered.name)["token"]
    anyone.http.cookies.clear()
    listed = registered.get(path).json()["sessions"]
    assert [session["current"] for session in listed].count(True) == 1
    assert len(listed) == 2
    assert other not in str(listed)
    (theirs,) = [session["id"] for session in listed if not session["current"]]
    kay.get(path, 403)
    kay.ask("DELETE", f"{path}/{theirs}", 403)
    registered.ask("DELETE", f"{path}/{theirs}", 204)
    registered.ask("DELETE", f"{path}/{theirs}", 404)
    anyone.get("/api/v1/auth/profile", 401, headers={"authorization": f"Bearer {other}"})
    registered.ask("DELETE", path, 204)
    registered.get(path, 401)


def test_a_password_is_changed_with_the_one_before_and_ends_all_sessions(anyone: Client, registered: Person) -> None:
    path = f"/api/v1/users/{registered.name}/password"
    registered.ask("PUT", path, 403, json={"current": "a guess", "password": NEW})
    registered.ask("PUT", path, 422, json={"current": PASSWORD, "password": "short"})
    begun = registered.ask("PUT", path, 200, json={"current": PASSWORD, "password": NEW}).json()
    anyone.http.cookies.clear()
    registered.get("/api/v1/auth/profile", 401)
    anyone.get("/api/v1/auth/profile", headers={"authorization": f"Bearer {begun['token']}"})
    login(anyone, registered.name, expect=401)
    login(anyone, registered.name, NEW)
    anyone.http.cookies.clear()


# --- what accounts do ---


def test_an_account_makes_repositories_under_its_name_and_signs_by_its_device(
    anyone: Client, registered: Person
) -> None:
    made = registered.post("/api/v1/repos", {"name": "attic", "private": True}).json()
    assert made["full_name"] == f"{registered.name}/attic"
    path = f"/api/v1/repos/{registered.name}~attic"
    anyone.get(path, 404)
    registered.post(f"{path}/issues", {"title": "Dust"})
    (event,) = registered.get(f"{path}/events?kind=issue.opened.v1").json()["events"]
    assert event["author"] == registered.did


def test_a_member_is_invited_by_user_name_and_removed_with_words(registered: Person, kay: Person) -> None:
    path = f"/api/v1/repos/{registered.post('/api/v1/repos', {'name': 'cellar', 'private': True}).json()['id']}"
    kay.get(path, 404)
    registered.post(f"{path}/collaborators", {"user": "KAY", "role": "developer"})
    kay.post(f"{path}/issues", {"title": "Damp"})
    registered.ask("DELETE", f"{path}/collaborators/kay", 204)
    kay.get(path, 404)


# --- the operator ---


def test_a_suspended_account_is_out_at_once_and_comes_back_with_a_login(
    anyone: Client, api: Client, registered: Person
) -> None:
    path = f"/api/v1/users/{registered.name}"
    registered.ask("PATCH", path, 403, json={"standing": "suspended"})
    assert api.patch(path, {"standing": "suspended"}).json()["standing"] == "suspended"
    registered.get("/api/v1/auth/profile", 401)
    assert anyone.http.get("/api/v1/auth/profile", auth=(registered.name, PASSWORD)).status_code == 403
    login(anyone, registered.name, expect=403)
    login(anyone, registered.name, "not the password", 401)
    anyone.get(path, 404)
    api.patch(path, {"standing": "active"})
    registered.get("/api/v1/auth/profile", 401)
    login(anyone, registered.name)
    anyone.http.cookies.clear()


def test_a_renamed_account_is_found_by_every_name_it_had(anyone: Client, api: Client, registered: Person) -> None:
    registered.post("/api/v1/repos", {"name": "attic"})
    new = f"{registered.name}-new"
    registered.ask("PATCH", f"/api/v1/users/{registered.name}", 403, json={"username": new})
    assert api.patch(f"/api/v1/users/{registered.name}", {"username": new}).json()["username"] == new
    for name in (registered.name, new, registered.name.upper()):
        assert anyone.get(f"/api/v1/users/{name}").json()["username"] == new
        assert anyone.get(f"/api/v1/repos/{name}~attic").json()["full_name"] == f"{new}/attic"
        assert anyone.get(f"/api/v1/agents/{name}").json()["did"] == registered.did
    register(anyone, registered.name, 409, email="thief@example.org")
    login(anyone, registered.name)
    anyone.http.cookies.clear()


def test_a_reset_code_ends_what_was_and_works_once(anyone: Client, api: Client, registered: Person, node: Node) -> None:
    registered.post(f"/api/v1/users/{registered.name}/reset", expect=403)
    offered = api.post(f"/api/v1/users/{registered.name}/reset").json()
    registered.get("/api/v1/auth/profile", 401)
    login(anyone, registered.name, expect=401)
    body = {"username": registered.name, "code": offered["code"], "password": NEW}
    anyone.post("/api/v1/auth/reset", {**body, "code": "gar_guess"}, 401)
    node.clock_ms = node.now_ms() + RESET_MS_MAX
    anyone.post("/api/v1/auth/reset", body, 401)
    node.clock_ms = 0
    anyone.post("/api/v1/auth/reset", body, 204)
    anyone.post("/api/v1/auth/reset", {**body, "password": PASSWORD}, 401)
    login(anyone, registered.name, NEW)
    anyone.http.cookies.clear()


def test_an_export_has_what_somebody_has_here(api: Client, kay: Person, registered: Person) -> None:
    repo = registered.post("/api/v1/repos", {"name": "attic", "private": True}).json()
    issue = registered.post(f"/api/v1/repos/{repo['id']}/issues", {"title": "Dust"}).json()
    path = f"/api/v1/repos/{repo['id']}/issues/{issue['number']}/comment"
    registered.post(path, {"body": "Much of it."})
    kay.get(f"/api/v1/users/{registered.name}/export", 403)
    for who in (registered, api):
        export: dict[str, Any] = who.get(f"/api/v1/users/{registered.name}/export").json()
        assert export["user"]["email"] == f"{registered.name}@example.org"
        assert export["identity"]["did"] == registered.did
        assert [each["name"] for each in export["repositories"]] == ["attic"]
        assert [each["title"] for each in export["issues"]] == ["Dust"]
        assert [each["body"] for each in export["comments"]] == ["Much of it."]


def test_a_deleted_account_ends_with_its_device_and_leaves_its_name_to_nobody(
    anyone: Client, api: Client, kay: Person, registered: Person, node: Node
) -> None:
    registered.post("/api/v1/repos", {"name": "attic"})
    path = f"/api/v1/users/{registered.name}"
    kay.ask("DELETE", path, 403)
    registered.ask("DELETE", path, 204)
    registered.get("/api/v1/auth/profile", 401)
    login(anyone, registered.name, expect=401)
    anyone.get(path, 404)
    assert api.get(path).json()["standing"] == "deleted"
    agent = anyone.get(f"/api/v1/agents/{registered.did}").json()
    assert len(agent["revoked"]) == 1
    assert node.accounts.devices.device_of(Did(registered.did)) is None
    assert anyone.get(f"/api/v1/repos/{registered.name}~attic").json()["name"] == "attic"
    register(anyone, registered.name, 409)


def test_a_suspended_account_can_be_deleted(api: Client, registered: Person, anyone: Client) -> None:
    path = f"/api/v1/users/{registered.name}"
    api.patch(path, {"standing": "suspended"})
    api.delete(path)
    assert len(anyone.get(f"/api/v1/agents/{registered.did}").json()["revoked"]) == 1


def test_a_registration_that_was_cut_short_is_finished_by_a_login(
    anyone: Client, node: Node, monkeypatch: pytest.MonkeyPatch, http: TestClient[Any]
) -> None:
    sent = node.ports.writer.send

    async def broken(*_: Any, **__: Any) -> Any:
        raise ConnectionError

    monkeypatch.setattr(node.ports.writer, "send", broken)
    body = {"username": "halfway", "email": "h@example.org", "password": PASSWORD}
    assert http.post("/api/v1/auth/register", json=body).status_code == 500
    monkeypatch.setattr(node.ports.writer, "send", sent)
    did = login(anyone, "halfway")["user"]["did"]
    anyone.http.cookies.clear()
    assert anyone.get(f"/api/v1/agents/{did}").json()["name"] == "halfway"


def test_the_operator_has_a_profile_and_no_account(api: Client) -> None:
    assert api.get("/api/v1/auth/profile").json()["operator"] is True
    api.ask("PATCH", "/api/v1/auth/profile", 404, json={"email": "o@example.org"})
