"""Queries find what reading every issue would, page by page, from indexes, and nothing that the asker may not see."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from domain.actor import ANONYMOUS, Actor
from domain.errors import Unauthenticated
from domain.issue.search import Query, Term, parse
from projections.database import open_readonly
from projections.queries.issue_search import everywhere, of_repo
from tests.gitant.writer.world import KEY, ME, STRANGER, World, make_world

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from domain.ids import StreamId
    from domain.ports_views import Page

LABELS = ("bug", "help wanted", "ui")
WORDS = ("crash", "slow paint", "é", "no", "100%", 'a "b"')


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = make_world(tmp_path_factory.mktemp("search") / "node")
    chance = random.Random(11)
    for name, private in (("attic", False), ("cellar", True)):
        repo = world.repo(name, private=private)
        for number in range(24):
            issue = world.issue(
                repo,
                title=f"{chance.choice(WORDS)} {number}",
                body=chance.choice(WORDS),
                labels=chance.sample(LABELS, chance.randrange(3)),
                assignees=[KEY.did] * chance.randrange(2),
            )
            if chance.random() < 0.4:
                world.run("issue.close", repo=repo, issue=issue)
            if chance.random() < 0.3:
                world.run("issue.edit", repo=repo, issue=issue, title=f"changed {number}")
    yield world
    world.close()


@pytest.fixture(scope="module")
def views(world: World) -> Iterator[sqlite3.Connection]:
    connection = open_readonly(world.folder.views)
    yield connection
    connection.close()


def streams(views: sqlite3.Connection) -> dict[str, StreamId]:
    return dict(views.execute("SELECT name, stream FROM repos").fetchall())


def every(find: Callable[[str | None], Page]) -> list[dict[str, Any]]:
    """A whole list, a page after the other, which has as many entries as each page says."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = find(after)
        found += [json.loads(doc) for doc in page.docs]
        after = page.next
        if after is None:
            assert page.total == len(found)
            return found


def holds(issue: dict[str, Any], query: Query) -> bool:
    """Whether an issue is one that a query asks for, found by looking at it."""
    places = query.values("in") or ["title", "body"]

    def matches(term: Term) -> bool:
        match term.field:
            case "":
                return any(term.value.lower() in issue[place].lower() for place in places)
            case "is" | "state":
                return term.value in ("all", issue["state"])
            case "label":
                return term.value in issue["labels"]
            case "assignee" | "author":
                did = KEY.did if term.value == "@me" else term.value
                return did in [*issue["assignees"]] if term.field == "assignee" else did == issue["author"]
            case "mentions":
                return False
            case "no":
                return not issue[f"{term.value}s"]
            case "number":
                return str(issue["number"]) == term.value
            case _:
                return True

    return all(matches(term) != term.negated for term in query.terms)


QUERIES = [
    "",
    "is:open",
    "is:closed",
    "-is:closed",
    "is:open is:closed",
    "state:all",
    "label:bug",
    'is:open label:bug -label:"help wanted"',
    "label:nothing",
    "no:label",
    "-no:label is:closed",
    "no:assignee",
    "assignee:@me",
    "-assignee:@me label:ui",
    "author:@me",
    "author:nobody",
    "mentions:nobody",
    "-mentions:@me is:open",
    "number:7",
    "-number:7 is:open",
    "crash",
    "slow paint",
    '"slow paint"',
    "-crash",
    "in:title crash",
    "in:body crash",
    "in:title in:body crash",
    "é",
    "in:title no",
    "100%",
    '"a \\"b\\""',
    "changed is:open label:bug assignee:@me",
    'title : "x" OR NEAR(a b)',
    "sort:created-asc is:open",
    "sort:updated-desc",
    "sort:updated-asc label:bug",
]


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_finds_what_reading_all_would(views: sqlite3.Connection, text: str) -> None:
    query, repo = parse(text), streams(views)["attic"]
    all_of_them = every(lambda after: of_repo(views, repo, Query(), KEY.did, after, 100))
    found = every(lambda after: of_repo(views, repo, query, KEY.did, after, 5))
    by, _, way = (query.value("sort") or "created-desc").partition("-")
    key = "updated_at" if by == "updated" else "lamport"
    wanted = sorted(
        (issue for issue in all_of_them if holds(issue, query)), key=lambda issue: (issue[key], issue["id"])
    )
    assert found == (wanted if way == "asc" else wanted[::-1])


