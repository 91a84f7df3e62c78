"""Members and protections from the command line, on a running node."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import httpx

from domain.envelope import seal
from domain.fold.kind import write_payload
from domain.issue.opened import IssueOpened
from domain.keys import SigningKey

if TYPE_CHECKING:
    from tests.gitant.cli.conftest import Command, Node

KAY = SigningKey(b"\x4b" * 32).did


def test_members_come_and_go(here: Command) -> None:
    assert here("repo", "create", "club").code == 0
    at = ("-R", "club")
    assert here("member", "add", KAY, "--role", "maintainer", *at).out == f"{KAY}: maintainer\n"
    roles = [line.split("\t")[0] for line in here("member", "list", *at).out.splitlines()]
    assert roles == ["root", "maintainer"]
    given = here("member", "list", *at, "--json").json()[1]["changes"][0]["event"]  # type: ignore[index]
    assert here("member", "remove", KAY, "--cut", given, *at).code == 0
    assert "has no role" in here("member", "remove", KAY, *at).err
    assert here("member", "block", KAY, *at).out.endswith(": blocked\n")
    assert KAY in here("member", "list", "--blocked", *at).out
    assert here("member", "unblock", KAY, *at).out.endswith(": guest\n")
    assert "root" in here("member", "leave", *at).err
    audit = here("member", "audit", *at).out.splitlines()
    assert len(audit) == 4
    assert f"took every role from {KAY}, cut at {given[:16]}" in audit[2]
    everywhere = here("audit", "--action", "member.*", *at)
    assert [line.split("\t")[2] for line in everywhere.out.splitlines()] == [at[1]] * 4
    assert [json.loads(line) for line in here("audit", *at, "--jsonl").out.splitlines()] == here(
        "audit", *at, "--json"
    ).json()
    assert here("audit", "--since", "soon", *at).code == 1
    assert here("member", "alarms", *at).out == ""
    assert here("member", "admit", given, *at).out == f"{given}\tyes\n"
    assert here("member", "admit", *at).code == 2
    assert here("log", "--void", *at).out == ""


def test_branches_are_protected(here: Command) -> None:
    assert here("repo", "create", "fort").code == 0
    at = ("-R", "fort")
    told = here("protect", "set", "release/*", "--role", "maintainer", "--pusher", KAY, "--check", "lint", *at)
    assert told.out == f"release/*: maintainer pushes; only {KAY}; no force push; no deletion; checks: lint\n"
    ruled = here("protect", "set", "main", "--approvals", "2", "--dismiss-stale", *at)
    assert ruled.out == "main: developer pushes; no force push; no deletion; 2 approvals; stale ones dismissed\n"
    assert "2 approvals; stale approvals are dismissed" in here("audit", *at).out
    assert here("protect", "remove", "main", *at).code == 0
    assert here("protect", "list", *at).out.startswith("release/*\tmaintainer pushes")
    assert here("protect", "remove", "release/*", *at).code == 0
    assert here("protect", "list", *at).out == ""
    assert "release" in here("protect", "remove", "release/*", *at).err


def test_strangers_are_decided_on(here: Command, node: Node) -> None:
    repo = json.loads(here("repo", "create", "porch", "--json").out)["id"]
    at = ("-R", "porch")
    strangers = [SigningKey(number.to_bytes(32, "big")) for number in (41, 42, 43)]
    for number, who in enumerate(strangers):
        ring(node, repo, who, f"Hello {number}")
    rows = [line.split("\t") for line in here("member", "held", *at).out.splitlines()]
    assert [row[0] for row in rows] == [who.did for who in strangers]
    assert (rows[1][1], rows[1][-1]) == ("issue.opened.v1", "Hello 1")
    assert here("member", "block", strangers[0].did, *at).out.endswith(": blocked\n")
    assert here("member", "held", *at, "--json").json()[0]["origin"] == "127.0.0.0/24"  # type: ignore[index]
    assert here("member", "admit", strangers[1].did, *at).out.endswith("\tadmitted\n")
    assert here("member", "drop", *at).code == 2
    assert here("member", "drop", strangers[2].did, *at).err == "events dropped: 1\n"
    assert "nothing" in here("member", "drop", "--all", *at).err
    assert "nothing" in here("member", "admit", strangers[2].did, *at).err
    assert here("member", "held", *at).out == ""
    assert here("member", "strangers", "open", *at).out == "open, chosen for this repository\n"
    assert here("member", "strangers", "node", *at, "--json").json() == {"rule": "hold", "chosen": False}
    assert here("member", "strangers", *at).out == "hold, as for all of the node\n"
    assert "Hello 1" in here("issue", "list", *at).out


def ring(node: Node, repo: str, who: SigningKey, title: str) -> None:
    """Send an issue that somebody signed, who is nobody here."""
    past = httpx.get(f"{node.url}/api/v1/repos/{repo}/heads", params={"device": who.did}).json()
    stream = bytes.fromhex(repo)
    fields = {
        "kind": "issue.opened.v1",
        "stream": stream,
        "entity": stream,
        "seq": past["seq"],
        "parents": [bytes.fromhex(name) for name in past["parents"]],
        "lamport": past["lamport"],
        "time": 1,
    }
    event = seal(fields, write_payload(IssueOpened(title=title, number=1), b"s" * 16), who)
    assert event.payload is not None
    parts = {"header": event.header, "signature": event.signature, "payload": event.payload}
    body = {name: b64encode(part).decode() for name, part in parts.items()}
    assert httpx.post(f"{node.url}/api/v1/events", json=body).status_code == 202
