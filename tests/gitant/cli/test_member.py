"""Members and protections from the command line, on a running node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.keys import SigningKey

if TYPE_CHECKING:
    from tests.gitant.cli.conftest import Command

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
