"""Issue templates come from the default branch, and from the first folder that has any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.issue.templates import TEMPLATE_BYTES_MAX
from tests.api.history import pack_of
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.client import Client
    from tests.storage.git.stock import StockRepo

BUG = b"---\nname: Bug\nabout: It is broken\nlabels: bug, ui\n---\nWhat did you do?\n"


def push(api: Client, repo: str, stock: StockRepo, commit: str, branch: str = "main") -> None:
    updates = [{"name": f"refs/heads/{branch}", "new_hash": commit}]
    api.post(f"{repo}/push-packfile", {"packfile": pack_of(stock, commit), "ref_updates": updates}, expect=200)


def home(stock: StockRepo, name: str, *files: tuple[str, str]) -> tuple[str, str, str]:
    """A folder like `.github` with templates in it."""
    templates = stock.tree(*(("100644", file, oid) for file, oid in files))
    return ("040000", name, stock.tree(("040000", "ISSUE_TEMPLATE", templates)))


def test_templates_of_the_default_branch(api: Client, anyone: Client, repo: str, tmp_path: Path) -> None:
    assert anyone.get(f"{repo}/issue-templates").json() == {"templates": []}
    stock = stock_repo(tmp_path)
    bug, plain = stock.blob(BUG), stock.blob(b"Just say it.\n")
    huge = stock.blob(b"x" * (TEMPLATE_BYTES_MAX + 1))
    theirs = home(stock, ".github", ("bug.md", bug), ("huge.md", huge), ("plain.md", plain), ("config.yml", plain))
    commit = stock.commit(stock.tree(theirs))
    push(api, repo, stock, commit)
    found = anyone.get(f"{repo}/issue-templates")
    assert found.json()["templates"] == [
        {
            "file": ".github/ISSUE_TEMPLATE/bug.md",
            "name": "Bug",
            "about": "It is broken",
            "title": "",
            "labels": ["bug", "ui"],
            "assignees": [],
            "body": "What did you do?\n",
        },
        {
            "file": ".github/ISSUE_TEMPLATE/plain.md",
            "name": "plain",
            "about": "",
            "title": "",
            "labels": [],
            "assignees": [],
            "body": "Just say it.\n",
        },
    ]
    anyone.get(f"{repo}/issue-templates", 304, headers={"if-none-match": found.headers["etag"]})
    ours = home(stock, ".gitant", ("ours.md", plain))
    push(api, repo, stock, stock.commit(stock.tree(ours, theirs), commit))
    assert [each["name"] for each in anyone.get(f"{repo}/issue-templates").json()["templates"]] == ["ours"]


def test_a_file_where_the_folder_should_be_is_no_folder(api: Client, repo: str, tmp_path: Path) -> None:
    stock = stock_repo(tmp_path)
    odd = stock.tree(("100644", "ISSUE_TEMPLATE", stock.blob(BUG)))
    push(api, repo, stock, stock.commit(stock.tree(("040000", ".github", odd), ("100644", ".gitea", stock.blob(BUG)))))
    assert api.get(f"{repo}/issue-templates").json() == {"templates": []}
