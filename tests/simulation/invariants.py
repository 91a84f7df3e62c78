"""What must hold, and when it is looked at. docs/simulation.md says it in words, by the names used here."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from domain.envelope import SIGNATURE_TAG, event_id
from domain.keys import verify
from replication.desk import REMOVALS
from replication.frames import FRAME_OVERHEAD_BYTES
from replication.messages import Events, decoded
from replication.records import Phase
from replication.score import FINAL
from tests.laws.laws import assert_model
from tests.simulation.errors import Broken
from tests.simulation.index import objects_of
from tests.simulation.liar import HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.envelope import Event
    from domain.ids import EventId, StreamId
    from replication.effects import Note, Send, Store
    from tests.simulation.network import Station
    from tests.simulation.node import SimulatedNode
    from tests.simulation.run import Simulation

MODEL_ONE_IN = 20
"""The second telling of the rules (`tests/laws/model.py`) is slow: it looks at one seed of so many."""

_SILENCE: Final = frozenset({"loss", "reorder", "partitions", "crashes", "restores"})
EXCUSES: Final[dict[str, frozenset[str]]] = {
    "frame-gap": frozenset({"loss", "reorder", "partitions", "duplicates"}),  # the copy may be faster
    "hello-late": _SILENCE,
    "answer-late": _SILENCE | {"disk-full", "moods"},
    "cannot-store": frozenset({"disk-full", "moods"}),  # what is held may have been forgotten
}
"""Refusals that faults can bring about between honest nodes, and which faults those are."""

EXCUSED_MS: Final = 90_000
"""So long after all has healed there is no excuse any more: a lost frame is noticed with the next, a minute later."""

NOBODYS_FAULT: Final = frozenset({"stream-unknown"})
"""Refusals of what a change of mind can bring about: a word about a stream crosses the one that withdraws it."""


class Watch:
    """Looks at the honest nodes of one run."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._shown: dict[int, tuple[str, bytes]] = {}
        """By the sum of ids, who showed what first."""
        self._looked: dict[str, tuple[int, int]] = {}
        """By node, in which life and with what it was last looked at."""
        self._digest = hashlib.sha256()

    @property
    def trace(self) -> str:
        """A digest of every frame and write so far: equal for equal seeds."""
        return self._digest.hexdigest()[:16]

    # --- as it happens ---------------------------------------------------------------------------

    def sent(self, node: SimulatedNode, send: Send) -> None:
        """An honest node is about to say something."""
        self._digest.update(node.name.encode() + send.data)
        peer = node.links.get(send.link)
        if peer is None:
            raise Broken("out-of-turn", f"{node.name} sends on link {send.link}, which is closed")
        for stream in self._simulation.ledger.private:
            here = stream in node.replica.of_stream  # who has nothing of it cannot know, and has nothing to give
            if here and send.data.find(stream) >= 0 and not node.index.is_reader(stream, peer.did):
                self._only_his_end(node, send.data, peer)

    def stores(self, node: SimulatedNode, store: Store) -> None:
        """A node's core took events for good ones."""
        if node.liar is not None:
            return
        for event in store.events:
            if event.stream != store.stream:
                raise Broken("log-sound", f"{node.name} stores an event of another stream")
            if event.id not in store.vouched:
                self._signed(node, event)

    def mends(self, node: SimulatedNode, event: Event) -> None:
        """A node's core took these bytes for better than those of its log."""
        if node.liar is None:
            self._signed(node, event)

    def noted(self, node: SimulatedNode, note: Note) -> None:
        """A core refuses something of a peer's. An honest peer does nothing that costs it anything."""
        if note.code != "refused" or node.liar is not None or note.values is None:
            return
        code = note.values["code"]
        peer = next((each for each in self._simulation.honest if each.did == note.peer), None)
        if peer is not None and not self._is_excused(code):
            raise Broken("honest-not-blamed", f"{node.name} refuses {peer.name}: {code}, {note.words}")
        if peer is not None and note.values["final"] and code not in FINAL:
            raise Broken("honest-not-blamed", f"{node.name} bans {peer.name}, at last for {code}")

    def closes(self, node: SimulatedNode, peer: Station, reason: str) -> None:
        """A core ends a link."""
        honest = node.liar is None and any(each is peer for each in self._simulation.honest)
        if honest and reason.startswith("banned"):
            raise Broken("honest-not-blamed", f"{node.name} will not talk to {peer.name}")

    def _is_excused(self, code: str) -> bool:
        """Whether nobody need have done anything wrong for an honest node to be refused like this."""
        simulation = self._simulation
        healed_ms = simulation.healing_since_ms
        late = healed_ms is not None and simulation.clock.now_ms > healed_ms + EXCUSED_MS
        asked = EXCUSES.get(code, frozenset()).intersection(simulation.options.faults)
        return code in NOBODYS_FAULT or (bool(asked) and not late)

    # --- now and then ----------------------------------------------------------------------------

    def look(self) -> None:
        """Whoever has the same events shows the same, and no queue is past its limit."""
        for node in self._simulation.honest:
            self._same_views(node)
            self._no_unauthorised_effect(node)
            if node.up:
                self._queues(node)

    def healed(self) -> bool:
        """Whether all who share a stream hold the same of it, objects too, and say so."""
        return not self.differences()

    def differences(self) -> str:
        """What is still not the same somewhere."""
        for wire in self._simulation.network.wires:
            one, other = (node for node in self._simulation.nodes if node in wire.ends)
            if one.liar is None and other.liar is None:
                for here, there in ((one, other), (other, one)):
                    if found := self._lacks(here, there):
                        return found
        return ""

    def at_the_end(self) -> None:
        """What takes long to look at."""
        for node in self._simulation.honest:
            if not node.disk.reads_back():
                raise Broken("log-sound", f"the log of {node.name} reads otherwise than it was written")
            for event in node.replica.arrived:
                if event.id not in node.vouched:
                    self._signed(node, event)
        if self._simulation.options.seed % MODEL_ONE_IN == 0:
            replica = self._simulation.honest[0].replica
            try:
                assert_model(replica, replica.arrived)
            except AssertionError as fault:
                raise Broken("rules-said-twice", f"the rules say otherwise: {fault}") from fault

    # --- one by one ------------------------------------------------------------------------------

    def _same_views(self, node: SimulatedNode) -> None:
        now = (node.lives, node.replica.print)
        if self._looked.get(node.name) == now or any(map(node.replica.uncovered, node.replica.holes)):
            return  # what lacks a payload knows that it may show less
        self._looked[node.name] = now
        shown = node.replica.shown()
        first, expected = self._shown.setdefault(node.replica.print, (node.name, shown))
        if shown != expected:
            raise Broken("same-views", f"{node.name} has the events that {first} had, and shows something else")

    def _no_unauthorised_effect(self, node: SimulatedNode) -> None:
        for name in self._simulation.ledger.by_strangers:
            verdict = node.replica.history.verdicts.get(name)
            if verdict is not None and verdict.accepted:
                raise Broken("no-unauthorised-effect", f"{node.name} accepts a stranger's {name.hex()[:8]}")

    def _queues(self, node: SimulatedNode) -> None:
        sizes, limits = node.core.sizes(), node.limits
        bounds = {
            "pending_events": limits.pending_events,
            "pending_bytes": limits.pending_bytes,
            "storing_bytes": limits.storing_bytes,
            "seen_ids": limits.seen_ids,
            "serving": limits.wants_served,
            "objects": limits.objects_waiting,
        }
        for name, size in asdict(sizes).items():
            if size > bounds[name]:
                raise Broken("queues-bounded", f"{node.name} has {name} {size}, more than {bounds[name]}")

    def _signed(self, node: SimulatedNode, event: Event) -> None:
        """It has the signature that its device made; the signer's own copy says what that is, mostly."""
        mine = self._simulation.ledger.events.get(event.id)
        if mine is not None and mine.signature == event.signature:
            return
        if not verify(event.device, event.signature, SIGNATURE_TAG + event.header):
            raise Broken("log-sound", f"{node.name} takes a wrong signature of {event.id.hex()[:8]} for checked")

    def _lacks(self, here: SimulatedNode, there: SimulatedNode) -> str:
        """What `there` has and `here` follows, may have and has not; or does not know that it has."""
        if not (here.up and there.up):
            return f"{here.name} or {there.name} is down"
        phases = {state.stream: state.phase for state in here.core.states() if state.peer == there.did}
        for stream in there.replica.of_stream:
            if not self._shared(here, there, stream):
                continue
            missing = there.replica.names(stream) - here.replica.names(stream)
            if here.holds_strangers:
                events = there.replica.history.events
                missing = frozenset(name for name in missing if not here.door.keeps_out(events[name]))
            if missing and self._too_forked(there, stream, missing):
                continue  # the two need not agree, and do not say that they do
            if missing:
                some = ", ".join(sorted(name.hex()[:8] for name in missing)[:4])
                return f"{here.name} lacks {len(missing)} events of {there.name}: {some}"
            if phases.get(stream) not in {Phase.EQUAL, Phase.PARTIAL}:
                return f"{here.name} has what {there.name} has of {stream.hex()[:8]}, and says: {phases.get(stream)}"
            if spoiled := self._not_whole(here, there, stream):
                return spoiled
            both = (event for event in here.replica.of_stream[stream] if event.id in there.replica.history.events)
            objects = {thing for event in both for thing in objects_of(event)}
            if lacking := (objects & there.present) - here.present:
                return f"{here.name} lacks {len(lacking)} objects of {there.name}"
        return ""

    def _not_whole(self, here: SimulatedNode, there: SimulatedNode, stream: StreamId) -> str:
        """What is not whole here, though there it is."""
        events = there.replica.history.events
        for name in here.replica.uncovered(stream):
            if name in events and events[name].payload is not None and not there.replica.history.redacted(name):
                return f"{here.name} lacks the payload of {name.hex()[:8]}, which {there.name} has"
        for name in here.vouched:
            signed, mine = self._simulation.ledger.events[name].signature, here.replica.history.events[name]
            if mine.stream != stream:
                continue
            if mine.signature == signed:
                return f"{here.name} has not checked the signature of {name.hex()[:8]}"
            if name in events and events[name].signature == signed and name not in there.vouched:
                return f"{here.name} has a spoiled signature of {name.hex()[:8]}, and {there.name} a good one"
        return ""

    def _too_forked(self, there: SimulatedNode, stream: StreamId, names: Iterable[EventId]) -> bool:
        """Whether all of these are of feeds with more branches than a node takes for their own sake."""
        branches = Counter(tip.device for tip in there.replica.tips[stream].values())
        events = there.replica.history.events
        return all(branches[events[name].device] > there.limits.feed_branches for name in names)

    def _shared(self, here: SimulatedNode, there: SimulatedNode, stream: StreamId) -> bool:
        """Whether `here` follows a stream that `there` has, and as far as both know may have it from there."""
        if not there.index.may_read(stream, here.did):
            return False
        if stream in here.replica.of_stream:
            return here.index.may_read(stream, there.did)
        return stream not in self._simulation.ledger.private or stream in here.follows.streams

    def _only_his_end(self, node: SimulatedNode, data: bytes, peer: Station) -> None:
        """Who may not have a stream any more is sent the acts of authority that say so, and nothing else of it."""
        message = decoded(data[HEAD_BYTES : HEAD_BYTES - FRAME_OVERHEAD_BYTES])
        rows = message.rows if isinstance(message, Events) else [(b"", b"", b"")]
        for header, _, _ in rows:
            event = self._simulation.ledger.events.get(event_id(header))
            if event is None or event.kind not in REMOVALS:
                kind = event.kind if event is not None else type(message).__name__
                raise Broken("nothing-private", f"{node.name} sends {peer.name} {kind} of a stream without him")
