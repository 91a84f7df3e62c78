"""Tokens, deploy keys and the audit from the command line, on a running node, with stock git."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Any, cast

import httpx

from api.entrance.guesses import WRONG_MAX

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node, Ran

SECRET = re.compile(r"gap_[A-Za-z0-9_-]{43}\n")
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Git as somebody with no settings of their own has it."""
    who = ["-c", "user.name=Kay", "-c", "user.email=kay@example.org"]
    return subprocess.run(
        ["git", *who, *words], cwd=folder, env={**os.environ, **_QUIET}, capture_output=True, text=True, timeout=60
    )


def told(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return cast("Any", ran.json())


def address(node: Node, user: str, password: str, repo: str) -> str:
    scheme, _, place = node.url.partition("://")
    return f"{scheme}://{user}{':' if password else ''}{password}@{place}/operator/{repo}.git"


def test_tokens_and_deploy_keys_let_git_in_as_far_as_they_go(here: Command, node: Node, tmp_path: Path) -> None:
    assert here("repo", "create", "safe", "--private").code == 0
    assert here("token", "create", "builder").code == 2
    made = here("token", "create", "builder", "--scope", "repo:read", "--days", "3")
    assert SECRET.fullmatch(made.out), made.err
    reads, whole = made.out.strip(), told(here("token", "create", "all", "-s", "repo:write", "--never", "--json"))
    pushes = here("token", "create", "robot", "--deploy", "safe", "--write").out.strip()
    assert [each["name"] for each in told(here("token", "list", "--json"))[:2]] == ["all", "builder"]
    assert "robot\treading and pushing" in here("token", "list", "--deploy", "operator/safe").out

    assert git(tmp_path, "clone", "-q", address(node, "x", "gap_" + "A" * 43, "safe"), "none").returncode != 0
    assert git(tmp_path, "clone", "-q", address(node, reads, "", "safe"), "work").returncode == 0
    work = tmp_path / "work"
    assert git(work, "commit", "-q", "--allow-empty", "-m", "One").returncode == 0
    refused = git(work, "push", address(node, "x", reads, "safe"), "HEAD:main")
    assert (refused.returncode, "repo:write" in refused.stderr) == (128, True), refused.stderr
    assert git(work, "push", "-q", address(node, "x", pushes, "safe"), "HEAD:main").returncode == 0
    assert git(work, "commit", "-q", "--allow-empty", "-m", "Two").returncode == 0
    assert git(work, "push", "-q", address(node, "x-oauth-basic", whole["token"], "safe"), "HEAD:main").returncode == 0

    (key,) = told(here("token", "list", "--deploy", "safe", "--json"))
    assert here("token", "revoke", key["id"], "--deploy", "safe").code == 0
    assert git(work, "fetch", address(node, "x", pushes, "safe")).returncode == 128
    moves = told(here("audit", "--action", "refs.moved.v1", "--limit", "2", "--json"))
    assert [(each["door"], each["credential"]) for each in moves] == [("token", whole["id"]), ("token", key["id"])]
    assert f"token {whole['id']}" in here("audit", "--source", "node", "--action", "refs.*").out


def test_the_chain_is_checked_and_a_head_that_was_noted_is_found_again(here: Command, node: Node) -> None:
    found = told(here("audit", "verify", "--json"))
    assert (found["broken"], found["rows"] > 0) == ("", True)
    assert here("label", "list", "--repo", "none").code == 1
    assert here("token", "create", "more", "--scope", "user:read").code == 0
    assert told(here("audit", "verify", "--head", found["head"], "--json"))["rows"] > found["rows"]
    wrong = here("audit", "verify", "--head", f"{found['head'].partition(':')[0]}:{'00' * 32}")
    assert (wrong.code, "is not what was noted" in wrong.err) == (1, True)
    assert here("audit", "verify", "--head", "soon").code == 1


def test_a_sixth_wrong_password_within_a_minute_has_to_wait(node: Node, here: Command) -> None:
    for name in ("nobody-here", "operator"):
        with httpx.Client(base_url=node.url, timeout=60) as client:
            answers = [client.get("/api/v1/version", auth=(name, "a wrong one")) for _ in range(WRONG_MAX + 1)]
            assert [answer.status_code for answer in answers] == [401] * WRONG_MAX + [429]
            assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
            assert answers[-1].json()["type"] == "/problems/rate-limited"
            body = {"username": name, "password": "a wrong one"}
            again = client.post("/api/v1/auth/login", json=body)
            assert (again.status_code, "retry-after" in again.headers) == (429, True)
            assert client.get("/api/v1/version", auth=("x", node.token)).is_success
    assert "did not get in as nobody-here" in here("audit", "--action", "login.failed").out
