"""Events for every verdict there is: what the tests of the fold, the published vectors and the laws have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.making import Node

if TYPE_CHECKING:
    from domain.envelope import Event, RawEvent


@dataclass(frozen=True, slots=True)
class Case:
    """An event as it came, what is in the log before it, and the code it must get (none: accepted)."""

    code: str
    name: str
    raw: RawEvent
    log: tuple[Event, ...] = ()

    def node(self) -> Node:
        """A node that holds the log."""
        node = Node()
        for event in self.log:
            node.receive(event.raw)
        return node
