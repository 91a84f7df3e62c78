"""Bugs planted into the core, the fold and the node around them: what a simulator does not find is not tested."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unittest.mock import patch

from domain.authority import rights
from domain.authority.needs import Need, need
from domain.authority.roles import Role
from domain.fold.register import Register
from domain.replay.engine import Engine
from replication import opening
from replication.effects import Send
from replication.frames import frame
from replication.link import Link
from replication.mends import Mends
from replication.messages import Goodbye, encoded
from replication.pending import Pending
from replication.score import COSTS
from replication.talk import Talk
from tests.simulation.faults.loss import Loss
from tests.simulation.index import ReplicaIndex
from tests.simulation.ledger import Ledger
from tests.simulation.node import SimulatedNode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator
    from contextlib import AbstractContextManager

    from domain.envelope import Event
    from domain.fold.kind import State, Touch
    from replication.limits import Limits
    from tests.simulation.people import Writer

    Plant = Callable[[], AbstractContextManager[object]]


class Bug(NamedTuple):
    """Something to break, and the invariants one of which must notice."""

    plant: Plant
    breaks: frozenset[str]
    also: frozenset[str] = frozenset({"asked-for"})
    """Invariants that it may break, too, before one of those in a run."""


PLANTED: Final[dict[str, Bug]] = {}


@contextmanager
def planted(name: str) -> Generator[None, None, None]:
    """Within this, the core has the bug; with no name it is as it is."""
    with PLANTED[name].plant() if name else nullcontext():
        yield


def _breaks(*names: str, also: Collection[str] = ()) -> Callable[[Plant], Plant]:
    def put(plant: Plant) -> Plant:
        PLANTED[plant.__name__] = Bug(plant, frozenset(names), frozenset({"asked-for", *also}))
        return plant

    return put


@_breaks("same-views", "rules-said-twice")
def the_last_to_arrive_wins() -> AbstractContextManager[object]:
    """A register that shows what came last, not what sorts last."""

    def write(self: Register[Any], event: Event, value: Any, replaces: Any = ()) -> None:
        _write(self, event, value)

    return patch.object(Register, "write", write)


_write = Register.write


@_breaks("same-views")
def late_events_are_appended() -> AbstractContextManager[object]:
    """An event that sorts before what is folded is folded after it."""

    def fold_touch(self: Engine, event: Event, touch: Touch, payload: Any, share: int) -> State:
        state = self._states.find(touch.key)
        if state is None or touch.key == event.id:
            return _fold_touch(self, event, touch, payload, share)
        touch.apply(state, event, payload)
        return state

    return patch.object(Engine, "_fold_touch", fold_touch)


_fold_touch = Engine._fold_touch


@_breaks("rules-said-twice")
def viewers_may_write() -> AbstractContextManager[object]:
    """All nodes agree to let viewers do what takes a developer."""

    def lax(action: str) -> Need:
        found = need(action)
        return found._replace(role=Role.VIEWER) if found.role == Role.DEVELOPER else found

    return patch.object(rights, "need", lax)


@_breaks("no-unauthorised-effect", also=("rules-said-twice",))
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


@_breaks("no-fork-of-its-own")
def a_restored_node_writes_at_once() -> AbstractContextManager[object]:
    """It does not wait until it has its own feed back."""

    def write_at_once(self: SimulatedNode, genesis: Event, _: Writer) -> bool:
        return self.up and genesis.id in self.replica.history.events and not self.disk.writing

    stack = ExitStack()
    stack.enter_context(patch.object(SimulatedNode, "may_write", write_at_once))
    stack.enter_context(patch.object(Ledger, "share", lambda *_: None))
    return stack


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


@_breaks("honest-not-blamed")
def what_comes_late_was_never_asked() -> AbstractContextManager[object]:
    """The answer to a want that was given up is charged for."""
    return patch.object(Link, "gave_number", lambda *_: False)


@_breaks("out-of-turn")
def a_last_word_after_the_last() -> AbstractContextManager[object]:
    """Something is said on a link that was closed just before."""

    def close(self: Link, reason: str) -> None:
        _close(self, reason)
        self._room.emit(Send(self.id, frame(self._sent, encoded(Goodbye(words=reason[:100])))))

    return patch.object(Link, "_close", close)


_close = Link._close


@_breaks("convergence")
def nobody_compares() -> AbstractContextManager[object]:
    """Changes that were not flooded are neither hinted nor looked for."""
    stack = ExitStack()
    stack.enter_context(patch.object(Link, "_send_hints", lambda *_: None))
    stack.enter_context(patch.object(Link, "_compare", lambda *_: None))
    return stack


@_breaks("convergence")
def what_was_vouched_for_is_never_checked() -> AbstractContextManager[object]:
    """A spoiled signature stays."""
    return patch.object(Mends, "_check", lambda *_: None)


@_breaks("convergence")
def what_is_held_is_sent_for_again() -> AbstractContextManager[object]:
    """Feeds of strangers are not declined, so that the two never agree."""
    return patch.object(Talk, "decline", lambda *_: None)


@_breaks("asked-for")
def nothing_is_lost() -> AbstractContextManager[object]:
    """A fault that does nothing."""
    return patch.object(Loss, "bend", lambda _, packet: (packet,))
