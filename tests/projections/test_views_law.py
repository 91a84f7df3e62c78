"""The law of the views: incremental work, a rebuild, and any other order of arrival show the same."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ports_log import new_row
from domain.ports_views import Answer
from gitant import rebuild
from gitant.digests import stream_digests
from gitant.writer.catchup import catch_up
from projections.database import open_readonly, open_writable
from projections.projector import Projector
from projections.source import LogSource, event_of
from projections.tables import CODE_FILES, CODE_STATE, LANGUAGES, TABLES
from storage.log.eventlog import SQLiteEventLog
from tests.gitant.writer.world import World, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from domain.envelope import Event

LABELS = ["bug", "chore", "idea"]
WORDS = ["dust", "shelf", "box", "lamp", "attic", "ladder", "window", "mouse", "@operator", "#1", "operator~one#2"]


class Story:
    """Seeded people at work in one or two repositories: every sort of command, often on the same things."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.repos: list[bytes] = [world.repo("one"), world.repo("two")]
        self.issues: list[tuple[bytes, bytes]] = []
        self.comments: list[tuple[bytes, bytes]] = []

    def text(self) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(1, 12)))

    def request(self) -> tuple[str, dict[str, Any]]:
        choose = self.random.choice
        if not self.issues or self.random.random() < 0.25:
            labels = self.random.sample(LABELS, self.random.randint(0, 2))
            repo = choose(self.repos)
            return "issue.open", {"repo": repo, "title": self.text(), "body": self.text(), "labels": labels}
        repo, issue = choose(self.issues)
        here: dict[str, Any] = {"repo": repo, "issue": issue}
        comment = choose(self.comments) if self.comments else None
        about: dict[str, Any] = {"repo": comment[0], "comment": comment[1]} if comment else here
        return choose(
            [
                ("comment.add", {**here, "body": self.text()}),
                ("issue.edit", {**here, "body": self.text(), "title": self.text()}),
                ("issue.edit", {**here, "labels": self.random.sample(LABELS, 1), "assignees": ["operator"]}),
                ("issue.close", {**here, "reason": "completed"}),
                ("issue.reopen", here),
                ("comment.edit" if comment else "issue.reopen", {**about, "body": self.text()} if comment else here),
                ("comment.redact" if comment else "issue.close", about),
                ("label.edit", {"repo": repo, "label": choose(LABELS), "color": f"{self.random.randrange(16**6):06x}"}),
                ("label.edit", {"repo": repo, "label": choose(LABELS), "name": choose(LABELS)}),
                ("label.delete", {"repo": repo, "label": choose(LABELS)}),
                ("repository.edit", {"repo": repo, "description": self.text()}),
                ("repository.edit", {"repo": repo, "name": choose(WORDS)}),
                ("repository.topics", {"repo": repo, "topics": self.random.sample(WORDS, 2)}),
                ("repository.star", {"repo": repo, "starred": choose([True, True, False])}),
                ("repository.watch", {"repo": repo, "level": choose(["all", "ignore", ""])}),
                ("repository.delete" if self.random.random() < 0.1 else "repository.undelete", {"repo": repo}),
                ("issue.react", {**here, "content": choose(["heart", "+1"])}),
                ("issue.unreact", {**here, "content": choose(["heart", "+1"])}),
                ("issue.lock" if self.random.random() < 0.5 else "issue.unlock", here),
                ("issue.pin" if self.random.random() < 0.7 else "issue.unpin", here),
            ]
        )

    def tell(self, batches: int) -> None:
        for _ in range(batches):
            requests = [self.request() for _ in range(self.random.randint(1, 6))]
            for (command, args), outcome in zip(requests, self.world.batch(*requests), strict=True):
                if not isinstance(outcome, Answer):
                    continue
                if command == "issue.open":
                    self.issues.append((args["repo"], bytes.fromhex(outcome.events[-1])))
                if command == "comment.add":
                    self.comments.append((args["repo"], bytes.fromhex(outcome.events[0])))


def shuffled(events: list[Event], seed: int) -> list[Event]:
    """Another order of arrival in which parents still come first."""
    dice, waiting, here, order = random.Random(seed), list(events), set[bytes](), []
    while waiting:
        ready = [event for event in waiting if {*event.parents, *([event.prev] if event.prev else [])} <= here]
        event = dice.choice(ready)
        waiting.remove(event)
        here.add(event.id)
        order.append(event)
    return order


def arrive(events: list[Event], path: Path, batch: int) -> Any:
    """A second node's views, made from events in this order."""
    log = SQLiteEventLog(path / "log.sqlite")
    projector = Projector(open_writable(path / "views.sqlite"), LogSource(log))
    for start in range(0, len(events), batch):
        log.append([new_row(event) for event in events[start : start + batch]])
        catch_up(projector, log)
    log.close()
    return projector.shelf.connection


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), order=st.integers(0, 2**32), batch=st.integers(1, 40))
def test_any_order_of_arrival_shows_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, order: int, batch: int
) -> None:
    folder = tmp_path_factory.mktemp("law")
    world = make_world(folder / "node", seed)
    Story(world, seed).tell(6)
    events = [event_of(row) for row in world.log.read(0, 10_000)]
    assert rebuild.check(world.folder) == []
    here = stream_digests(open_readonly(world.folder.views))
    other = folder / "other"
    other.mkdir()
    there = stream_digests(arrive(shuffled(events, order), other, batch))
    assert here == there
    world.close()


@pytest.mark.parametrize(
    "table", [table for table in TABLES if table not in (CODE_STATE, CODE_FILES, LANGUAGES)], ids=lambda t: t.name
)
def test_one_corrupted_cell_is_found(tmp_path: Path, table: Any) -> None:
    world = make_world(tmp_path / "node", 7)
    Story(world, 7).tell(30)
    world.run("refs.move", repo=world.repo("three"), commands=[])
    world.close()
    connection = open_writable(world.folder.views)
    fill(connection, table)
    key, column = ", ".join(table.key), next(iter(reversed(table.columns)))
    connection.execute(
        f"UPDATE {table.name} SET {column}='x' || hex({column})"
        f" WHERE ({key}) IN (SELECT {key} FROM {table.name} LIMIT 1)"
    )
    connection.close()
    found = rebuild.check(world.folder)
    assert [line.split(":")[0] for line in found] == [table.name]


def fill(connection: Any, table: Any) -> None:
    """Tables that this story leaves empty get a row, so that there is a cell to corrupt."""
    if connection.execute(f"SELECT 1 FROM {table.name}").fetchone() is None:
        marks = ", ".join("0" for _ in table.columns)
        connection.execute(f"INSERT INTO {table.name} VALUES ({marks})")
