"""What the network process counts, for metrics: peers and streams by state, bytes, events and objects.

Never by peer or repository: their number is not bounded, and their names are nobody's business.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, final

from gitant.cells import Cells
from gitant.plan import metrics_dir
from replication.records import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from storage.datadir import DataDir
    from transport.carrier.seam import Wire

PEERS: Final = ("connected", "away", "paused", "blocked")
PHASES: Final = tuple(phase.value for phase in Phase)
EVENTS: Final = ("stored", "held", "failed")
OBJECTS: Final = ("fetched", "failed")
NAMES: Final = (
    *(f"peers_{state}" for state in PEERS),
    *(f"streams_{phase}" for phase in PHASES),
    *(f"events_{outcome}" for outcome in EVENTS),
    *(f"objects_{outcome}" for outcome in OBJECTS),
    *("sent_bytes", "received_bytes", "refusals", "lacking", "lacking_s"),
)


def network_counts(folder: DataDir) -> Path:
    """Where the network process shows its counts."""
    return metrics_dir(folder) / "network.cells"


@final
class NetworkTally:
    """Counts since this process started. `moved` has to be told of each wire once, after its end."""

    def __init__(self, path: Path | None = None) -> None:
        self._cells = Cells(NAMES, path)
        self._sent = self._received = 0

    def add(self, name: str, count: int = 1) -> None:
        """Count something of `NAMES`."""
        self._cells.add(name, count)

    def moved(self, wire: Wire) -> None:
        """A wire has ended: its bytes stay counted."""
        stats = wire.stats()
        self._sent += stats.sent_bytes
        self._received += stats.received_bytes

    def lacking(self, count: int, oldest_s: float) -> None:
        """How many objects are still to come, and for how long one of them has been awaited."""
        self._cells.put("lacking", count)
        self._cells.put("lacking_s", int(oldest_s))

    def now(self, peers: Counter[str], phases: Iterable[Phase], wires: Iterable[Wire]) -> None:
        """How it stands: peers by state, each shared stream's phase on each link, the wires."""
        for state in PEERS:
            self._cells.put(f"peers_{state}", peers[state])
        counts = Counter(phase.value for phase in phases)
        for phase in PHASES:
            self._cells.put(f"streams_{phase}", counts[phase])
        stats = [wire.stats() for wire in wires]
        self._cells.put("sent_bytes", self._sent + sum(each.sent_bytes for each in stats))
        self._cells.put("received_bytes", self._received + sum(each.received_bytes for each in stats))
