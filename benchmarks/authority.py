"""Authority: checks of the policy, a history with many restrictions against none, one revocation that comes late."""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from typing import TYPE_CHECKING, Any

from benchmarks._feeds import Feeds, person
from domain.authority.rights import Request, deny
from domain.replay.engine import Engine
from domain.replay.memory import MemoryHistory
from gitant.collector import without_collector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event

NAME = "authority"
GOAL = "≥ 200,000 checks/s · folding with 1,000 restrictions ≤ 1.5 of none · a late revocation costs what it voids"

CHECKS = 200_000
VOIDED = (1, 10, 100, 1_000, 10_000, 100_000)


def history(events: int, people: int, restrictions: int) -> Feeds:
    """Comments by `people` in turn, all of them developers; the restrictions (or as many plain events) lie among them.

    A restriction is about people who write little later, and about devices that never wrote: what is measured is what
    the acts cost the others.
    """
    feeds = Feeds()
    for number in range(people):
        feeds.write(feeds.root, "member.granted.v1", {"principal": person(number).did, "role": "developer"})
    issue = feeds.write(feeds.root, "issue.opened.v1", {"title": "One", "body": "", "number": 1})
    every = max(1, events // restrictions) if restrictions else 0
    made = 0
    while len(feeds.events) < events:
        number = len(feeds.events)
        if every and number % every == 0 and made < restrictions:
            feeds.write(feeds.root, *_restriction(made, people))
            made += 1
        elif number % 4:
            feeds.write(person(number % people), "issue.opened.v1", {"title": f"Title {number}", "number": 2})
        else:
            feeds.write(person(number % people), "comment.added.v1", {"body": "Yes."}, entity=issue.id)
    return feeds


def _restriction(number: int, people: int) -> tuple[str, dict[str, Any]]:
    principal = person(number % people).did
    match number % 3:
        case 0:
            return "member.demoted.v1", {"principal": principal, "role": "viewer"}
        case 1:
            return "device.revoked.v1", {"device": person(people + number).device}
        case _:
            return "member.blocked.v1", {"principal": person(people + number).did}


def folded(events: Sequence[Event]) -> tuple[float, Engine, MemoryHistory]:
    """Seconds of folding, and what came of it."""
    memory = MemoryHistory()
    engine = Engine(memory)
    gc.collect()
    with without_collector():  # as a node's writer folds
        start = time.process_time()
        for event in events:
            engine.apply(event)
        return time.process_time() - start, engine, memory


def checks(people: int) -> float:
    """Policy checks a second, by people under restrictions and others, at places all over a history."""
    feeds = history(5_000, people, people)
    _, engine, memory = folded(feeds.events)
    court = engine.court(feeds.genesis.stream)
    asked: list[tuple[Any, ...]] = []
    for event in feeds.events[people:]:
        place = memory.place(event.id)
        assert place is not None
        request = Request(("refs.move",), event.author)
        asked.append((court, request, memory.branch(place.branch), place, event.id))
    rounds = CHECKS // len(asked)
    start = time.process_time()
    for _ in range(rounds):
        for each in asked:
            deny(*each)
    return rounds * len(asked) / (time.process_time() - start)


def late(events: int, touched: Sequence[int]) -> list[tuple[int, float]]:
    """How long one revocation takes that comes after everything and voids k events, for every k."""
    feeds, victims = Feeds(), [person(number) for number in range(len(touched))]
    for victim in (*victims, person(99)):
        feeds.write(feeds.root, "member.granted.v1", {"principal": victim.did, "role": "developer"})
    cut = feeds.events[-1]
    ahead = sorted(number for number, count in enumerate(touched) for _ in range(count))
    each = max(1, (events - len(feeds.events)) // max(1, len(ahead)))
    while len(feeds.events) < events:
        number = len(feeds.events)
        writer = victims[ahead.pop()] if ahead and number % each == 0 else person(99)
        feeds.write(writer, "refs.moved.v1", {"moves": [_move(number)]})
    _, engine, _ = folded(feeds.events)
    times: list[tuple[int, float]] = []
    for victim, count in zip(victims, touched, strict=True):
        act = feeds.write(feeds.root, "member.revoked.v1", {"principal": victim.did}, after=cut)
        start = time.process_time()
        applied = engine.apply(act)
        times.append((count, time.process_time() - start))
        assert len(applied.overturned.get(act.id, ())) == count, (count, applied.overturned)
    return times


def _move(number: int) -> dict[str, Any]:
    ref = f"refs/heads/b{number}"
    return {"ref": ref, "old": None, "new": number.to_bytes(20, "big"), "replaces": []}


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog=f"benchmarks {NAME}", description=GOAL)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--events", type=int, default=100_000, help="events folded, with restrictions and without")
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--late", type=int, default=1_000_000, help="events that are there when the revocation comes")
    options = parser.parse_args(argv)
    rate = statistics.median(checks(options.people) for _ in range(options.runs))
    print(f"checks: {rate:,.0f} a second (goal ≥ 200,000)")
    with_acts = history(options.events, options.people, options.people).events
    without = history(options.events, options.people, 0).events
    ratios: list[float] = []
    for run in range(1, options.runs + 1):
        theirs, ours = folded(without)[0], folded(with_acts)[0]
        ratios.append(ours / theirs)
        print(
            f"run {run}: {ours:.2f} s with {options.people:,} restrictions · {theirs:.2f} s without · {ratios[-1]:.2f}"
        )
    print(f"median: ratio {statistics.median(ratios):.2f} (goal ≤ 1.5)")
    voided = [count for count in VOIDED if 3 * count <= options.late]
    times = late(options.late, voided)
    for count, seconds in times:
        print(f"late revocation among {options.late:,} events voids {count:7,}: {seconds * 1000:9,.2f} ms")
    (least, first), (most, last) = times[0], times[-1]
    print(f"slope: {(last - first) / (most - least) * 1e6:.1f} µs for each event more that is voided")
