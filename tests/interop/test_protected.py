"""Stock git at a protected branch: each refused ref says why, and a person is told more."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from domain.authority.roles import Role
from tests.gitant.running import running
from tests.interop.clients import StockGit, asking, token_of
from tests.making import begin, key, write

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from domain.envelope import Event


def post(client: httpx.Client, event: Event) -> Event:
    assert event.payload is not None
    parts = {"header": event.header, "signature": event.signature, "payload": event.payload}
    answer = client.post("/api/v1/events", json={name: base64.b64encode(each).decode() for name, each in parts.items()})
    assert answer.status_code == 201, answer.text
    return event


def test_a_refused_push_is_told_ref_by_ref(tmp_path: Path) -> None:
    git = StockGit(tmp_path)
    with running(tmp_path / "node") as node, asking(node) as client:
        me = client.get("/api/v1/status").json()["did"]
        genesis = post(client, begin("ada"))
        granted = {"principal": me, "role": Role.DEVELOPER.word}
        given = post(client, write("ada", "member.granted.v1", granted, genesis=genesis, prev=genesis))
        host, port = node.address
        url = f"http://anyone:{token_of(node)}@{host}:{port}/{genesis.id.hex()}.git"
        git("init", "--quiet", "-b", "main", "work")
        work = StockGit(tmp_path / "work")
        for number in range(2):
            work.commit("dust", str(number))
        work("push", url, "main", "main:next")
        told = client.get(f"/api/v1/repos/{genesis.id.hex()}/events").json()["events"][0]
        rules: dict[str, Any] = {"pattern": "ma*", "replaces": []}
        after = client.get(f"/api/v1/events/{told['id']}").json()
        parent = bytes.fromhex(after["id"])
        post(
            client,
            write(
                "ada",
                "branch.protected.v1",
                rules,
                genesis=genesis,
                prev=given,
                parents=[parent],
                lamport=after["lamport"] + 1,
            ),
        )
        refused = work.start("push", "--force", url, "main^:main", "main^:next")
        _, words = refused.communicate(timeout=60)
        assert refused.returncode == 1
        assert "main^ -> main (protected branch: main: it may not be moved back or aside (no force push))" in words
        assert "remote: main is protected (ma*) by " + key("ada").did in words
        assert "main^ -> next (forced update)" in words
        work("push", url, "--delete", "next")
        work.commit("dust", "more")
        work("push", url, "main")
