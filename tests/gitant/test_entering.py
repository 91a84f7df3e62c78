"""The way into a running node, of the API and of git: by which names, how often, and under which id."""

from __future__ import annotations

import http.client
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.gitant.running import PATIENCE_S, Node, running

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.slow

GIT = "/operator/none.git/info/refs?service=git-upload-pack"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    flags = ("--rate-anonymous", "1", "--rate-anonymous-burst", "60", "--allowed-hosts", "forge.example")
    with running(tmp_path_factory.mktemp("entering") / "node", *flags, workers=2) as node:
        yield node


def ask(node: Node, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(*node.address, timeout=PATIENCE_S)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/api/v1/repos", GIT])
def test_a_name_of_somebody_else_s_leads_nowhere(node: Node, path: str) -> None:
    status, headers, body = ask(node, path, Host="evil.example")
    assert status == 421
    assert b"evil.example" in body
    assert b"allowed_hosts" in body
    assert headers["x-request-id"]
    ours = ask(node, path, Host="forge.example:80", X_Forwarded_For="1.2.3.4")
    assert ours[0] == (200 if path.startswith("/api") else 401)


def test_all_workers_count_one_address_together_and_git_is_counted_too(node: Node) -> None:
    def one(number: int) -> int:
        return ask(node, GIT if number % 5 == 0 else "/api/v1/version", X_Forwarded_For="7.7.7.7")[0]

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, range(150)))
    served = [status for status in statuses if status in {200, 401}]
    # Sixty and one a second; a worker that writes while another one does may give one away.
    assert 60 <= len(served) < 100
    assert set(statuses) == {200, 401, 429}
    status, headers, body = ask(node, GIT, X_Forwarded_For="7.7.7.7")
    assert (status, headers["content-type"]) == (429, "text/plain; charset=utf-8")
    assert int(headers["retry-after"]) >= 1
    assert b"with a token" in body
    assert ask(node, "/api/v1/version", X_Forwarded_For="8.8.8.8")[0] == 200
    assert ask(node, "/ready", X_Forwarded_For="7.7.7.7")[0] == 200
    token = (node.folder / "operator.token").read_text().strip()
    for _ in range(100):
        assert ask(node, "/api/v1/version", X_Forwarded_For="7.7.7.7", Authorization=f"Bearer {token}")[0] == 200


def test_stock_git_shows_why_it_is_turned_away(node: Node) -> None:
    url = f"{node.url}/operator/none.git"
    named = ["-c", "http.extraHeader=Host: evil.example"]
    done = subprocess.run(["git", *named, "ls-remote", url], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode != 0
    assert "421" in done.stderr


def test_ids_do_not_mix_when_requests_do(node: Node) -> None:
    token = (node.folder / "operator.token").read_text().strip()

    def one(number: int) -> bool:
        name = f"mine-{number}"
        path = "/api/v1/repos/none" if number % 2 else "/nowhere"
        _, headers, body = ask(node, path, X_Request_Id=name, Authorization=f"Bearer {token}")
        return name == headers["x-request-id"] and name == str(json.loads(body)["request_id"])

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(100)))
