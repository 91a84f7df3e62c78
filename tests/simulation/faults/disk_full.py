"""Disks fill up: nothing more is stored, until somebody makes room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.fault import Fault

if TYPE_CHECKING:
    from tests.simulation.disk import Disk


class DiskFull(Fault):
    """One disk at a time; what counts is what it refused."""

    name = "disk-full"

    def begin(self) -> None:
        self.sometimes((500, 4_000), self._fill)

    def _fill(self) -> None:
        disk = self.chance.choice(self.simulation.nodes).disk
        if disk.full is None:
            disk.full = self._refused
            self.simulation.clock.after(self.chance.randint(500, 8_000), lambda: _room(disk))

    def _refused(self) -> None:
        self.fired += 1


def _room(disk: Disk) -> None:
    disk.full = None
