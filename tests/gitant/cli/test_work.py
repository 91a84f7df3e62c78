"""Repositories, issues and labels from the command line, on a node that runs."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.cli.conftest import Command, Node, Ran

_numbers = itertools.count(1)


@pytest.fixture
def repo(here: Command) -> str:
    """A repository of the test's own."""
    name = f"work-{next(_numbers)}"
    assert here("repo", "create", name, "--description", "To work on").code == 0
    return name


def told(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return cast("Any", ran.json())


def test_a_repository_s_life(here: Command, node: Node) -> None:
    made = here("repo", "create", "life", "-d", "Short", "--private", "--default-branch", "trunk")
    assert made.code == 0
    assert made.out == f"{node.url}/operator/life.git\n"
    assert "git push" in made.err
    shown = told(here("repo", "view", "operator/life", "--json"))
    assert (shown["description"], shown["private"], shown["default_branch"]) == ("Short", True, "trunk")
    assert "trunk" in here("repo", "view", shown["id"]).out
    assert told(here("repo", "edit", "life", "-d", "Longer", "--public", "--yes", "--archive", "--json"))["archived"]
    assert here("repo", "edit", "life", "--unarchive").out == "operator/life\n"
    assert [each["name"] for each in told(here("repo", "list", "-S", "life", "--json"))] == ["life"]
    assert here("repo", "list", "-S", "life").out.startswith("operator/life\tLonger\t\t")
    assert here("repo", "delete", "life").code == 2
    assert here("repo", "delete", "life", "--yes").err.startswith(
        "deleted operator/life; bring it back with: gitant repo undelete "
    )
    gone = here("repo", "view", "life")
    assert gone.code == 1
    assert gone.err.startswith("error: ")


def test_a_repository_moves_and_comes_back(here: Command, repo: str) -> None:
    moved = f"{repo}-moved"
    assert here("repo", "rename", moved, "-R", repo).out.endswith(f"/operator/{moved}.git\n")
    assert here("issue", "create", "-R", repo, "-t", "By the old name", "-b", "").out == "#1\n"
    assert here("repo", "view", f"operator/{repo}").code == 0
    edited = told(here("repo", "edit", repo, "-t", "git", "-t", "p2p", "-w", "https://example.org", "--json"))
    assert (edited["topics"], edited["website"]) == (["git", "p2p"], "https://example.org")
    assert here("repo", "star", moved).out == "1\n"
    assert here("repo", "stars", moved).out.startswith("operator\t")
    listed = here("repo", "list", "--topic", "p2p", "--starred", "--mine", "--no-archived", "--sort", "name", "--json")
    assert [each["name"] for each in told(listed)] == [moved]
    assert here("repo", "unstar", moved).out == "0\n"
    assert here("repo", "edit", moved, "--no-topics").code == 0
    assert here("repo", "watch", moved).out == "participating\n"
    assert here("repo", "watch", moved, "--level", "all").out == "all\n"
    assert here("repo", "unwatch", moved).out == "participating\n"
    assert here("repo", "transfer", "nobody", "-R", moved).code == 2
    assert here("repo", "transfer", "nobody", "-R", moved, "--yes").code == 1
    assert here("repo", "transfer", "--withdraw", "-R", moved).err == "it is offered to nobody\n"
    assert here("repo", "accept", moved).code == 1
    heir = f"{moved}-heir"
    assert here("repo", "create", heir).code == 0
    assert here("repo", "succeed", moved).code == 2
    assert here("repo", "succeed", moved, "--to", heir).code == 2, "asked first"
    assert here("repo", "succeed", moved, "--to", heir, "--yes").err == f"goes on as operator/{heir}\n"
    assert f"goes on as operator/{heir}" in here("repo", "view", moved).out
    assert here("repo", "succeed", moved, "--withdraw").err == "nobody says that it goes on as another one\n"
    assert here("repo", "delete", moved, "--yes").code == 0
    assert "gitant repo undelete" in here("repo", "view", f"operator/{moved}").err
    assert [each["name"] for each in told(here("repo", "list", "--deleted", "-S", moved, "--json"))] == [moved]
    assert here("repo", "undelete", moved, "--name", repo).err == f"operator/{repo} is back\n"
    assert told(here("issue", "view", "1", "-R", repo, "--json"))["title"] == "By the old name"


def test_what_becomes_public_is_asked_about(here: Command, repo: str) -> None:
    assert here("repo", "edit", repo, "--private").code == 0
    assert here("repo", "edit", repo, "--public").code == 2
    assert here("repo", "edit", repo, "--public", "--yes").code == 0


def test_an_issue_s_life(here: Command, repo: str, tmp_path: Path) -> None:
    text = tmp_path / "text.md"
    text.write_text("Every day.\n\n\tEven on Sundays.\n")
    assert here("issue", "create", "-R", repo, "-t", "Dust", "-F", text, "-l", "chore", "-a", "operator").out == "#1\n"
    assert here("issue", "comment", "1", "-R", repo, "-b", "Still there").code == 0
    assert here("issue", "edit", "#1", "-R", repo, "-t", "More dust").err == "edited #1 More dust\n"
    assert here("issue", "edit", "1", "-R", repo, "-b", "Every hour.").code == 0
    assert here("issue", "label", "1", "big", "-R", repo, "--remove", "chore").err == "#1 labels: big\n"
    assert here("issue", "label", "1", "chore", "-R", repo).err == "#1 labels: big, chore\n"
    assert here("issue", "label", "1", "-R", repo, "--only").err == "#1 labels: none\n"
    assert here("issue", "assign", "1", "-R", repo, "--only").err == "#1 assignees: none\n"
    assert len(told(here("issue", "assign", "1", "operator", "-R", repo, "--json"))["assignees"]) == 1
    assert here("issue", "close", "1", "-R", repo, "-r", "not planned").err == "closed #1 More dust\n"
    assert here("issue", "list", "-R", repo).out == ""
    shown = here("issue", "view", "1", "-R", repo).out
    assert shown.startswith("#1 More dust\n")
    for words in ("closed (not planned)", "Every hour.", "Still there"):
        assert words in shown
    assert told(here("issue", "reopen", "1", "-R", repo, "--json"))["state"] == "open"
    whole = told(here("issue", "view", "1", "-R", repo, "--json"))
    assert [comment["body"] for comment in whole["comment_list"]] == ["Still there"]
    assert here("issue", "list", "-R", repo).out.startswith("#1\topen\tMore dust\t\t")


def test_a_text_from_standard_input(here: Command, repo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("From a pipe."))
    assert told(here("issue", "create", "-R", repo, "-t", "Piped", "-F", "-", "--json"))["body"] == "From a pipe."


def test_lists_are_filtered_and_go_over_pages(here: Command, repo: str) -> None:
    for number in range(1, 7):
        label = "odd" if number % 2 else "even"
        assert here("issue", "create", "-R", repo, "-t", f"Shelf {number}", "-l", label, "-l", "all").code == 0
    assert here("issue", "close", "6", "-R", repo).code == 0

    def numbers(*words: str) -> list[int]:
        return [issue["number"] for issue in told(here("issue", "list", "-R", repo, "--json", *words))]

    assert numbers() == [5, 4, 3, 2, 1]
    assert numbers("-s", "closed") == [6]
    assert numbers("-s", "all", "-L", "4") == [6, 5, 4, 3]
    assert numbers("-l", "odd", "-l", "all") == [5, 3, 1]
    assert numbers("-S", "Shelf 4") == [4]
    assert numbers("-A", "operator") == [5, 4, 3, 2, 1]
    assert numbers("-a", "operator") == []


def test_more_than_a_page_is_fetched(here: Command, repo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitant.cli.api.PER_PAGE_MAX", 2)
    for name in ("a", "b", "c", "d", "e"):
        assert here("label", "create", name, "-R", repo).code == 0
    assert [label["name"] for label in told(here("label", "list", "-R", repo, "--json"))] == ["a", "b", "c", "d", "e"]
    assert here("label", "list", "-R", repo, "-L", "3").out.count("\n") == 3


def test_a_label_s_life(here: Command, repo: str) -> None:
    assert here("label", "create", "wip/now", "-R", repo, "-c", "ff0000", "-d", "At work").out == "wip/now\n"
    assert here("label", "edit", "wip/now", "-R", repo, "-n", "now", "-c", "00ff00").out == "now\n"
    assert here("label", "list", "-R", repo).out == "now\t#00ff00\tAt work\n"
    assert here("label", "delete", "now", "-R", repo).err == "deleted now\n"
    assert here("label", "list", "-R", repo).out == ""


def test_the_log_has_every_event(here: Command, repo: str) -> None:
    assert here("issue", "create", "-R", repo, "-t", "Dust").code == 0
    kinds = [event["kind"] for event in told(here("log", "-R", repo, "--json"))]
    assert kinds == ["issue.opened.v1", "repository.created.v1"]
    lines = here("log", "-R", repo, "-k", "issue.opened.v1").out.splitlines()
    assert [line.split("\t")[2] for line in lines] == ["issue.opened.v1"]


def test_the_status(here: Command, node: Node) -> None:
    assert told(here("status", "--json"))["url"] == node.url
    assert "events:" in here("status").out


@pytest.mark.parametrize(
    "words",
    [
        "repo edit {repo}",
        "label edit x -R {repo}",
        "issue edit 1 -R {repo}",
        "issue comment 1 -R {repo}",
        "issue label 1 -R {repo}",
        "issue assign 1 -R {repo}",
        "issue comment 1 -R {repo} -b x -F y",
        "issue comment 1 -R {repo} -F missing",
    ],
)
def test_saying_nothing_to_do_ends_with_2(here: Command, repo: str, words: str) -> None:
    assert here(*words.format(repo=repo).split()).code == 2


@pytest.mark.parametrize(
    "words",
    [
        "issue view 99 -R {repo}",
        "issue view .. -R {repo}",
        "issue create -R {repo} -t {long}",
        "issue create -R ../x -t x",
        "issue list -R no-such-repository",
        "repo create {repo}",
        "repo create a/b",
        "label delete nothing -R {repo}",
        "issue assign 1 nobody -R {repo}",
    ],
)
def test_what_the_node_refuses_ends_with_1_and_says_why(here: Command, repo: str, words: str) -> None:
    ran = here(*words.format(repo=repo, long="x" * 300).split())
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err


def test_somebody_is_unassigned_by_name(here: Command, repo: str) -> None:
    assert here("issue", "create", "-R", repo, "-t", "Dust", "-a", "operator").code == 0
    assert here("issue", "assign", "1", "-R", repo, "--remove", "operator").err == "#1 assignees: none\n"


def test_many_issues_change_in_one_step(here: Command, repo: str) -> None:
    for title in ("Dust", "More dust", "Rust"):
        assert here("issue", "create", "-R", repo, "-t", title, "-l", "chore").code == 0
    words = ("-R", repo, "--add-label", "bug", "--remove-label", "chore", "--add-assignee", "operator")
    assert here("issue", "edit", "1", "#3", *words).err == "edited #1 Dust\nedited #3 Rust\n"
    assert here("issue", "edit", "1", "-R", repo, "--add-label", "bug").err == "unchanged: #1 Dust\n"
    assert here("issue", "edit", "1", "99", "-R", repo, "--state", "closed").code == 1
    assert here("issue", "edit", "1", "2", "-R", repo, "-t", "x").code == 2
    rows = told(here("issue", "edit", "1", "2", "-R", repo, "--state", "closed", "--json"))
    assert [(row["number"], row["state"], row["labels"]) for row in rows] == [
        (1, "closed", ["bug"]),
        (2, "closed", ["chore"]),
    ]
    both = here("issue", "edit", "3", "-R", repo, "-t", "Red rust", "--remove-assignee", "operator")
    assert both.err == "edited #3 Red rust\n"
    assert told(here("issue", "view", "3", "-R", repo, "--json"))["assignees"] == []


def test_issues_are_found_by_a_query(here: Command, repo: str) -> None:
    for number, title in enumerate(("Dust", "More dust", "Rust"), 1):
        assert here("issue", "create", "-R", repo, "-t", title, "-l", "help wanted", "-a", "operator").code == 0
        assert number == 1 or here("issue", "assign", str(number), "-R", repo, "--only").code == 0
    assert here("issue", "close", "2", "-R", repo).code == 0

    def numbers(*words: str) -> list[int]:
        return [issue["number"] for issue in told(here("issue", "list", "-R", repo, "--json", *words))]

    assert numbers("dust") == [1]
    assert numbers("dust", "state:all", "sort:created-asc") == [1, 2]
    assert numbers("dust", "-s", "all") == [2, 1]
    assert numbers('label:"help wanted"', "-l", "help wanted") == [3, 1]
    assert numbers("is:open", "-is:closed", "-number:1") == [3]
    assert numbers("-s", "all", "--", "dust", "-more") == [1]
    assert numbers("--mine") == [1]
    assert numbers("--mine", "is:closed") == []
    everywhere = here("issue", "list", "--everywhere", f"repo:{repo}", "rust")
    assert everywhere.out.startswith(f"operator/{repo}#3\topen\tRust\t")
    off = here("issue", "list", "-R", repo, "colour:red")
    assert off.code == 1
    assert "at character 1" in off.err
    assert "hint: there are is:" in off.err
    assert here("issue", "list", "-R", repo, "--everywhere").code == 2


def test_files_are_attached(here: Command, repo: str, tmp_path: Path) -> None:
    picture, text = tmp_path / "dust.png", tmp_path / "notes [1].txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n dust")
    text.write_text("notes")
    assert here("issue", "create", "-R", repo, "-t", "Dust").code == 0
    lines = here("issue", "attach", "1", picture, text, "-R", repo).out.splitlines()
    assert lines[0].startswith("![dust.png](/api/v1/repos/")
    assert lines[1].startswith("[notes \\[1\\].txt](/api/v1/repos/")
    (again,) = told(here("issue", "attach", "1", text, "-R", repo, "--json"))
    assert again["size"] == 5
    assert here("issue", "attach", "1", "missing", "-R", repo).code == 2


def test_the_log_and_one_event_of_it(here: Command, repo: str) -> None:
    assert here("issue", "create", "-R", repo, "-t", "Dust").code == 0
    events = told(here("log", "-R", repo, "--author", "operator", "--json"))
    assert [event["kind"] for event in events] == ["issue.opened.v1", "repository.created.v1"]
    ran = here("event", events[0]["id"], "--verify")
    assert ran.code == 0
    assert f"ok  hash: the header's hash is {events[0]['id']}\n" in ran.out
    assert f"ok  effect: opened #1 Dust in {repo}\n" in ran.out
    assert "NOT" not in ran.out
    assert len(told(here("event", events[0]["id"], "--verify", "--json"))["verification"]) == 11
    assert "verification" not in told(here("event", events[0]["id"], "--json"))
    assert here("event", "0" * 64).code == 1
    assert here("log", "-R", repo, "--all").err.startswith("error: --all and --after are for following")
    assert here("log", "-R", repo, "--author", "nobody-here").code == 1
