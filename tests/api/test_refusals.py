"""Who is turned away is noted, by the minute: whoever tries a thousand times makes a few rows, not a thousand."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from api.entrance.refusals import NAMES_MAX, Refusals
from domain.audit import EntryFilter
from storage.audit.journal import SqliteJournal, make_audit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOME = "203.0.113.7"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    make_audit(tmp_path / "audit.sqlite")
    with closing(SqliteJournal(tmp_path / "audit.sqlite", quick=True)) as made:
        yield made


def _after(journal: SqliteJournal, tries: Callable[[Refusals], None]) -> list[tuple[str, str, str, int]]:
    async def trying() -> None:
        refusals = Refusals(journal, lambda: 7)
        tries(refusals)
        await refusals.close()

    asyncio.run(trying())
    rows = [row.entry for row in journal.page(EntryFilter(), limit=1_000)]
    assert {entry.position for entry in rows} == {7}
    return [(entry.act, entry.credential, entry.address, entry.count) for entry in reversed(rows)]


def test_the_first_is_noted_at_once_and_the_others_as_a_count(journal: SqliteJournal) -> None:
    def tries(refusals: Refusals) -> None:
        for _ in range(1_000):
            refusals.note("login.failed", "kay", HOME)
        refusals.note("login.failed", "kay", "::1")

    found = _after(journal, tries)
    assert sorted(found) == [
        ("login.failed", "kay", HOME, 1),
        ("login.failed", "kay", HOME, 999),
        ("login.failed", "kay", "::1", 1),
    ]


def test_however_many_names_are_made_up_the_rows_are_few(journal: SqliteJournal) -> None:
    def tries(refusals: Refusals) -> None:
        for number in range(10 * NAMES_MAX):
            refusals.note("login.failed", f"name{number}", HOME)

    found = _after(journal, tries)
    assert len(found) == NAMES_MAX + 2
    assert sum(count for *_, count in found) == 10 * NAMES_MAX


@pytest.mark.parametrize("typed", ["correct horse battery", "hunter2!", "gap_" + "x" * 43, "a\nb", "", "x" * 5_000])
def test_what_is_no_name_may_be_a_secret_and_is_not_kept(journal: SqliteJournal, typed: str) -> None:
    assert _after(journal, lambda refusals: refusals.note("login.failed", typed, HOME)) == [
        ("login.failed", "", HOME, 1)
    ]
