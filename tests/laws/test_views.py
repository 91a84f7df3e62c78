"""The views hold to the laws too: generated histories in other orders and batches show the same digests."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from domain.ports_log import new_row
from gitant.digests import stream_digests
from gitant.writer.catchup import catch_up
from projections.database import open_writable
from projections.projector import Projector
from projections.source import LogSource
from storage.log.memory import MemoryEventLog
from tests.laws.examples import run
from tests.laws.generators import history
from tests.laws.laws import HISTORIES, fold, shuffled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.envelope import Event

EXAMPLES = 40


def shown(events: Sequence[Event], path: Path, batch: int) -> tuple[Any, dict[bytes, tuple[str, str]]]:
    """The digests and verdicts of views made from events in this order."""
    log = MemoryEventLog()
    connection = open_writable(path)
    projector = Projector(connection, LogSource(log))
    for start in range(0, len(events), batch):
        log.append([new_row(event) for event in events[start : start + batch]])
        catch_up(projector, log)
    digests = stream_digests(connection)
    verdicts = {
        name: (standing, reason)
        for name, standing, reason in connection.execute("SELECT id, standing, reason FROM events")
    }
    connection.close()
    path.unlink()
    return digests, verdicts


@pytest.mark.slow
def test_any_order_and_batch_shows_the_same(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    def law(data: bytes, chance: int) -> None:
        events = history(data).events
        dice = random.Random(chance)
        expected = shown(sorted(events, key=lambda event: event.order), tmp_path / "one.sqlite", 1_000)
        verdicts = fold(events).history.verdicts
        assert expected[1] == {name: tuple(verdict) for name, verdict in verdicts.items()}
        batch = 1 + chance % 20
        for order in (shuffled(events, dice), shuffled(events, dice, last={event.entity for event in events})):
            assert shown(order, tmp_path / "other.sqlite", batch) == expected

    run(law, HISTORIES, EXAMPLES, int(request.config.getoption("--hypothesis-seed") or 0), shrink=False)
