"""Forking and importing by command, and stock git on what comes of it."""

from __future__ import annotations

import io
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node


def git(folder: Path, *words: str, given: bytes = b"") -> str:
    done = subprocess.run(["git", *words], cwd=folder, input=given, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A repository whose history git would not take today."""
    folder = tmp_path / "old"
    folder.mkdir()
    git(folder, "init", "-q", "--initial-branch=main")

    def put(kind: str, data: bytes) -> str:
        return git(folder, "hash-object", "-t", kind, "-w", "--stdin", "--literally", given=data)

    blob = put("blob", b"hello\n")
    tree = put("tree", b"0100644 README\0" + bytes.fromhex(blob))
    who = "A U Thor <author@example.invalid>"
    first = put("commit", f"tree {tree}\nauthor {who}1 +0000\ncommitter {who}1 +0000\n\nOne\n".encode())
    second = put(
        "commit", f"tree {tree}\nparent {first}\nauthor  <>  2 +051800\ncommitter {who} 2 +051800\n\nTwo\n".encode()
    )
    third = put(
        "commit", f"tree {tree}\nparent {second}\nauthor {who} 3 +0000\ncommitter {who} 3 +0000\n\n3\n".encode()
    )
    git(folder, "update-ref", "refs/heads/main", third)
    git(folder, "update-ref", "refs/notes/x", first)
    return folder


def test_a_folder_is_imported_cloned_and_forked(here: Command, node: Node, old: Path, tmp_path: Path) -> None:
    ran = here("repo", "import", old, "--description", "Old")
    assert ran.code == 0, ran.err
    assert ran.out == f"{node.url}/operator/old.git\n"
    assert "left out: 1 under refs/notes/" in ran.err
    assert "zeroPaddedFilemode" in ran.err
    git(tmp_path, "clone", "-q", ran.out.strip(), "clone")
    tip = git(tmp_path / "clone", "rev-parse", "HEAD")
    assert tip == git(old, "rev-parse", "main")
    assert git(tmp_path / "clone", "rev-list", "--count", "HEAD") == "3"
    git(tmp_path, "clone", "-q", "--depth=2", ran.out.strip(), "shallow")
    again = here("repo", "import", old)
    assert again.code == 1
    assert "already have a repository named old" in again.err
    forked = here("repo", "fork", "old", "--name", "new", "--json")
    assert forked.code == 0, forked.err
    assert "\nimported from:  a folder on the node's disk\n" in here("repo", "view", "old").out
    assert f"\nfork of:        {forked.json()['fork_of']}\n" in here("repo", "view", "new").out  # type: ignore[index]
    listed = here("repo", "forks", "old")
    assert listed.out.split("\t")[0] == "operator/new"
    git(tmp_path, "clone", "-q", f"{node.url}/operator/new.git", "fork")
    assert git(tmp_path / "fork", "rev-parse", "HEAD") == tip


def test_what_cannot_be_imported(here: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere = here("repo", "import", tmp_path / "nowhere")
    assert nowhere.code == 1
    assert "there is no folder" in nowhere.err
    assert "not appear to be a git repository" in here("repo", "import", tmp_path, "--name", "none").err
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cret\n"))
    away = here("repo", "import", "http://127.0.0.1:1/x.git", "--username", "ada", "--password-stdin")
    assert away.code == 1
    assert "is not a public address" in away.err
    assert "import_allow" in away.err
    assert "s3cret" not in away.err
    odd = here("repo", "import", "ssh://example.com/x.git")
    assert "only http://, https:// and git:// URLs are fetched" in odd.err
