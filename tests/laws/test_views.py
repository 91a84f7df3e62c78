"""The views hold to the laws too: generated histories in other orders and batches show the same digests."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ports_log import new_row
from gitant.digests import stream_digests
from gitant.writer.catchup import catch_up
from projections.database import open_writable
from projections.projector import Projector
from projections.source import LogSource
from storage.log.memory import MemoryEventLog
from tests.laws.generators import history
from tests.laws.laws import HISTORIES, fold, shuffled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.envelope import Event


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
@settings(max_examples=40)
@given(HISTORIES, st.integers(0, 2**32), st.integers(1, 20))
def test_any_order_and_batch_shows_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, chance: int, batch: int
) -> None:
    events = history(data).events
    dice = random.Random(chance)
    folder = tmp_path_factory.mktemp("views")
    node = fold(events)
    expected = shown(sorted(events, key=lambda event: event.order), folder / "one.sqlite", 1_000)
    assert expected[1] == {name: tuple(verdict) for name, verdict in node.history.verdicts.items()}
    for order in (shuffled(events, dice), shuffled(events, dice, last={event.entity for event in events})):
        assert shown(order, folder / "other.sqlite", batch) == expected
