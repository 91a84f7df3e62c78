"""One request as a thread works on it: opened, worked out and, if its answer is small, made whole in one go.

Each way to a thread and back takes its time, the more the busier the machine is; most answers need a single one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from transport.git.outflow import Outflow
from transport.git.pktline import FLUSH

if TYPE_CHECKING:
    from collections.abc import Callable

    from transport.git.answer import Answer


@final
class Job:
    """`begin` and `close` block, and belong into a thread; one of them at a time."""

    def __init__(self, opening: Callable[[], Answer], small_bytes_max: int) -> None:
        """Packs of up to `small_bytes_max` are made as soon as their objects are chosen."""
        self._opening = opening
        self._small_bytes_max = small_bytes_max
        self._answer: Answer | None = None
        self.opened = False
        """Whether the repository could be opened: what fails from then on is told in the words of the protocol."""
        self.closed = False
        """Whether nothing is left to let go of."""

    @property
    def banded(self) -> bool:
        """Whether what comes next goes through a band."""
        return self._answer is not None and self._answer.banded

    @property
    def end(self) -> bytes:
        """What comes behind a pack."""
        return FLUSH if self.banded else b""

    def begin(self, version: int, data: bytes) -> Outflow | bytes:
        """The pack on its way or, where that is already all of it, what is left to be sent."""
        answer = self._answer = self._opening()
        self.opened = True
        pack = answer.begin(version, data)
        rest = b""
        if pack is not None:
            flow = Outflow(pack, banded=answer.banded)
            if pack.size is None or pack.size > self._small_bytes_max:
                return flow
            rest = b"".join(flow.pull(pack.size + 1, pack.size + 1)) + self.end
        self.close()
        return rest

    def close(self) -> None:
        """Let go of the repository, unless that is done."""
        if self._answer is not None and not self.closed:
            self._answer.close()
        self.closed = True
