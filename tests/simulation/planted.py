"""Bugs planted into the core, the fold and the node around them: what a simulator does not find is not tested."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unittest.mock import patch

from domain.authority import rights
from domain.authority.needs import need
from domain.authority.roles import Role
from domain.fold.register import Register
from replication import opening
from replication.pending import Pending
from replication.score import COSTS
from tests.simulation.faults.loss import Loss
from tests.simulation.index import ReplicaIndex
from tests.simulation.node import SimulatedNode

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from domain.envelope import Event
    from replication.limits import Limits

    Plant = Callable[[], AbstractContextManager[object]]


class Bug(NamedTuple):
    """Something to break, and the invariants one of which must notice."""

    plant: Plant
    breaks: frozenset[str]


PLANTED: Final[dict[str, Bug]] = {}


@contextmanager
def planted(name: str) -> Generator[None, None, None]:
    """Within this, the core has the bug; with no name it is as it is."""
    with PLANTED[name].plant() if name else nullcontext():
        yield


def _breaks(*names: str) -> Callable[[Plant], Plant]:
    def put(plant: Plant) -> Plant:
        PLANTED[plant.__name__] = Bug(plant, frozenset(names))
        return plant

    return put


@_breaks("same-views", "rules-said-twice")
def the_last_to_arrive_wins() -> AbstractContextManager[object]:
    """A register that shows what came last, not what sorts last."""

    def write(self: Register[Any], event: Event, value: Any, replaces: Any = ()) -> None:
        _write(self, event, value)

    return patch.object(Register, "write", write)


_write = Register.write


@_breaks("no-unauthorised-effect")
def anybody_may() -> AbstractContextManager[object]:
    """Roles are not looked at."""
    return patch.object(rights, "need", lambda action: need(action)._replace(role=Role.GUEST))


@_breaks("no-fork-of-its-own", "log-sound")
def told_before_it_is_durable() -> AbstractContextManager[object]:
    """A local event is flooded while it is being written; a crash takes it back, and its seq is used again."""

    def write(self: SimulatedNode, event: Event) -> None:
        _node_write(self, event)
        self._do(self.core.appended([event], self.now))

    return patch.object(SimulatedNode, "write", write)


_node_write = SimulatedNode.write


@_breaks("nothing-private")
def everybody_may_read() -> AbstractContextManager[object]:
    """The core does not hear who may have a private stream."""
    return patch.object(ReplicaIndex, "may_read", lambda *_: True)


@_breaks("queues-bounded")
def anything_may_wait() -> AbstractContextManager[object]:
    """The table of events whose past is missing has no bounds."""

    def begin(self: Pending, limits: Limits) -> None:
        most = 10**9
        lax = replace(limits, pending_events=most, pending_per_peer=most, pending_per_device=most, pending_bytes=most)
        _pending_init(self, lax)

    return patch.object(Pending, "__init__", begin)


_pending_init = Pending.__init__


@_breaks("log-sound")
def signatures_are_taken_as_they_come() -> AbstractContextManager[object]:
    """No signature of what arrives is looked at."""
    return patch.object(opening, "_check_signatures", lambda *_, **__: None)


@_breaks("honest-not-blamed", "convergence")
def a_lost_frame_is_a_crime() -> AbstractContextManager[object]:
    """A gap in the frames is charged to the peer."""
    return patch.dict(COSTS, {"frame-gap": 100})


@_breaks("asked-for")
def nothing_is_lost() -> AbstractContextManager[object]:
    """A fault that does nothing."""
    return patch.object(Loss, "bend", lambda _, packet: (packet,))
