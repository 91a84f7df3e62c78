"""`gitant init`, and the plain `git push gitant` that it is for."""

from __future__ import annotations

import io
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.house.tree import BIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node


class Checkout:
    """A git repository with one commit, and a git that never asks anybody anything."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.environment = {
            "HOME": str(home),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@example.invalid",
            "GIT_COMMITTER_NAME": "Ann",
            "GIT_COMMITTER_EMAIL": "ann@example.invalid",
        }
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch", "trunk")
        (folder / "a file").write_text("words\n")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "Begin")

    def git(self, *words: str) -> str:
        run = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert run.returncode == 0, run.stderr
        return run.stdout


@pytest.fixture
def checkout(
    tmp_path: Path, here: Command, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Checkout:
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40]
    made = Checkout(tmp_path / name, tmp_path)
    monkeypatch.chdir(made.folder)
    return made


def test_a_plain_push_works_from_then_on(here: Command, node: Node, checkout: Checkout) -> None:
    (checkout.folder / "below").mkdir()
    ran = here("init", "-d", "Pushed")
    name = checkout.folder.name
    assert ran.code == 0, ran.err
    assert ran.err.splitlines() == [
        f"created operator/{name} on the node",
        f"added the remote gitant: {node.url}/operator/{name}.git",
        "git asks Gitant for the token when it talks to that node; it is not in .git/config",
        "next: git push gitant trunk",
    ]
    # Another helper would be handed the token after a push, and keep it in a file.
    (checkout.folder.parent / ".gitconfig").write_text("[credential]\n\thelper = store\n")
    checkout.git("push", "--quiet", "gitant", "trunk")
    assert checkout.git("ls-remote", "gitant", "trunk").split()[0] == checkout.git("rev-parse", "HEAD").strip()
    for path in [*(checkout.folder / ".git").rglob("*"), *checkout.folder.parent.glob(".git*")]:
        assert not path.is_file() or node.token.encode() not in path.read_bytes(), path
    assert here("repo", "view").out.startswith(f"name:           operator/{name}\n")
    assert here("issue", "create", "-t", "From inside").out == "#1\n"


def test_again_changes_nothing(here: Command, checkout: Checkout) -> None:
    assert here("init").code == 0
    config = (checkout.folder / ".git" / "config").read_text()
    again = here("init", "--json")
    assert again.json()["created"] is False  # type: ignore[index]
    assert (checkout.folder / ".git" / "config").read_text() == config


def test_in_a_clone_it_finds_what_was_cloned(
    here: Command, node: Node, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here("init").code == 0
    name = checkout.folder.name
    checkout.git("push", "--quiet", "gitant", "trunk")
    clone = checkout.folder.parent / "called otherwise"
    checkout.git("clone", "--quiet", f"{node.url}/operator/{name}.git", str(clone))
    monkeypatch.chdir(clone)
    assert here("init").err.startswith(f"found operator/{name} on the node\n")
    assert here("repo", "view").out.startswith(f"name:           operator/{name}\n")


@pytest.mark.parametrize(
    ("remotes", "meant"),
    [
        ({"origin": "{here}/operator/one.git"}, "operator/one"),
        ({"origin": "{localhost}/operator/one.git"}, "operator/one"),
        ({"mine": "{here}/operator/one.git", "far": "https://elsewhere.invalid/operator/two.git"}, "operator/one"),
        ({"origin": "{here}/operator/one.git", "upstream": "{here}/operator/two.git"}, "operator/two"),
        ({"origin": "{here}/operator/one.git", "upstream": "https://elsewhere.invalid/x/two.git"}, "operator/one"),
        ({"origin": "{here}/operator/one.git", "gitant": "{here}/operator/two.git"}, "operator/two"),
        ({"origin": "https://elsewhere.invalid/operator/one.git"}, "No remote of the current folder points to {here}"),
        ({"origin": "git@elsewhere.invalid:operator/one.git"}, "No remote of the current folder points to {here}"),
        ({"origin": "http://[/operator/one.git"}, "No remote of the current folder points to {here}"),
        ({"a": "{here}/operator/one.git", "b": "{here}/operator/two.git"}, "The remotes a, b all point to {here}"),
    ],
)
def test_any_remote_that_points_to_the_node_says_which_repository(
    here: Command, node: Node, checkout: Checkout, remotes: dict[str, str], meant: str
) -> None:
    for name in ("one", "two"):
        here("repo", "create", name)  # which the second time is there already
    places = {"here": node.url, "localhost": node.url.replace("127.0.0.1", "localhost")}
    for name, url in remotes.items():
        checkout.git("remote", "add", name, url.format(**places))
    ran = here("repo", "view")
    if ran.code:
        assert meant.format(**places) in ran.err
    else:
        assert ran.out.startswith(f"name:           {meant}\n")


def test_another_name(here: Command, checkout: Checkout) -> None:
    assert here("init", "--name", "other.name").code == 0
    assert checkout.git("remote", "get-url", "gitant").strip().endswith("/operator/other.name.git")


def test_a_remote_that_is_there_already_is_left_alone(here: Command, checkout: Checkout) -> None:
    checkout.git("remote", "add", "gitant", "https://elsewhere.invalid/x/y.git")
    ran = here("init")
    assert ran.code == 1
    assert "points to https://elsewhere.invalid/x/y.git already" in ran.err
    assert "git remote set-url" in ran.err
    assert checkout.git("remote", "get-url", "gitant").strip() == "https://elsewhere.invalid/x/y.git"


def test_not_in_a_repository(here: Command) -> None:
    ran = here("init")
    assert ran.code == 1
    assert ran.err == "error: this folder is not in a git repository's work tree\nhint: make it one with: git init\n"


def test_no_git_at_all(here: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in here("init").err


def test_no_repository_named_and_none_around(here: Command) -> None:
    ran = here("issue", "list")
    assert ran.code == 1
    assert "which repository?" in ran.err
    assert "gitant init" in ran.err


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("protocol=http\nhost={host}\n\n", True),
        ("protocol=https\nhost={host}\n\n", False),
        ("protocol=http\nhost=elsewhere.invalid\n\n", False),
        ("host={host}\n\n", False),
        ("", False),
    ],
)
def test_the_token_is_told_to_git_for_that_node_alone(
    here: Command, node: Node, monkeypatch: pytest.MonkeyPatch, asked: str, answered: bool
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(asked.format(host=node.url.removeprefix("http://"))))
    ran = here("credential", "get")
    assert ran.out == (f"username=operator\npassword={node.token}\n" if answered else "")


@pytest.mark.parametrize("operation", ["store", "erase"])
def test_git_s_wish_to_keep_the_token_is_not_heeded(
    here: Command, node: Node, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"protocol=http\nhost=x\npassword={node.token}\n"))
    ran = here("credential", operation)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