@pytest.mark.parametrize("text", QUERIES)
def test_everywhere_finds_the_same_of_all_that_may_be_read(views: sqlite3.Connection, text: str) -> None:
    query, repos = parse(text), streams(views)
    ids = {
        name: {issue["id"] for issue in every(lambda after: of_repo(views, repo, query, KEY.did, after, 100))}  # noqa: B023 - called at once
        for name, repo in repos.items()
    }
    found = every(lambda after: everywhere(views, ME, query, None, after, 7))
    assert {issue["id"] for issue in found} == ids["attic"] | ids["cellar"]
    assert {issue["repo_full_name"] for issue in found} <= {f"operator/{name}" for name in repos}
    only = every(lambda after: everywhere(views, ME, query, repos["cellar"], after, 7))
    assert {issue["id"] for issue in only} == ids["cellar"]
    stranger = Actor(STRANGER.did, operator=False)
    if "@me" not in text:
        assert {
            issue["id"] for issue in every(lambda after: everywhere(views, stranger, query, None, after, 7))
        } == ids["attic"]


def test_who_is_mentioned_in_the_text_or_in_a_comment(world: World) -> None:
    repo = world.repo("mentions")
    numbers = (world.issue(repo, body="Ask @operator."), world.issue(repo), world.issue(repo, body="operator"))
    world.run("comment.add", repo=repo, issue=numbers[1], body="@operator, look")
    found = world.views.issues(repo, parse("mentions:@me sort:created-asc"), me=KEY.did)
    assert [json.loads(doc)["id"] for doc in found.docs] == [issue.hex() for issue in numbers[:2]]
    assert world.views.issues(repo, parse("-mentions:operator")).total == 1
    assert world.views.issues(repo, parse(f"mentions:{STRANGER.did}")).total == 0


def test_nobody_is_not_me(views: sqlite3.Connection) -> None:
    with pytest.raises(Unauthenticated):
        everywhere(views, ANONYMOUS, parse("assignee:@me"), None, None, 5)


@pytest.mark.parametrize("text", [query for query in QUERIES if "sort:updated" not in query])
def test_no_list_reads_a_whole_table(views: sqlite3.Connection, text: str) -> None:
    """Every step looks something up, or walks an index or the rows in the wanted order until a page is full."""
    asked: list[tuple[str, str]] = []
    views.set_trace_callback(lambda statement: asked.append(("one", statement)))
    of_repo(views, streams(views)["attic"], parse(text), KEY.did, None, 5)
    views.set_trace_callback(lambda statement: asked.append(("all", statement)))
    everywhere(views, ME, parse(text), None, None, 5)
    views.set_trace_callback(None)
    listing = [(where, statement) for where, statement in asked if "FROM issues" in statement]
    assert len(listing) >= 2
    for where, statement in listing:
        plan = [row[3] for row in views.execute(f"EXPLAIN QUERY PLAN {statement}")]
        scans = [step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]
        counting = statement.startswith("SELECT count")
        if where == "one":
            assert scans == [], (statement, plan)
            sharp = any(term.field in ("", "number") and not term.negated for term in parse(text).terms)
            assert counting or sharp or "TEMP B-TREE FOR ORDER BY" not in " ".join(plan), (statement, plan)
        else:
            # What is newest here comes off the end of the table until a page is full; to count, nothing is walked.
            assert scans in ([], ["SCAN issues"] if not counting else []), (statement, plan)
