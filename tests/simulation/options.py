"""Everything about a run, drawn from its seed: how large, of what shape, what goes wrong and who lies."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from replication.limits import Limits
from tests.simulation.faults import FAULTS
from tests.simulation.liars import LIARS

NODES: Final = (2, 3, 4, 5, 6, 7, 7, 7, 8, 8, 9, 10, 11, 12, 14, 18, 25)
SHAPES: Final = ("line", "ring", "star", "tree", "mesh", "mesh")
EVENTS: Final = (100, 140)
SAFETY_MS: Final = 60_000
PATIENCE_MS: Final = 5 * SAFETY_MS
SMALL: Final = 30
"""So little may wait in nodes that have no room for anything."""
HEALING_MS: Final = 300_000
"""By then all honest nodes hold the same, or the run fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run. `memoised` says whether a signature is verified once for all nodes, or by each."""

    seed: int
    nodes: int
    shape: str
    events: int
    streams: int
    private: bool
    flush_ms: int
    faults: tuple[str, ...]
    liars: tuple[str, ...]
    memoised: bool
    loss_percent: int
    limits: Limits
    holding: frozenset[int] = frozenset()
    """The nodes that take in no strangers' events but those that others answered."""
    on_disk: bool = False
    """Whether each log is a real file."""

    @property
    def banner(self) -> str:
        """One line that says it all."""
        return (
            f"seed {self.seed}: {self.nodes} nodes in a {self.shape}, {self.events} events in {self.streams} streams"
            f"{' (one private)' if self.private else ''}, faults: {', '.join(self.faults) or 'none'}"
            f"{f' ({self.loss_percent} % loss)' if 'loss' in self.faults else ''}, "
            f"liars: {', '.join(self.liars) or 'none'}, "
            f"{len(self.holding)} hold strangers' events, {'logs on disk, ' if self.on_disk else ''}"
            f"verification {'memoised' if self.memoised else 'by every node'}, "
            f"batches of {self.limits.batch_events}, {self.limits.pending_events} may wait"
        )


def draw(seed: int, *, nodes: int = 0, loss_percent: int = 0, liars: tuple[str, ...] | None = None) -> Options:
    """The options of a seed; what is given replaces what would have been drawn, and changes nothing else."""
    chance = random.Random(f"options/{seed}")
    drawn_nodes = chance.choice(NODES)
    shape = chance.choice(SHAPES)
    events = chance.randint(*EVENTS)
    streams = chance.choice((1, 2, 2, 3))
    private = chance.random() < 0.5
    flush_ms = chance.choice((1, 5, 20, 100))
    # Faults all on at once hide what only few of them bring about, so each run has some.
    many = chance.choice((0, 1, 2, 3, 4, len(FAULTS)))
    faults = sorted(chance.sample(sorted(FAULTS), min(many, len(FAULTS))))
    count = nodes or drawn_nodes
    lying = sorted(chance.sample(sorted(LIARS), min(chance.choice((0, 0, 1, 1, 2, 3)), len(LIARS), count // 3)))
    loss = chance.choice((1, 3, 5, 10))
    memoised = chance.random() < 0.9
    if loss_percent:
        faults, loss = sorted({*faults, "loss"}), loss_percent
    return Options(
        seed=seed,
        nodes=count,
        shape=shape,
        events=events,
        streams=streams,
        private=private and streams > 1,
        flush_ms=flush_ms,
        faults=tuple(faults),
        liars=tuple(lying) if liars is None else liars,
        memoised=memoised,
        loss_percent=loss,
        limits=_limits(chance),
        holding=frozenset(range(0, count, chance.choice((1, 2, 3)))) if chance.random() < 0.5 else frozenset(),
        on_disk=chance.random() < 0.03,
    )


def _limits(chance: random.Random) -> Limits:
    """Small bounds are reached in small networks, so most runs have some; times are as they are in real nodes."""
    pending = chance.choice((SMALL, 100, 10_000))
    return Limits(
        batch_events=chance.choice((3, 10, 50, 2_048)),
        streams_syncing=chance.choice((1, 16)),
        pending_events=pending,
        pending_per_peer=max(20, pending // 2),
        pending_per_device=max(10, pending // 4),
        seen_ids=chance.choice((20, 16_384)),
        links_recent=chance.choice((20, 65_536)),
        compare_ms=chance.choice((5_000, 20_000, 60_000)),
        objects_fetching=chance.choice((1, 4)),
        objects_waiting=2 if pending == SMALL else 4_096,
        streams_sought=1 if pending == SMALL else 16_384,
    )
