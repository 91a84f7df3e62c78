"""Reactions, locks, pins and timelines from the command line, and a push by stock git that closes an issue."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node, Ran


def told(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return cast("Any", ran.json())


@pytest.fixture
def repo(here: Command, request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("_", "-")[:60]
    assert here("repo", "create", name).code == 0
    assert here("issue", "create", "-R", name, "-t", "Dust", "-b", "A lot.").out == "#1\n"
    return str(name)


def test_signs_without_words(here: Command, repo: str) -> None:
    assert here("issue", "react", "-R", repo, "1", "+1").err == "reactions: +1 1\n"
    assert here("issue", "react", "#1", "-1", "-R", repo).err == "reactions: +1 1, -1 1\n"
    assert here("issue", "react", "1", "-1", "--remove", "-R", repo).err == "reactions: +1 1\n"
    assert here("issue", "react", "1", "shrug", "-R", repo).code == 1
    comment = here("issue", "comment", "1", "-b", "So it is.", "-R", repo).out.strip()
    assert told(here("issue", "react", "1", "heart", "-c", comment, "-R", repo, "--json"))["own_reactions"] == ["heart"]
    assert here("issue", "lock", "1", "--reason", "too heated", "-R", repo).err == "locked #1 Dust\n"
    assert here("issue", "pin", "1", "-R", repo).err == "pinned #1 Dust\n"
    shown = here("issue", "view", "1", "-R", repo).out
    assert [line for line in shown.splitlines() if line.startswith(("locked:", "pinned:", "reactions:", "("))] == [
        "locked:    too heated",
        "pinned:    yes",
        "reactions: +1 1",
        "(heart 1)",
    ]
    assert here("issue", "unpin", "1", "-R", repo).err == "unpinned #1 Dust\n"
    assert "locked" not in told(here("issue", "unlock", "1", "-R", repo, "--json"))


def test_a_push_by_stock_git_closes_what_its_commit_says(here: Command, node: Node, repo: str, tmp_path: Path) -> None:
    host = node.url.removeprefix("http://")
    remote = f"http://anyone:{node.token}@{host}/operator/{repo}.git"
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "commit", "--allow-empty", "-q", "-m", "Begin"),
        ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "commit", "--allow-empty", "-q", "-m", "Fixes #1"),
        ("push", "--quiet", remote, "main"),
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    tip = subprocess.run(["git", "rev-parse", "main"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    opened, closed = told(here("issue", "timeline", "1", "-R", repo, "--json"))
    assert (opened["action"], closed["action"], closed["from"], closed["to"]) == (
        "opened",
        "closed",
        ["open"],
        "closed",
    )
    assert closed["commit"] == tip.strip()
    lines = here("issue", "timeline", "1", "-R", repo).out.splitlines()
    assert [line.split("\t")[2] for line in lines] == [
        "opened Dust",
        f"closed open → closed by commit {tip[:12]} (completed)",
    ]
    assert here("issue", "list", "-R", repo).out == ""
