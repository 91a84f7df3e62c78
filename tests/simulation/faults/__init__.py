"""What goes wrong by itself: one file for each, and its line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.simulation.faults.clock_skew import ClockSkew
from tests.simulation.faults.crashes import Crashes
from tests.simulation.faults.delay import Delay
from tests.simulation.faults.disk_full import DiskFull
from tests.simulation.faults.duplicates import Duplicates
from tests.simulation.faults.loss import Loss
from tests.simulation.faults.moods import Moods
from tests.simulation.faults.partitions import Partitions
from tests.simulation.faults.reorder import Reorder
from tests.simulation.faults.restores import Restores

if TYPE_CHECKING:
    from tests.simulation.fault import Fault

FAULTS: Final[dict[str, type[Fault]]] = {
    fault.name: fault
    for fault in (Loss, Duplicates, Reorder, Delay, Partitions, Crashes, DiskFull, Restores, ClockSkew, Moods)
}
