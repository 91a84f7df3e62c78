"""What the network process tells this node's other processes, over a socket in the data folder: JSON, a line each way.

Only whoever may use the folder can connect, and that is whoever owns the node. What is asked changes nothing for long:
peers and follows are in the book (`storage/peers.py`), and `nudge` has this process look there.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, final

import trio

from domain.ids import StreamId
from replication.records import ObjectState, Phase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitant.network.dialler import Dialler
    from gitant.network.runner import Runner
    from replication.records import SyncState
    from transport.carrier.carrier import NodeCarrier
    from transport.carrier.seam import Wire

LINE_BYTES_MAX: Final = 64 << 10
COMING_MAX: Final = 50
_ANSWER_S: Final = 30.0
_PHASES: Final = {
    Phase.KNOWN: "known",
    Phase.COMPARING: "comparing",
    Phase.CATCHING_UP: "catching-up",
    Phase.EQUAL: "equal",
    Phase.PARTIAL: "partial",
}
_MOVING: Final = frozenset({Phase.COMPARING, Phase.CATCHING_UP})


@final
class Teller:
    """Answers what is asked of the network."""

    def __init__(
        self,
        carrier: NodeCarrier,
        dialler: Dialler,
        runner: Runner,
        listening: Callable[[], str],
        look: Callable[[], None],
    ) -> None:
        self._carrier = carrier
        self._dialler = dialler
        self._runner = runner
        self._listening = listening
        self._look = look
        self._asks: dict[str, Callable[[dict[str, Any]], Any]] = {
            "nudge": self._nudge,
            "status": self._status,
            "sync": self._sync,
            "streams": self._streams,
            "coming": self._coming,
            "compare": self._compare,
            "gained": self._gained,
        }

    async def serve(self, path: Path, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Answer at a socket, until cancelled."""
        path.unlink(missing_ok=True)  # noqa: ASYNC240  # once, before anybody waits
        listener = trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM)
        await listener.bind(str(path))
        path.chmod(0o600)  # noqa: ASYNC240
        listener.listen(64)
        task_status.started()
        await trio.serve_listeners(self._one, [trio.SocketListener(listener)])

    async def _one(self, stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError), trio.move_on_after(_ANSWER_S):
            async with stream:
                line = b""
                while not line.endswith(b"\n") and len(line) < LINE_BYTES_MAX:
                    data = await stream.receive_some(LINE_BYTES_MAX)
                    if not data:
                        return
                    line += data
                await stream.send_all(self._answer(line))

    def _answer(self, line: bytes) -> bytes:
        try:
            asked: dict[str, Any] = json.loads(line)
            found = self._asks[asked["ask"]](asked)
        except (ValueError, KeyError, TypeError) as fault:
            return json.dumps({"fault": f"not understood: {fault}"}).encode() + b"\n"
        return json.dumps(found).encode() + b"\n"

    # --- asks -----------------------------------------------------------------------------------

    def _nudge(self, _: dict[str, Any]) -> dict[str, Any]:
        self._look()
        return {}

    def _compare(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._runner.compare(thorough=bool(asked.get("thorough")))
        return {}

    def _gained(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._runner.gained(StreamId(bytes.fromhex(asked["stream"])))
        return {}

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        sizes = self._runner.core.sizes()
        return {
            "listening": self._listening(),
            "wires": [self._wire(wire) for wire in self._carrier.wires()],
            "attempts": {
                address: {"fault": state.fault, "why": state.why.value if state.why else "", "failures": state.failures}
                for address, state in self._dialler.attempts.items()
            },
            "queues": {name: getattr(sizes, name) for name in sizes.__slots__},
            "half_open": self._carrier.half_open,
            "complaints": self._runner.complaints.current(trio.current_time()),
        }

    def _wire(self, wire: Wire) -> dict[str, Any]:
        stats = wire.stats()
        states = [state for state in self._runner.core.states() if state.peer == wire.peer]
        return {
            "did": wire.peer,
            "address": wire.address,
            "dialled": wire.dialled,
            "sent_bytes": stats.sent_bytes,
            "received_bytes": stats.received_bytes,
            "round_trip_ms": None if stats.round_trip_s is None else round(stats.round_trip_s * 1_000, 1),
            "age_s": round(stats.age_s, 1),
            "streams": len(states),
            "behind": sum(state.missing_feeds for state in states),
        }

    def _sync(self, asked: dict[str, Any]) -> dict[str, Any]:
        stream = StreamId(bytes.fromhex(asked["stream"]))
        peers = [self._state(state) for state in self._runner.core.states() if state.stream == stream]
        return {"objects": self._objects(stream), "peers": sorted(peers, key=lambda peer: peer["did"])}

    def _state(self, state: SyncState) -> dict[str, Any]:
        return {
            "did": state.peer,
            "state": _PHASES[state.phase],
            "behind": state.missing_feeds,
            "received": state.received,
            "declined": state.declined_here,
        }

    def _objects(self, stream: StreamId) -> str:
        if not self._runner.index.lacking(stream, 1):
            return "present"
        fetching = any(
            record.stream == stream and record.state is ObjectState.FETCHING for record in self._runner.core.objects()
        )
        return "fetching" if fetching else "missing"

    def _streams(self, _: dict[str, Any]) -> dict[str, Any]:
        """All shared streams: with how many peers in which state."""
        found: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        for state in self._runner.core.states():
            found[state.stream.hex()][_PHASES[state.phase]] += 1
        return {"streams": found}

    def _coming(self, _: dict[str, Any]) -> dict[str, Any]:
        """What is not alike here and at a peer, that which moves first, and how many objects each stream waits for."""
        apart = [state for state in self._runner.core.states() if state.phase is not Phase.EQUAL]
        apart.sort(key=lambda state: (state.phase not in _MOVING, state.stream, state.peer))
        records = self._runner.core.objects()
        objects = Counter(record.stream.hex() for record in records)
        return {
            "streams": [{"stream": state.stream.hex(), **self._state(state)} for state in apart[:COMING_MAX]],
            "total": len(apart),
            "objects": dict(objects.most_common(COMING_MAX)),
            "moving": any(state.phase in _MOVING for state in apart)
            or any(record.state is ObjectState.FETCHING for record in records),
        }
