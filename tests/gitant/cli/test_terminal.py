"""On a terminal: an editor for texts, a pager for what is long, colours as wished, and names instead of dids."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.gitant.cli.test_output import on_a_terminal
from tests.interop.clients import StockGit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node

TEMPLATE = "---\nname: Bug\ntitle: 'Bug: '\nlabels: [bug]\nassignees: [operator]\n---\nWhat did you do?\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": "120"}


@pytest.fixture(scope="module")
def shelf(node: Node, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A repository with two templates on its default branch."""
    import httpx

    headers = {"authorization": f"Bearer {node.token}"}
    with httpx.Client(base_url=node.url, headers=headers) as client:
        assert client.post("/api/v1/repos", json={"name": "shelf"}).status_code == 201
    git = StockGit(tmp_path_factory.mktemp("shelf")).work_tree("shelf")
    folder = git.folder / ".gitant" / "ISSUE_TEMPLATE"
    folder.mkdir(parents=True)
    (folder / "a-bug.md").write_text(TEMPLATE)
    (folder / "weekly.md").write_text("---\ntitle: This week\nabout: Mondays\n---\nDust, again.\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "Add a template")
    git("push", "--quiet", f"{node.url.replace('://', f'://x:{node.token}@')}/operator/shelf.git", "main")
    return "shelf"


def editor(path: Path, script: str) -> str:
    """A command that edits its file as `script` says."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def opened(here: Command, shelf: str, number: str) -> dict[str, object]:
    issue = here("issue", "view", number, "-R", shelf, "--json").json()
    assert isinstance(issue, dict)
    return issue


def test_a_template_without_a_terminal(here: Command, shelf: str) -> None:
    number = here("issue", "create", "-R", shelf, "-T", "bug", "-t", "It breaks", "-l", "ui").out.strip()
    issue = opened(here, shelf, number)
    assert (issue["title"], issue["body"], issue["labels"]) == ("It breaks", "What did you do?\n", ["bug", "ui"])
    assert len(issue["assignees"]) == 1  # type: ignore[arg-type]  # a list of dids
    number = here("issue", "create", "-R", shelf, "-T", "A-Bug", "-t", "Again", "-b", "Mine").out.strip()
    assert opened(here, shelf, number)["body"] == "Mine"
    assert "give it a --title" in here("issue", "create", "-R", shelf, "-T", "bug", "-b", "Mine").err
    begun = opened(here, shelf, here("issue", "create", "-R", shelf, "-T", "weekly").out.strip())
    assert (begun["title"], begun["body"]) == ("This week", "Dust, again.\n")
    assert here("issue", "templates", "-R", shelf).out == "a-bug\tBug\t\tbug\nweekly\tweekly\tMondays\t\n"
    assert here("issue", "templates", "-R", shelf, "--json").json()[0]["name"] == "Bug"  # type: ignore[index]
    refused = here("issue", "create", "-R", shelf, "-T", "none", "-t", "x")
    assert refused.err == "error: there is no issue template 'none'\nhint: there are Bug, weekly\n"


def test_an_editor_asks_for_title_and_text(
    here: Command, node: Node, shelf: str, environment: dict[str, str], tmp_path: Path
) -> None:
    words = ["issue", "create", "-R", shelf, "--data-dir", str(node.folder)]
    script = 'printf "%s\\n" "$1" >&2; sed -i "1s/.*/Dust \\\\& more/; 2,3s/^$/\\n# On the shelf/;" "$2"'
    environment["VISUAL"] = f"{editor(tmp_path / 'edit', script)} --wait"
    shown = on_a_terminal(words, environment)
    assert "--wait" in shown
    issue = opened(here, shelf, shown.split("#")[-1].strip())
    assert issue["title"] == "Dust & more"
    assert str(issue["body"]).startswith("# On the shelf")
    assert ">8" not in str(issue["body"])
    environment["VISUAL"] = editor(
        tmp_path / "edit", 'echo "Every day" >> "$1.new"; cat "$1" >> "$1.new"; mv "$1.new" "$1"'
    )
    number = on_a_terminal([*words, "-T", "bug", "-t", "It breaks"], environment).strip()
    assert opened(here, shelf, number)["body"] == "Every day\nWhat did you do?"


def test_an_empty_text_calls_it_off(
    here: Command, node: Node, shelf: str, environment: dict[str, str], tmp_path: Path
) -> None:
    before = here("issue", "list", "-R", shelf, "-s", "all").out
    environment |= {"VISUAL": "", "EDITOR": editor(tmp_path / "edit", ': > "$1"')}
    words = ["issue", "create", "-R", shelf, "--data-dir", str(node.folder), "-t", "Never"]
    assert "the text is empty" in on_a_terminal(words, environment, code=1)
    environment["EDITOR"] = "false"
    assert "false ended with 1" in on_a_terminal(words, environment, code=1)
    assert here("issue", "list", "-R", shelf, "-s", "all").out == before


def test_what_is_longer_than_the_screen_goes_through_a_pager(
    here: Command, node: Node, environment: dict[str, str], tmp_path: Path
) -> None:
    assert here("repo", "create", "long").code == 0
    body = "\n".join(f"line {number}" for number in range(40))
    assert here("issue", "create", "-R", "long", "-t", "Long", "-b", body).code == 0
    words = ["issue", "view", "1", "-R", "long", "--data-dir", str(node.folder)]
    seen = tmp_path / "seen"
    pager = editor(tmp_path / "page", f'echo "$LESS" > {seen}; cat >> {seen}')
    shown = on_a_terminal(words, {**environment, "PAGER": "false", "GIT_PAGER": pager, "LINES": "24"})
    assert shown == ""
    assert seen.read_text().startswith("FRX\n#1 Long\n")
    assert "line 39" in seen.read_text()
    for plain in ({"GIT_PAGER": "cat"}, {"PAGER": ""}, {"PAGER": "no-such-pager"}, {"PAGER": "false", "LINES": "99"}):
        assert "line 39" in on_a_terminal(words, {**environment, "LINES": "24", **plain})
    assert "line 39" in here(*words).out


@pytest.mark.parametrize("plain", [{"NO_COLOR": "1"}, {"CLICOLOR": "0"}, {"TERM": "dumb"}])
def test_colours_only_where_they_are_wanted(
    here: Command, node: Node, environment: dict[str, str], plain: dict[str, str]
) -> None:
    here("repo", "create", "colours")
    words = ["repo", "list", "--data-dir", str(node.folder)]
    shown = on_a_terminal(words, {**environment, **plain, "PAGER": "cat"})
    assert "colours" in shown
    assert "\x1b[3" not in shown
    assert "\x1b[" not in shown or "TERM" not in plain


def test_people_are_shown_by_name(here: Command) -> None:
    assert here("repo", "create", "people").code == 0
    assert here("issue", "create", "-R", "people", "-t", "Dust", "-a", "operator").code == 0
    assert here("issue", "comment", "1", "-R", "people", "-b", "Still there").code == 0
    shown = here("issue", "view", "1", "-R", "people").out
    assert "author:    operator\n" in shown
    assert "assignees: operator\n" in shown
    assert "-- operator, " in shown
    assert here("log", "-R", "people").out.count("\toperator\t") == 3
    assert "did:key" not in here("issue", "timeline", "1", "-R", "people").out
