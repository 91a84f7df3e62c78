"""Hostile histories on disk: what a node let into its log, the views follow, a rebuild agrees with, and verify passes.

The histories are those of the laws (forks, late things, cuts, wrong certificates, damaged payloads), with real
signatures, and others whose payloads go to their limits. They arrive in any order, in batches, with restarts between.
"""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from itertools import groupby
from typing import TYPE_CHECKING, Final

from structlog.testing import capture_logs

from domain.actor import Actor
from domain.errors import Rejected
from gitant import rebuild
from gitant.verify import verify
from storage.datadir import DataDir
from storage.log.eventlog import SQLiteEventLog
from tests.gitant.writer.world import World
from tests.laws.contest import ban, contest
from tests.laws.examples import Sort, example
from tests.laws.extremes import extremes
from tests.laws.generators import history
from tests.laws.laws import shuffled
from tests.making import Node, key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from domain.envelope import Event

SORTS: Final[tuple[Callable[[bytes], Sequence[Event]], ...]] = (
    lambda data: extremes(data, key).events,
    lambda data: history(data, key).events,
    lambda data: contest(data, key).events,
    lambda data: extremes(data, key).events,
    lambda data: ban(data, key).events,
)
PEERS: Final = Actor(None, operator=True, door="replication")
_DATA: Final = Sort("hostile", 100, 360)


def run_hostile(count: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    """Raises `AssertionError` for the first history that a node does not come through."""
    for number in range(count):
        data, chance = example(_DATA, seed, number)
        events = SORTS[number % len(SORTS)](data)
        try:
            taken = _survive(events, random.Random(chance), DataDir(scratch / str(number)))
        except Exception as fault:
            fault.add_note(f"history {number} of seed {seed}")
            raise
        shutil.rmtree(scratch / str(number))
        if number % 100 == 99:
            say(f"{number + 1} histories; the last had {taken} events of {len(events)} that a log takes")


def _survive(events: Sequence[Event], chance: random.Random, folder: DataDir) -> int:
    """Take a history in as from peers; how many of its events pass the checks in front of the log."""
    folder.create()
    door = Node()
    let_in: list[Event] = []
    for event in shuffled(events, chance, newest=chance.randrange(2) == 0):
        try:
            if all(name in door.history.events for name in _past(event)) and door.receive(event.raw) is not None:
                let_in.append(event)
        except Rejected:
            continue
    at = 0
    while at < len(let_in):
        with capture_logs(), closing(World(folder)) as node:  # every cut that voids something would be told
            for _ in range(chance.randint(1, 3)):  # and then it starts again
                step = chance.choice((1, 5, 40))
                for _, part in groupby(let_in[at : at + step], key=lambda event: event.stream):
                    rows = [(event.header, event.signature, event.payload) for event in part]
                    node.run("replica.store", PEERS, events=rows)
                at += step
    assert rebuild.check(folder) == []
    faults: list[str] = []
    with closing(SQLiteEventLog(folder.log, create=False)) as log:
        assert verify(log, faults.append).events == len(let_in)
    assert faults == []
    return len(let_in)


def _past(event: Event) -> list[bytes]:
    return [*event.parents, *([event.prev] if event.prev else [])]
